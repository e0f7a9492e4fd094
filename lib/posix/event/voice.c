// SPDX-License-Identifier: MIT
// voice.c - see voice.h. Threads that ask at once each get one, of which only the last is known:
// the others find that out and renew.
#include "lib/posix/event/voice.h"

#include "lib/posix/core/posix.h"
#include "lib/posix/process/process.h"
#include "os/syscalls.h"

constexpr u32 TRIES = 4;

static u64 *kept(void)
{
	return &posix_self()->events.voice;
}

static u64 packed(u32 pid, handle_t handle)
{
	return (u64)pid << 32 | handle.raw;
}

static void replace(u64 by)
{
	handle_t former = { (u32)__atomic_exchange_n(kept(), by, __ATOMIC_RELAXED) };
	if (former.raw && former.raw != (u32)by)
		(void)handle_close(former);
}

static meet_t take(void)
{
	u32 pid = posix_self()->identity.pid;
	u64 now = __atomic_load_n(kept(), __ATOMIC_RELAXED);
	handle_t fresh;
	if (now >> 32 == pid && (u32)now)
		return (meet_t){ { (u32)now } };
	if (proc_voice((proc_t){ posix_self()->identity.connection }, &fresh) != OK)
		return (meet_t){ HANDLE_NONE };
	replace(packed(pid, fresh));
	return (meet_t){ fresh };
}

struct voice voice_begin(void)
{
	return (struct voice){ .meet = take() };
}

bool voice_renew(struct voice *voice, err_t err)
{
	if ((err != ERR_STATE && err != ERR_BAD_HANDLE) || ++voice->tries == TRIES)
		return false;
	u64 expected = packed(posix_self()->identity.pid, voice->meet.handle);
	if (__atomic_compare_exchange_n(
			kept(), &expected, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		(void)handle_close(voice->meet.handle);
	voice->meet = take();
	return voice->meet.handle.raw;
}

void voice_drop(void)
{
	replace(0);
}

// SPDX-License-Identifier: MIT
// speaker.c - see speaker.h. One a slot of proc's table: who comes there next takes the place of
// who was. Serials begin with the time, so that a badge from before a restart is nobody's.
#include "servers/meet/speaker.h"

#include "abi/info.h"
#include "lib/os/process.h"
#include "os/syscalls.h"
#include "servers/meet/fifo.h"

constexpr u32 SLOT_BITS = 13, SLOTS = 1u << SLOT_BITS; // PROC_SLOTS_MAX
constexpr u32 SERIAL_SHIFT = 10;                       // a new one each microsecond at most

static struct speaker speakers[SLOTS];
static u64 last_serial;

static struct speaker *_Nullable by_badge(u64 badge)
{
	struct speaker *speaker = &AT(speakers, badge % SLOTS);
	bool is_this =
		badge & SPEAKER_BADGE && (badge & ~SPEAKER_BADGE) >> SLOT_BITS == speaker->serial;
	return is_this && speaker->serial ? speaker : nullptr;
}

err_t speaker_of(struct caller caller, const struct speaker *_Nullable *_Nonnull out)
{
	*out = by_badge(caller.badge);
	return *out ? OK : ERR_STATE;
}

err_t speaker_named(handle_t connection, const struct speaker *_Nullable *_Nonnull out)
{
	struct object_info info = {};
	u64 size;
	if (!connection.raw || handle_info(connection, INFO_TOPIC_OBJECT, span_of(info), &size) != OK)
		return ERR_STATE;
	for (u32 i = 0; i < SLOTS; i++)
		if (AT(speakers, i).serial && AT(speakers, i).id == info.id) {
			*out = &AT(speakers, i);
			return OK;
		}
	return ERR_STATE;
}

struct tree_credentials speaker_credentials(const struct speaker *speaker)
{
	return (struct tree_credentials){ .user = speaker->who.file_user,
		.group = speaker->who.file_group,
		.capabilities = speaker->who.capabilities,
		.groups = speaker->who.groups,
		.group_count = speaker->who.group_count };
}

static void speaker_free(struct speaker *speaker)
{
	if (speaker->serial)
		(void)handle_close(speaker->process);
	*speaker = (struct speaker){};
}

void speaker_hangup(u64 badge)
{
	struct speaker *speaker = by_badge(badge);
	if (speaker)
		speaker_free(speaker);
}

static u64 next_serial(void)
{
	if (!last_serial)
		last_serial = clock_read() >> SERIAL_SHIFT;
	return ++last_serial;
}

static err_t connect(u64 badge, u64 *id, handle_t *out)
{
	struct object_info info = {};
	u64 size;
	TRY(connection_create(fifo_port, badge, out));
	err_t err = handle_info(*out, INFO_TOPIC_OBJECT, span_of(info), &size);
	if (err != OK)
		(void)handle_close(*out);
	*id = info.id;
	return err;
}

static err_t speak(const struct meet_speak_call *call, handle_t *out)
{
	struct speaker made = { .process = call->process };
	if (call->caller.badge != VOUCHER_BADGE)
		return ERR_NOT_OWNER;
	if (call->identity.size != sizeof made.who)
		return ERR_TOO_BIG;
	TRY(lease_get(call->identity, 0, span_of(made.who)));
	if (made.who.slot >= SLOTS || made.who.group_count > MEET_SPEAKER_GROUPS)
		return ERR_INVALID;
	made.serial = next_serial();
	TRY(connect(SPEAKER_BADGE | made.serial << SLOT_BITS | made.who.slot, &made.id, out));
	speaker_free(&AT(speakers, made.who.slot));
	AT(speakers, made.who.slot) = made;
	return OK;
}

void operation_speak(void *_Nullable self, struct meet_speak_call call)
{
	handle_t speaker = HANDLE_NONE;
	(void)self;
	err_t err = speak(&call, &speaker);
	if (err != OK)
		(void)handle_close(call.process);
	meet_speak_done(call, err, speaker);
	if (err == OK)
		(void)handle_close(speaker); // from here on only who it is for has it
}

// SPDX-License-Identifier: MIT
// poll.c - poll and ppoll; the masks and time limits that select shares.
#include "lib/posix/event/poll.h"

#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/poll_kept.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/time.h"
#include "lib/posix/signal/send.h"

constexpr u32 RLIMIT_NOFILE = 7;

i64 poll_deadline(struct posix_thread *self, u64 address, u64 *out)
{
	struct linux_timespec time;
	*out = DEADLINE_NEVER;
	if (!address)
		return 0;
	TRY_POSIX(user_get(time, address));
	if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= (i64)SECOND_NS)
		return -EINVAL;
	if (time.seconds >= INT32_MAX) // 68 years: the product below stays far from 2^64
		return 0;
	u64 relative = (u64)time.seconds * SECOND_NS + (u64)time.nanoseconds;
	*out = relative ? wait_deadline(self, relative) : 0;
	return 0;
}

i64 poll_mask_enter(struct posix_thread *self, u64 address, u64 size)
{
	u64 mask;
	if (!address)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	TRY_POSIX(user_get(mask, address));
	signal_mask_enter(self, mask);
	return 0;
}

i64 poll_mask_leave(struct posix_thread *self, i64 answer)
{
	if (answer != -ERESTARTNOHAND)
		signal_mask_leave(self);
	return answer;
}

static i64 fill(struct posix_thread *self, struct poll_list *list, u64 address)
{
	i64 invalid = 0;
	for (u32 i = 0; i < list->size; i++) {
		struct linux_pollfd fd;
		TRY_POSIX(user_get(fd, address + i * sizeof(fd)));
		bool is_known = poll_list_add(self, list, fd.number, fd.events) >= 0;
		if (is_known || fd.number < 0)
			continue;
		poll_list_mark(list, i, POLLNVAL);
		invalid++;
	}
	return invalid;
}

static i64 report(struct poll_list *list, u64 address)
{
	for (u32 i = 0; i < list->size; i++) {
		u16 found = (u16)poll_list_found(list, i);
		u64 place =
			address + i * sizeof(struct linux_pollfd) + offsetof(struct linux_pollfd, revents);
		TRY_POSIX(user_put(place, found));
	}
	return 0;
}

// Mask: in force already.
static i64 poll_all(struct posix_thread *self, u64 address, u64 count, u64 deadline)
{
	if (count > AT(posix_self()->identity.limits, RLIMIT_NOFILE).soft)
		return -EINVAL;
	struct poll_list list UNINITIALIZED;
	i64 answer;
	if (poll_kept(self, address, (u32)count, deadline, &answer))
		return answer;
	TRY_POSIX(poll_list_init(&list, (u32)count));
	answer = fill(self, &list, address);
	if (answer >= 0)
		answer = poll_wait(self, &list, answer ? 0 : deadline);
	if (answer >= 0) {
		i64 failed = report(&list, address);
		answer = failed < 0 ? failed : answer;
	}
	poll_list_fini(self, &list);
	return answer;
}

i64 call_poll(struct posix_thread *self, const struct arguments *arguments)
{
	i32 timeout_ms = ARG_INT(2);
	u64 deadline = timeout_ms < 0 ? DEADLINE_NEVER : 0;
	if (timeout_ms > 0)
		deadline = wait_deadline(self, (u64)timeout_ms * 1'000'000);
	return poll_all(self, ARG(0), ARG_U32(1), deadline);
}

// Linux tells what is left of the time, also after a signal.
static void put_left(u64 address, u64 deadline)
{
	if (!address || deadline == DEADLINE_NEVER)
		return;
	u64 now = posix_clock();
	u64 left = deadline > now ? deadline - now : 0;
	struct linux_timespec time = { (i64)(left / SECOND_NS), (i64)(left % SECOND_NS) };
	(void)!user_put(address, time);
}

i64 call_ppoll(struct posix_thread *self, const struct arguments *arguments)
{
	u64 deadline;
	TRY_POSIX(poll_deadline(self, ARG(2), &deadline));
	TRY_POSIX(poll_mask_enter(self, ARG(3), ARG(4)));
	i64 answer = poll_all(self, ARG(0), ARG_U32(1), deadline);
	put_left(ARG(2), deadline);
	return poll_mask_leave(self, answer);
}

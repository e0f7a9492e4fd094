// SPDX-License-Identifier: MIT
// select.c - select and pselect6: three sets of bits, as a list for poll_wait.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/poll.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/time.h"

enum set : u8 { SET_IN, SET_OUT, SET_EXCEPT, SETS };

// What makes a file a member of each set, as in Linux.
static const u32 set_events[SETS] = {
	[SET_IN] = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR,
	[SET_OUT] = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR,
	[SET_EXCEPT] = POLLPRI,
};

struct sets {
	u64 address[SETS];
	u32 bits;  // how many are looked at
	u32 words; // of each set
	u64 *word; // SETS * words: what was asked, then what was found
};

static u64 *word_at(const struct sets *sets, u32 set, u32 i)
{
	return view_element(sets->word, sizeof(u64), SETS * sets->words, set * sets->words + i);
}

static i64 sets_read(struct sets *sets)
{
	for (u32 set = 0; set < SETS && sets->words; set++)
		if (AT(sets->address, set))
			TRY_POSIX(user_copy_in(
				word_at(sets, set, 0), AT(sets->address, set), sets->words * sizeof(u64)));
	return 0;
}

static i64 sets_write(const struct sets *sets)
{
	for (u32 set = 0; set < SETS && sets->words; set++)
		if (AT(sets->address, set))
			TRY_POSIX(user_copy_out(
				AT(sets->address, set), word_at(sets, set, 0), sets->words * sizeof(u64)));
	return 0;
}

static u32 wanted_of(const struct sets *sets, u32 number)
{
	u32 wanted = 0;
	for (u32 set = 0; set < SETS; set++)
		if (number < sets->bits && *word_at(sets, set, number / 64) >> number % 64 & 1)
			wanted |= AT(set_events, set);
	return wanted;
}

static u32 count_wanted(const struct sets *sets)
{
	u32 count = 0;
	for (u32 number = 0; number < sets->bits; number++)
		count += wanted_of(sets, number) != 0;
	return count;
}

static i64 fill(struct posix_thread *self, const struct sets *sets, struct poll_list *list)
{
	for (u32 number = 0; number < sets->bits; number++) {
		u32 wanted = wanted_of(sets, number);
		if (wanted)
			TRY_POSIX(poll_list_add(self, list, (i32)number, wanted));
	}
	return 0;
}

// Sets hold what was found; answers how many bits that are.
static i64 report(const struct sets *sets, struct poll_list *list)
{
	i64 count = 0;
	u32 entry = 0;
	for (u32 number = 0; number < sets->bits; number++) {
		if (!wanted_of(sets, number))
			continue;
		u32 found = poll_list_found(list, entry++);
		for (u32 set = 0; set < SETS; set++) {
			u64 *word = word_at(sets, set, number / 64), bit = (u64)1 << number % 64;
			bool is_in = *word & bit && found & AT(set_events, set);
			*word = is_in ? *word : *word & ~bit;
			count += is_in;
		}
	}
	return count;
}

static i64 select_sets(struct posix_thread *self, struct sets *sets, u64 deadline)
{
	struct poll_list list;
	TRY_POSIX(sets_read(sets));
	TRY_POSIX(poll_list_init(&list, count_wanted(sets)));
	i64 answer = fill(self, sets, &list);
	if (answer >= 0)
		answer = poll_wait(self, &list, deadline);
	if (answer >= 0) {
		answer = report(sets, &list);
		i64 failed = sets_write(sets);
		answer = failed < 0 ? failed : answer;
	}
	poll_list_fini(self, &list);
	return answer;
}

static i64 select_wait(struct posix_thread *self, const struct arguments *arguments, u64 deadline)
{
	i32 count = ARG_INT(0);
	if (count < 0)
		return -EINVAL;
	struct sets sets = { .address = { ARG(1), ARG(2), ARG(3) } };
	sets.bits = (u32)count < FD_SETSIZE_MAX ? (u32)count : FD_SETSIZE_MAX;
	sets.words = (sets.bits + 63) / 64;
	u64 few[SETS * 16] = {};
	usize size = SETS * sets.words * sizeof(u64);
	void *memory = size <= sizeof(few) ? few : heap_take(size);
	if (!memory)
		return -ENOMEM;
	sets.word = memory;
	i64 answer = select_sets(self, &sets, deadline);
	if (memory != few)
		heap_give(memory, size);
	return answer;
}

static u64 left_of(u64 deadline)
{
	u64 now = posix_clock();
	return deadline > now ? deadline - now : 0;
}

i64 call_select(struct posix_thread *self, const struct arguments *arguments)
{
	u64 deadline = DEADLINE_NEVER, address = ARG(4);
	struct linux_timeval time;
	if (address) {
		TRY_POSIX(user_get(time, address));
		if (time.seconds < 0 || time.microseconds < 0)
			return -EINVAL;
		i64 seconds = time.seconds < INT32_MAX ? time.seconds : INT32_MAX;
		u64 relative =
			(u64)seconds * SECOND_NS + (u64)(time.microseconds % INT32_MAX) * MICROSECOND_NS;
		deadline = relative ? wait_deadline(self, relative) : 0;
	}
	i64 answer = select_wait(self, arguments, deadline);
	if (address) {
		u64 left = left_of(deadline);
		time = (struct linux_timeval){ (i64)(left / SECOND_NS), (i64)(left % SECOND_NS / 1000) };
		(void)!user_put(address, time);
	}
	return answer;
}

// The sixth argument: address and size of the mask.
struct mask_argument {
	u64 address, size;
};

i64 call_pselect6(struct posix_thread *self, const struct arguments *arguments)
{
	struct mask_argument mask = {};
	u64 deadline;
	if (ARG(5))
		TRY_POSIX(user_get(mask, ARG(5)));
	TRY_POSIX(poll_deadline(self, ARG(4), &deadline));
	TRY_POSIX(poll_mask_enter(self, mask.address, mask.size));
	i64 answer = select_wait(self, arguments, deadline);
	if (ARG(4) && deadline != DEADLINE_NEVER) {
		u64 left = left_of(deadline);
		struct linux_timespec time = { (i64)(left / SECOND_NS), (i64)(left % SECOND_NS) };
		(void)!user_put(ARG(4), time);
	}
	return poll_mask_leave(self, answer);
}

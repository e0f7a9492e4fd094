// SPDX-License-Identifier: MIT
// rings.c - see rings.h. Who waits says so, then looks once more; who puts looks for a waiter after
// it has put: one of them sees the other (all in sequentially consistent order).
#include "lib/driver/rings.h"

static u32 load(const u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void store(u32 *word, u32 value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

// True once for each time that the other side set it.
static bool take_flag(u32 *word)
{
	return load(word) && __atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST);
}

void rings_init(struct rings *rings)
{
	store(&rings->is_driver_asleep, 1);
	store(&rings->is_user_asleep, 1);
	store(&rings->magic, RINGS_MAGIC);
}

bool rings_up_put(struct rings *rings, u16 record)
{
	u32 put = load(&rings->up_put);
	if (put - load(&rings->up_taken) >= RINGS_UP)
		return false;
	AT(rings->up, put % RINGS_UP) = record;
	store(&rings->up_put, put + 1);
	return true;
}

bool rings_up_put_text(struct rings *rings, view_t bytes)
{
	u32 put = load(&rings->up_put);
	if (RINGS_UP - (put - load(&rings->up_taken)) < bytes.size)
		return false;
	for (u32 i = 0; i < bytes.size; i++)
		AT(rings->up, (put + i) % RINGS_UP) = view_at(bytes, i);
	store(&rings->up_put, put + (u32)bytes.size);
	return true;
}

bool rings_user_must_wake(struct rings *rings)
{
	return take_flag(&rings->is_user_asleep);
}

bool rings_up_wait(struct rings *rings)
{
	store(&rings->is_driver_full, 1);
	if (load(&rings->up_put) - load(&rings->up_taken) >= RINGS_UP)
		return true;
	store(&rings->is_driver_full, 0);
	return false;
}

// Where the driver goes on, behind what was dropped.
static u32 down_from(const struct rings *rings, u32 put)
{
	u32 taken = load(&rings->down_taken), dropped = load(&rings->dropped);
	return dropped - taken <= put - taken ? dropped : taken;
}

view_t rings_down(const struct rings *rings)
{
	u32 put = load(&rings->down_put), from = down_from(rings, put);
	if (load(&rings->is_stopped) || put - from > RINGS_DOWN)
		return (view_t){};
	return view_clamp(view_of(rings->down), from % RINGS_DOWN, put - from);
}

void rings_down_taken(struct rings *rings, u32 count)
{
	u32 put = load(&rings->down_put), from = down_from(rings, put);
	store(&rings->down_taken, count <= put - from ? from + count : put);
}

void rings_down_passed(struct rings *rings, u32 index)
{
	store(&rings->down_taken, index);
}

bool rings_driver_may_sleep(struct rings *rings)
{
	store(&rings->is_driver_asleep, 1);
	if (!rings_down(rings).size)
		return true;
	store(&rings->is_driver_asleep, 0);
	return false;
}

bool rings_wish_is_due(struct rings *rings)
{
	u32 wish = load(&rings->wish), waiting = rings_down_waiting(rings, load(&rings->down_put));
	if (wish == WISH_NOTHING || waiting > (wish == WISH_EMPTY ? 0 : RINGS_DOWN / 2))
		return false;
	return take_flag(&rings->wish);
}

bool rings_up_take(const struct rings *rings, u32 taken, u16 *out)
{
	u32 ready = load(&rings->up_put) - taken;
	if (!ready || ready > RINGS_UP)
		return false;
	*out = AT(rings->up, taken % RINGS_UP);
	return true;
}

bool rings_up_taken(struct rings *rings, u32 taken)
{
	store(&rings->up_taken, taken);
	return take_flag(&rings->is_driver_full);
}

bool rings_user_may_sleep(struct rings *rings, u32 taken)
{
	u16 record;
	store(&rings->is_user_asleep, 1);
	if (!rings_up_take(rings, taken, &record))
		return true;
	store(&rings->is_user_asleep, 0);
	return false;
}

u32 rings_down_waiting(const struct rings *rings, u32 put)
{
	u32 waiting = put - down_from(rings, put);
	return waiting <= RINGS_DOWN ? waiting : 0;
}

u32 rings_down_room(const struct rings *rings, u32 put)
{
	u32 waiting = put - load(&rings->down_taken); // what was dropped frees room when it is passed
	return waiting <= RINGS_DOWN ? RINGS_DOWN - waiting : 0;
}

void rings_down_write(struct rings *rings, u32 put, view_t bytes)
{
	for (usize done = 0; done < bytes.size;) {
		span_t to = span_clamp(span_of(rings->down), (put + done) % RINGS_DOWN, bytes.size - done);
		(void)!span_copy(to, view_clamp(bytes, done, to.size));
		done += to.size;
	}
}

bool rings_down_publish(struct rings *rings, u32 put)
{
	// An old mark must not come up again when the indices have gone round.
	if (put - load(&rings->dropped) > UINT32_MAX / 2)
		store(&rings->dropped, put - RINGS_DOWN);
	store(&rings->down_put, put);
	return !load(&rings->is_stopped) && take_flag(&rings->is_driver_asleep);
}

void rings_down_stop(struct rings *rings, bool is_stopped)
{
	store(&rings->is_stopped, is_stopped);
}

void rings_down_drop(struct rings *rings, u32 put)
{
	store(&rings->dropped, put);
}

void rings_wish(struct rings *rings, enum down_wish wish)
{
	store(&rings->wish, wish);
}

// SPDX-License-Identifier: MIT
// user.c - see user.h: addresses are checked here, bytes are moved in user_copy.S.
#include "lib/posix/core/user.h"

#include "lib/base/bits.h"
#include "lib/base/checked.h"
#include "lib/posix/core/thread.h"
#include "lib/posix/core/user_copy.h"
#include "lib/posix/linux/errno.h"

constexpr u64 LOWER_HALF_END = 0x0000'7fff'ffff'f000;

// A buffer that the library passes in the program's place.
static bool is_own_buffer(u64 address, u64 size)
{
	const struct posix_thread *self = thread_self();
	return size <= self->own_buffer_size &&
	       address - self->own_buffer <= self->own_buffer_size - size;
}

i64 user_check(u64 address, u64 size)
{
	if (size <= LOWER_HALF_END && address <= LOWER_HALF_END - size)
		return 0;
	return is_own_buffer(address, size) ? 0 : -EFAULT;
}

i64 user_copy_in(void *to, u64 from, usize size)
{
	return user_check(from, size) < 0 ? -EFAULT : user_bytes((u64)(uintptr_t)to, from, size);
}

i64 user_copy_out(u64 to, const void *from, usize size)
{
	return user_check(to, size) < 0 ? -EFAULT : user_bytes(to, (u64)(uintptr_t)from, size);
}

i64 user_clear(u64 to, usize size)
{
	return user_check(to, size) < 0 ? -EFAULT : user_zero(to, size);
}

i64 user_copy_string(span_t to, u64 from)
{
	if (from >= LOWER_HALF_END)
		return -EFAULT;
	usize room = min_u64(to.size, LOWER_HALF_END - from);
	i64 length = user_string((u64)(uintptr_t)to.data, from, room);
	if (length < 0)
		return length;
	if ((usize)length == room)
		return room < to.size ? -EFAULT : -ENAMETOOLONG;
	return length;
}

i64 user_view(u64 address, u64 size, view_t *out)
{
	if (user_check(address, size) < 0)
		return -EFAULT;
	UNSAFE_BEGIN("the program's memory: only the kernel reads it, and checks")
	*out = view_from((const u8 *)address, size);
	UNSAFE_END
	return 0;
}

i64 user_span(u64 address, u64 size, span_t *out)
{
	if (user_check(address, size) < 0)
		return -EFAULT;
	UNSAFE_BEGIN("the program's memory: only the kernel writes it, and checks")
	*out = span_from((u8 *)address, size);
	UNSAFE_END
	return 0;
}

static bool is_word(u64 address)
{
	return user_check(address, sizeof(u32)) == 0 && is_aligned(address, sizeof(u32));
}

i64 user_load_u32(u64 from, u32 *out)
{
	return is_word(from) ? user_load(from, out) : -EFAULT;
}

i64 user_store_u32(u64 to, u32 value)
{
	return is_word(to) ? user_store(to, value) : -EFAULT;
}

i64 user_swap_u32(u64 at, u32 *expected, u32 value)
{
	return is_word(at) ? user_swap(at, expected, value) : -EFAULT;
}

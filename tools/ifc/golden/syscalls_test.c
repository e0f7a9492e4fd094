// SPDX-License-Identifier: MIT
// syscalls_test.c - runs the dispatcher made from sample.ifc: what reaches the kernel's functions,
// and that each wrong argument is answered in the documented order before they run. check.sh builds
// it.
#include "kernel/syscall_table.h"

#include "fuzz/syscall_shapes.h"
#include "kernel/object/handle.h"
#include "kernel/syscall/support.h"

#include <stdio.h>
#include <string.h>

static struct thread caller;
static struct port port = { { OBJECT_PORT } };
static struct memory memory = { { OBJECT_MEMORY } };
static struct stream stream = { { OBJECT_STREAM } };
static unsigned failures, calls;

static void check(bool is_true, const char *what, int line)
{
	if (!is_true)
		printf("syscalls_test.c:%d: %s\n", line, what);
	failures += !is_true;
}
#define CHECK(condition) check((condition), #condition, __LINE__)

// Handles 1 port, 2 memory, 3 stream, 4 revoked.
err_t handle_lookup(struct thread *thread, handle_t handle, enum object_kind kind, u32 rights,
	struct object *_Nullable *_Nonnull out)
{
	struct object *objects[] = { &port.object, &memory.object, &stream.object };
	(void)thread;
	if (handle.raw == 4)
		return ERR_REVOKED;
	if (handle.raw == 0 || handle.raw > 4)
		return ERR_BAD_HANDLE;
	*out = objects[handle.raw - 1];
	if (kind != OBJECT_ANY && (*out)->kind != kind)
		return ERR_WRONG_TYPE;
	return rights & RIGHT_DEBUG ? ERR_RIGHTS : OK;
}

err_t user_span_check(u64 address, u64 size)
{
	u64 end = 0;
	return __builtin_add_overflow(address, size, &end) || end > 1ull << 47 ? ERR_FAULT : OK;
}

err_t user_copy_in(void *to, u64 from, usize size)
{
	if (from == 0)
		return ERR_FAULT;
	memcpy(to, (const void *)from, size);
	return OK;
}

err_t user_copy_out(u64 to, const void *from, usize size)
{
	memcpy((void *)to, from, size);
	return OK;
}

err_t sys_nothing(struct thread *thread)
{
	CHECK(thread == &caller);
	calls++;
	return ERR_BUSY;
}

err_t sys_values(struct thread *thread, u8 tiny, u16 small, u32 medium, u64 large, i32 number,
	u64 *out_sum, i32 *out_negative)
{
	CHECK(thread == &caller && tiny == 255);
	calls++;
	*out_sum = small + medium + large;
	*out_negative = number - 1;
	return medium == 9 ? (err_t)1 : OK;
}

err_t sys_choices(struct thread *thread, enum mode mode, enum sparse sparse, enum access access)
{
	CHECK(thread == &caller && mode <= MODE_ONCE && sparse != 0 && access <= ACCESS_ALL);
	calls++;
	return OK;
}

err_t sys_objects(struct thread *thread, struct port *a, struct object *_Nullable target,
	struct memory *_Nullable b, handle_t memory_handle)
{
	CHECK(thread == &caller && a == &port && (target == nullptr || target == &stream.object));
	CHECK((b == nullptr && memory_handle.raw == 0) || (b == &memory && memory_handle.raw == 2));
	calls++;
	return OK;
}

err_t sys_buffers(struct thread *thread, struct stream *a, struct user_span data,
	struct user_span text, u64 where, handle_t *out_made)
{
	CHECK(thread == &caller && a == &stream && data.address == 0x1000 && text.size == 7);
	CHECK(where == UINT64_MAX);
	calls++;
	*out_made = (handle_t){ 77 };
	return OK;
}

err_t sys_records(struct thread *thread, const struct record *wanted, struct record *found)
{
	CHECK(thread == &caller);
	calls++;
	*found = *wanted;
	found->time++;
	return OK;
}

err_t sys_by_hand(struct thread *thread, struct thread_registers *regs)
{
	CHECK(thread == &caller);
	calls++;
	regs->r15 = 5;
	return OK;
}

static struct thread_registers regs;

static err_t run(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e)
{
	regs = (struct thread_registers){
		.rdi = a, .rsi = b, .rdx = c, .r10 = d, .r8 = e, .r9 = UINT64_MAX
	};
	return syscall_dispatch(&caller, &regs, number);
}

static void test_values(void)
{
	CHECK(run(SYSCALL_VALUES, 255, 2, 3, 4, (u64)-5) == OK);
	CHECK(regs.rdx == 9 && regs.r8 == (u64)-6 && calls == 1);
	CHECK(run(SYSCALL_VALUES, 255, 2, 9, 4, 5) == (err_t)1);
	CHECK(regs.rdx == 9 && regs.r8 == 5 && calls == 2); // untouched
	CHECK(run(SYSCALL_VALUES, 256, 2, 3, 4, 5) == ERR_INVALID);
	CHECK(run(SYSCALL_VALUES, 255, 65536, 3, 4, 5) == ERR_INVALID);
	CHECK(run(SYSCALL_VALUES, 255, 2, 1ull << 32, 4, 5) == ERR_INVALID);
	CHECK(run(SYSCALL_VALUES, 255, 2, 3, 4, 0xfffffffb) == ERR_INVALID); // not sign-extended
	CHECK(run(SYSCALL_CHOICES, 2, 0x100, 7, 0, 0) == OK && calls == 3);
	CHECK(run(SYSCALL_CHOICES, 3, 1, 7, 0, 0) == ERR_INVALID);
	CHECK(run(SYSCALL_CHOICES, 1ull << 32, 1, 7, 0, 0) == ERR_INVALID);
	CHECK(run(SYSCALL_CHOICES, 2, 2, 7, 0, 0) == ERR_INVALID);
	CHECK(run(SYSCALL_CHOICES, 2, 1, 8, 0, 0) == ERR_INVALID && calls == 3);
}

static void test_objects(void)
{
	calls = 0;
	CHECK(run(SYSCALL_OBJECTS, 1, 3, 2, 0, 0) == OK);
	CHECK(run(SYSCALL_OBJECTS, 1, 0, 0, 0, 0) == OK && calls == 2);
	CHECK(run(SYSCALL_OBJECTS, 0, 0, 0, 0, 0) == ERR_BAD_HANDLE);
	CHECK(run(SYSCALL_OBJECTS, 1ull << 32 | 1, 0, 0, 0, 0) == ERR_BAD_HANDLE);
	CHECK(run(SYSCALL_OBJECTS, 1, 1ull << 32, 0, 0, 0) == ERR_BAD_HANDLE);
	CHECK(run(SYSCALL_OBJECTS, 2, 4, 9, 0, 0) == ERR_WRONG_TYPE); // left to right
	CHECK(run(SYSCALL_OBJECTS, 1, 4, 9, 0, 0) == ERR_REVOKED);
	CHECK(run(SYSCALL_OBJECTS, 1, 3, 1, 0, 0) == ERR_WRONG_TYPE && calls == 2);
}

static void test_memory(void)
{
	struct record in = { .time = 4, .mode = MODE_EDGE }, out = {};
	u64 from = (u64)(uintptr_t)&in, to = (u64)(uintptr_t)&out;
	calls = 0;
	CHECK(run(SYSCALL_BUFFERS, 3, 0x1000, 5, 0x2000, 7) == OK && regs.rdx == 77 && calls == 1);
	CHECK(run(SYSCALL_BUFFERS, 3, UINT64_MAX, 5, 0x2000, 7) == ERR_FAULT);
	CHECK(run(SYSCALL_BUFFERS, 3, 0x1000, 5, 0x2000, UINT64_MAX) == ERR_FAULT);
	CHECK(run(SYSCALL_BUFFERS, 1, UINT64_MAX, 5, 0x2000, 7) == ERR_WRONG_TYPE && calls == 1);
	CHECK(run(SYSCALL_RECORDS, from, to, 0, 0, 0) == OK && out.time == 5 && calls == 2);
	CHECK(run(SYSCALL_RECORDS, from + 1, to, 0, 0, 0) == ERR_ALIGNMENT);
	CHECK(run(SYSCALL_RECORDS, 0, to, 0, 0, 0) == ERR_FAULT);
	CHECK(run(SYSCALL_RECORDS, from, 1ull << 62, 0, 0, 0) == ERR_FAULT);
	in.mode = (enum mode)3;
	CHECK(run(SYSCALL_RECORDS, from, to, 0, 0, 0) == ERR_INVALID && calls == 2);
}

static void test_shapes(void)
{
	CHECK(SYSCALL_COUNT == 7 && syscall_shapes[SYSCALL_BUFFERS].count == 6);
	CHECK(syscall_shapes[SYSCALL_BUFFERS].parameter[2].kind == PARAMETER_SIZE);
	CHECK(syscall_shapes[SYSCALL_BUFFERS].result_handles == 1);
	CHECK(syscall_shapes[SYSCALL_OBJECTS].parameter[2].rights == RIGHT_MAP);
	CHECK(syscall_shapes[SYSCALL_CHOICES].errors ==
		  (1ull << -ERR_INVALID | 1ull << -ERR_EXISTS | 1ull << -ERR_QUOTA));
}

int main(void)
{
	test_values();
	test_objects();
	test_memory();
	test_shapes();
	calls = 0;
	CHECK(run(SYSCALL_NOTHING, 0, 0, 0, 0, 0) == ERR_BUSY && calls == 1);
	CHECK(run(SYSCALL_BY_HAND, 99, 0, 0, 0, 0) == OK && regs.r15 == 5 && calls == 2);
	CHECK(run(SYSCALL_COUNT, 0, 0, 0, 0, 0) == ERR_UNKNOWN_CALL);
	CHECK(run(UINT64_MAX, 0, 0, 0, 0, 0) == ERR_UNKNOWN_CALL && calls == 2);
	return failures != 0;
}

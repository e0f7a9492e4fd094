// SPDX-License-Identifier: MIT
// calls.c - one random call: number, then each argument by its kind, mostly plausible.
#include "fuzz/syscall_shapes.h"
#include "lib/base/atomic.h"
#include "test/guest/chaos_fuzz/fuzz.h"

static u64 below(struct fuzzer *fuzzer, u64 bound)
{
	return random_below(&fuzzer->random, bound);
}

static bool one_in(struct fuzzer *fuzzer, u64 chances)
{
	return below(fuzzer, chances) == 0;
}

void fuzz_pool_add(struct fuzzer *fuzzer, handle_t handle)
{
	AT(fuzzer->pool, below(fuzzer, FUZZ_POOL)) = handle.raw;
}

static u64 any_handle(struct fuzzer *fuzzer)
{
	if (one_in(fuzzer, 20))
		return one_in(fuzzer, 2) ? HANDLE_NONE.raw : random_u64(&fuzzer->random);
	return AT(fuzzer->pool, below(fuzzer, FUZZ_POOL));
}

// Some tries to find one of the wanted kind.
static u64 handle(struct fuzzer *fuzzer, const struct parameter_shape *shape)
{
	struct object_info info = {};
	u64 size, value = any_handle(fuzzer);
	if (shape->is_optional && one_in(fuzzer, 2))
		return HANDLE_NONE.raw;
	for (u32 i = 0; i < 6 && shape->handle != HANDLE_KIND_ANY; i++) {
		err_t err = handle_info((handle_t){ (u32)value }, INFO_TOPIC_OBJECT, span_of(info), &size);
		if (err == OK && info.kind == (u32)shape->handle)
			break;
		value = any_handle(fuzzer);
	}
	return value;
}

static u64 address(struct fuzzer *fuzzer)
{
	static const u64 odd[] = { 0, 1, PAGE_SIZE, 0x7fff'ffff'f000, 0x8000'0000'0000,
		0xffff'8000'0000'0000, 0xffff'ffff'8000'0000, ~0ull, ~0ull - PAGE_SIZE };
	u64 inside = fuzzer->arena + below(fuzzer, fuzzer->arena_size);
	switch (below(fuzzer, 16)) {
	case 0: return AT(odd, below(fuzzer, COUNT(odd)));
	case 1: return random_u64(&fuzzer->random) >> below(fuzzer, 64);
	case 2:
	case 3: return inside;
	default: return inside & ~PAGE_MASK;
	}
}

static u64 scalar(struct fuzzer *fuzzer, u64 limit)
{
	u64 value;
	switch (below(fuzzer, 8)) {
	case 0: value = random_u64(&fuzzer->random) >> below(fuzzer, 64); break;
	case 1: value = limit - below(fuzzer, 3); break;
	case 2:
	case 3: value = below(fuzzer, 40) * PAGE_SIZE; break;
	case 4: value = address(fuzzer); break;
	default: value = below(fuzzer, 20);
	}
	return one_in(fuzzer, 50) || limit == ~0ull ? value : value % (limit + 1);
}

static u64 deadline(struct fuzzer *fuzzer)
{
	switch (below(fuzzer, 8)) {
	case 0: return one_in(fuzzer, 40) ? DEADLINE_NEVER : 0;
	case 1:
	case 2: return clock_read() + below(fuzzer, 200) * NS_PER_US;
	default: return 0;
	}
}

static u64 argument(struct fuzzer *fuzzer, const struct parameter_shape *shape)
{
	switch (shape->kind) {
	case PARAMETER_HANDLE: return handle(fuzzer, shape);
	case PARAMETER_ENUM:
		return one_in(fuzzer, 30) ? scalar(fuzzer, UINT32_MAX) : below(fuzzer, shape->limit + 1);
	case PARAMETER_FLAGS:
		return one_in(fuzzer, 30) ? scalar(fuzzer, UINT32_MAX)
		                          : random_u64(&fuzzer->random) & shape->limit;
	case PARAMETER_ADDRESS:
	case PARAMETER_BUFFER_IN:
	case PARAMETER_BUFFER_OUT:
	case PARAMETER_STRUCT_IN:
	case PARAMETER_STRUCT_OUT: return address(fuzzer);
	case PARAMETER_SIZE:
		return one_in(fuzzer, 10) ? random_u64(&fuzzer->random) : below(fuzzer, 3 * PAGE_SIZE);
	case PARAMETER_SCALAR:
	case PARAMETER_SIGNED: break;
	}
	if (view_equal(view_cstring(shape->name), VIEW_TEXT("deadline")))
		return deadline(fuzzer);
	if (view_equal(view_cstring(shape->name), VIEW_TEXT("address")))
		return address(fuzzer);
	if (view_equal(view_cstring(shape->name), VIEW_TEXT("rights")))
		return RIGHTS_ALL;
	return scalar(fuzzer, shape->limit);
}

// A message's tag: small counts; the thread block behind it is as random as it gets.
static u64 message_tag(struct fuzzer *fuzzer)
{
	struct thread_block *block = block_self();
	u64 tag = random_u64(&fuzzer->random);
	if (!one_in(fuzzer, 10))
		tag &= ~(TAG_HANDLES_MASK | TAG_LENDS_MASK | 0xffull << TAG_WORDS_SHIFT);
	if (one_in(fuzzer, 2))
		tag |= below(fuzzer, 5) << TAG_HANDLES_SHIFT | below(fuzzer, 5) << TAG_LENDS_SHIFT;
	block->deadline = deadline(fuzzer);
	for (u32 i = 0; i < MESSAGE_HANDLES; i++) {
		AT(block->handle, i).raw = (u32)any_handle(fuzzer);
		AT(block->handle_rights, i) = (u32)random_u64(&fuzzer->random);
		AT(block->lend, i) = (struct lend){ address(fuzzer), below(fuzzer, 20000),
			(u32)below(fuzzer, 4), (u32)one_in(fuzzer, 50) };
	}
	return tag | (one_in(fuzzer, 30) ? 0 : TAG_DEADLINE);
}

struct arguments {
	u64 word[6];
};

// A range of our own space stays in the arena, mostly.
static void stay_inside(struct fuzzer *fuzzer, struct arguments *arguments, u32 at)
{
	u64 end = fuzzer->arena + fuzzer->arena_size, start = AT(arguments->word, at);
	if (AT(arguments->word, 0) || start < fuzzer->arena || start >= end || one_in(fuzzer, 500))
		return;
	if (AT(arguments->word, at + 1) > end - start)
		AT(arguments->word, at + 1) = end - start;
}

static bool is_suspension(u64 number, u64 operation)
{
	return number == SYSCALL_PROCESS_CONTROL
	           ? operation == PROCESS_OPERATION_SUSPEND
	           : operation == THREAD_OPERATION_SUSPEND || operation == THREAD_OPERATION_STEP;
}

static bool is_own_process(u64 value)
{
	struct object_info info = {}, own = {};
	u64 size;
	if (handle_info((handle_t){ (u32)value }, INFO_TOPIC_OBJECT, span_of(info), &size) != OK ||
		handle_info(start_handle("process"), INFO_TOPIC_OBJECT, span_of(own), &size) != OK)
		return info.kind == (u32)HANDLE_KIND_PROCESS;
	return info.id == own.id;
}

// What nobody could end any more, or what ends us too early, seldom or never happens.
static bool is_wanted(struct fuzzer *fuzzer, u64 number, struct arguments *arguments)
{
	switch (number) {
	case SYSCALL_OBJECT_REVOKE:
		return !is_own_process(AT(arguments->word, 0)); // or nobody could end us
	case SYSCALL_TASK_EXIT:
	case SYSCALL_PROCESS_REPLACE: return one_in(fuzzer, 500);
	case SYSCALL_PROCESS_FORK: return one_in(fuzzer, 10);
	case SYSCALL_THREAD_CREATE:
		AT(arguments->word, 0) = HANDLE_NONE.raw;
		return one_in(fuzzer, 500); // its entry is no code
	case SYSCALL_PROCESS_CONTROL:
	case SYSCALL_THREAD_CONTROL:
		if (is_suspension(number, AT(arguments->word, 1)))
			AT(arguments->word, 0) = HANDLE_NONE.raw;
		return AT(arguments->word, 0) || one_in(fuzzer, 20);
	case SYSCALL_MEMORY_UNMAP:
	case SYSCALL_MEMORY_PROTECT: stay_inside(fuzzer, arguments, 1); return true;
	case SYSCALL_MEMORY_MAP: stay_inside(fuzzer, arguments, 2); return true;
	default: return true;
	}
}

static void take_results(struct fuzzer *fuzzer, u64 number, const struct guest_answer *answer)
{
	const struct syscall_shape *shape = &AT(syscall_shapes, number);
	if (number == SYSCALL_PROCESS_FORK) {
		u32 observed;
		if (!answer->first)
			program_exit(0);
		(void)!object_wait((handle_t){ (u32)answer->first }, SIGNAL_EXITED,
			clock_read() + NS_PER_SECOND, &observed);
	}
	if (shape->result_handles & 1)
		fuzz_pool_add(fuzzer, (handle_t){ (u32)answer->first });
	if (shape->result_handles & 2)
		fuzz_pool_add(fuzzer, (handle_t){ (u32)answer->second });
}

void fuzz_call(struct fuzzer *fuzzer)
{
	struct arguments arguments = {};
	u64 number = below(fuzzer, SYSCALL_COUNT);
	const struct syscall_shape *shape = &AT(syscall_shapes, number);
	for (u32 i = 0; i < shape->count; i++)
		AT(arguments.word, i) = argument(fuzzer, &AT(shape->parameter, i));
	if (shape->is_raw)
		AT(arguments.word, 1) = message_tag(fuzzer);
	if (!is_wanted(fuzzer, number, &arguments))
		return;
	if (one_in(fuzzer, 1000))
		number = random_u64(&fuzzer->random) >> below(fuzzer, 40);
	struct guest_answer answer = guest_syscall(number, arguments.word);
	atomic_add_relaxed(fuzzer->calls, 1);
	if (answer.err != OK || number >= SYSCALL_COUNT)
		return;
	atomic_add_relaxed(fuzzer->good, 1);
	take_results(fuzzer, number, &answer);
}

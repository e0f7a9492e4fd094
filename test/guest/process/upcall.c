// SPDX-License-Identifier: MIT
// upcall.c - notifications and faults that enter the program.
#include "lib/base/atomic.h"
#include "test/guest/process/process_test.h"

// Upcalls: registers saved, handler called with where to go on, then back below the red zone.
struct upcall_return {
	u64 instruction, stack, flags;
};
static u64 upcall_cause, upcall_detail, upcall_address, upcall_count;
void upcall_handle(struct upcall_return *back);
void upcall_entry(void);

void upcall_handle(struct upcall_return *back)
{
	struct thread_block *block = block_self();
	upcall_cause = block->frame.cause;
	upcall_detail = block->frame.detail;
	upcall_address = block->frame.address;
	upcall_count++;
	*back =
		(struct upcall_return){ block->frame.instruction, block->frame.stack, block->frame.flags };
	if (upcall_cause == UPCALL_ILLEGAL)
		back->instruction += 2;
	u64 blocked = block->frame.blocked;
	atomic_store_seq_cst(&block->frame.cause, 0);
	atomic_store_seq_cst(&block->blocked, blocked);
	if (atomic_load_seq_cst(&block->pending) & ~blocked)
		(void)thread_notify(HANDLE_NONE, 0);
}

__asm__(".pushsection .text\n"
		"upcall_entry:\n"
		"	push %rax\n push %rcx\n push %rdx\n push %rsi\n push %rdi\n"
		"	push %r8\n push %r9\n push %r10\n push %r11\n"
		"	sub $24, %rsp\n"
		"	mov %rsp, %rdi\n"
		"	call upcall_handle\n"
		"	mov 8(%rsp), %rax\n" // stack
		"	mov 0(%rsp), %rcx\n"
		"	mov %rcx, -136(%rax)\n"
		"	mov 16(%rsp), %rcx\n"
		"	mov %rcx, -144(%rax)\n"
		"	lea -144(%rax), %rax\n"
		"	mov %rax, 16(%rsp)\n"
		"	add $24, %rsp\n"
		"	pop %r11\n pop %r10\n pop %r9\n pop %r8\n pop %rdi\n"
		"	pop %rsi\n pop %rdx\n pop %rcx\n pop %rax\n"
		"	mov -80(%rsp), %rsp\n"
		"	popfq\n"
		"	ret $128\n"
		".popsection\n");

ALIGNED(16) static u8 upcall_stack[16384];

static void upcalls_on(void)
{
	struct thread_block *block = block_self();
	block->stack = (u64)&upcall_stack + sizeof upcall_stack;
	block->blocked = 0;
	block->entry = (u64)upcall_entry;
	upcall_count = 0;
}

static void upcalls_off(void)
{
	block_self()->entry = 0;
}

void test_upcall_fault(void)
{
	upcalls_on();
	__asm__ volatile("ud2" ::: "memory");
	upcalls_off();
	CHECK_EQ(upcall_count, 1);
	CHECK_EQ(upcall_cause, UPCALL_ILLEGAL);
}

void test_notify_self(void)
{
	upcalls_on();
	CHECK_OK(thread_notify(HANDLE_NONE, 6));
	u64 count = atomic_load_relaxed(&upcall_count);
	upcalls_off();
	CHECK_EQ(count, 1);
	CHECK_EQ(upcall_cause, UPCALL_NOTIFICATION);
	CHECK_EQ(upcall_detail, 6);
	CHECK_EQ(block_self()->pending, 0);
}

void test_notify_blocked(void)
{
	upcalls_on();
	block_self()->blocked = 4;
	CHECK_OK(thread_notify(HANDLE_NONE, 6));
	u64 first = atomic_load_relaxed(&upcall_detail), pending = block_self()->pending;
	atomic_store_seq_cst(&block_self()->blocked, 0);
	CHECK_OK(thread_notify(HANDLE_NONE, 0));
	upcalls_off();
	CHECK_EQ(first, 2);
	CHECK_EQ(pending, 4);
	CHECK_EQ(upcall_detail, 4);
	CHECK_EQ(upcall_count, 2);
}

static u64 notify_later(void *_Nullable argument)
{
	handle_t thread = { (u32)(u64)argument };
	(void)sleep_until(clock_read() + 30 * NS_PER_MS);
	return (u64)(i64)thread_notify(thread, 1);
}

// Our process's only thread is we.
void test_notify_process(void)
{
	handle_t process = start_handle("process");
	if (!process.raw)
		return; // nobody gave us one
	upcalls_on();
	CHECK_OK(thread_notify(process, 6));
	u64 count = atomic_load_relaxed(&upcall_count);
	upcalls_off();
	CHECK_EQ(count, 1);
	CHECK_EQ(upcall_detail, 6);
	CHECK_EQ(thread_notify(start_handle("console"), 6), ERR_WRONG_TYPE);
}

void test_thread_open(void)
{
	u64 handle;
	CHECK_OK(thread_control(HANDLE_NONE, THREAD_OPERATION_OPEN, 0, 0, &handle));
	upcalls_on();
	CHECK_OK(thread_notify((handle_t){ (u32)handle }, 6));
	upcalls_off();
	CHECK_EQ(upcall_detail, 6);
	CHECK_OK(handle_close((handle_t){ (u32)handle }));
}

void test_notify_ends_wait(void)
{
	struct worker worker;
	handle_t self = start_handle("thread");
	if (!self.raw)
		return; // nobody gave us one
	upcalls_on();
	CHECK_OK(worker_start(&worker, notify_later, (void *)(u64)self.raw));
	err_t err = sleep_until(guest_soon());
	upcalls_off();
	CHECK_EQ(err, ERR_INTERRUPTED);
	CHECK_EQ(upcall_count, 1);
	CHECK_OK(worker_join(&worker, guest_soon()));
}

constexpr u32 ALL_MASKED = 1u << 16; // event bit of the ready object
static handle_t ready;               // tells the parent that all have their masks
static u32 masked;                   // atomic: workers that have theirs

static u64 wait_for_notice(void *_Nullable argument)
{
	block_self()->mask = (u64)argument;
	if (atomic_add_acq_rel(&masked, 1u) == 1)
		(void)object_signal(ready, 0, ALL_MASKED);
	u64 pending = 0;
	for (u64 end = guest_soon(); !pending && clock_read() < end;) {
		(void)sleep_until(guest_after(5)); // without a handler, what came before ends no wait
		pending = atomic_load_seq_cst(&block_self()->pending);
	}
	return pending;
}

// Three threads, of which one wants bit 0 and one bit 1, and the first neither.
static u64 choose_thread(u64 unused)
{
	struct worker low, high;
	(void)unused;
	block_self()->mask = ~0ull;
	MUST(worker_start(&low, wait_for_notice, guest_number(~1ull)) == OK);
	MUST(worker_start(&high, wait_for_notice, guest_number(~2ull)) == OK);
	MUST(worker_join(&low, guest_soon()) == OK && low.result == 1);
	MUST(worker_join(&high, guest_soon()) == OK && high.result == 2);
	for (u64 end = guest_soon(); !(atomic_load_seq_cst(&block_self()->pending) & 4);)
		MUST(clock_read() < end); // nobody wants this one, so the last one has it
	return 7;
}

void test_notify_choice(void)
{
	handle_t child;
	struct process_info info = {};
	u64 size, code;
	u32 observed;
	CHECK_OK(guest_memory(PAGE_SIZE, &ready));
	CHECK_OK(guest_fork(choose_thread, 0, &child));
	CHECK_OK(object_wait(ready, ALL_MASKED, guest_soon(), &observed));
	CHECK_OK(handle_close(ready));
	CHECK_OK(thread_notify(child, 3));
	for (u64 end = guest_soon(); info.threads != 1 && clock_read() < end;)
		CHECK_OK(handle_info(child, INFO_TOPIC_PROCESS, span_of(info), &size));
	CHECK_OK(thread_notify(child, 4));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 7);
}

static u64 double_fault(u64 argument)
{
	upcalls_on();
	block_self()->frame.cause = argument;
	__asm__ volatile("ud2" ::: "memory");
	return 0;
}

void test_double_fault(void)
{
	handle_t child;
	u64 code;
	CHECK_OK(guest_fork(double_fault, 1, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, FAULTED);
}

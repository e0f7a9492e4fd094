// SPDX-License-Identifier: MIT
// reflection.c - foreign system calls: made from the lower half they enter the process's own entry
// in the upper half, whose own calls are native. The entry here answers number + 1000, and passes
// numbers from 0x10000 on to the kernel as native ones.
#include "test/guest/harness/guest.h"

extern const u8 stub_begin[], stub_end[];

__asm__(".pushsection .rodata\n"
		".globl stub_begin\n"
		".globl stub_end\n"
		"stub_begin:\n"
		"	cmpq $0x10000, %rax\n"
		"	jae 1f\n"
		"	addq $1000, %rax\n"
		"	jmp *%gs:FOREIGN\n"
		"1:	subq $0x10000, %rax\n"
		"	movq %gs:FOREIGN, %r15\n"
		"	syscall\n"
		"	jmp *%r15\n"
		"stub_end:\n"
		".popsection\n");
// The assembler needs the number; the compiler checks it.
__asm__(".set FOREIGN, 440");
static_assert(offsetof(struct thread_block, foreign_return) == 440);

constexpr u64 NATIVE = 0x10000;

// As a foreign program does it: rcx and r11 are lost, all else stays.
static u64 foreign(u64 number, u64 a, u64 b)
{
	u64 rax = number;
	register u64 r15 __asm__("r15");
	__asm__ volatile("syscall" : "+a"(rax), "=r"(r15) : "D"(a), "S"(b) : "rcx", "r11", "memory");
	return rax;
}

static err_t install(u64 *entry)
{
	handle_t memory;
	u64 done;
	TRY(guest_memory(PAGE_SIZE, &memory));
	UNSAFE_BEGIN("two labels around the stub")
	view_t code = view_from(stub_begin, (usize)(stub_end - stub_begin));
	UNSAFE_END
	TRY(memory_write(memory, 0, code, &done));
	TRY(memory_map(HANDLE_NONE, memory, 0, PAGE_SIZE, 0,
		MAP_FLAGS_READ | MAP_FLAGS_EXEC | MAP_FLAGS_HIGH, entry));
	return handle_close(memory);
}

// In a child: its own calls do not work any more. Ends through the entry.
static u64 reflected(u64 unused)
{
	u64 entry, code = 0;
	(void)unused;
	MUST(install(&entry) == OK);
	MUST(entry >> 63);
	MUST(process_control(HANDLE_NONE, PROCESS_OPERATION_SET_REFLECTION, entry, 0) == OK);
	if (foreign(39, 0, 0) != 1039 || foreign(0, 0, 0) != 1000 || foreign(334, 0, 0) != 1334)
		code = 100;
	for (u64 i = 0; i < 1000 && !code; i++)
		if (foreign(i, 1, 2) != i + 1000)
			code = 101;
	if (foreign(NATIVE + SYSCALL_HANDLE_CLOSE, 0xdeadbeef, 0) != (u64)(i64)ERR_BAD_HANDLE &&
		(u32)foreign(NATIVE + SYSCALL_HANDLE_CLOSE, 0xdeadbeef, 0) != (u32)ERR_BAD_HANDLE)
		code = 102;
	(void)foreign(NATIVE + SYSCALL_TASK_EXIT, EXIT_SCOPE_PROCESS, code ? code : 7);
	return 103;
}

static void test_entry(void)
{
	handle_t child;
	u64 code;
	CHECK_OK(guest_fork(reflected, 0, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 7);
	CHECK_OK(handle_duplicate(start_handle("console"), RIGHTS_ALL, &child)); // ours are native
	CHECK_OK(handle_close(child));
}

// A parent switches it on for its child while that runs, and off again.
static u64 count_refused(u64 stop)
{
	u64 begin = guest_soon();
	u32 observed;
	while (object_wait((handle_t){ (u32)stop }, 1u << 16, 0, &observed) != OK)
		MUST(clock_read() < begin);
	return 5;
}

static void test_switch(void)
{
	handle_t child, stop;
	u64 code;
	CHECK_OK(timer_create(&stop));
	CHECK_OK(guest_fork(count_refused, stop.raw, &child));
	for (u32 i = 0; i < 5; i++) {
		CHECK_OK(process_control(child, PROCESS_OPERATION_SUSPEND, 0, 0));
		CHECK_OK(process_control(child, PROCESS_OPERATION_SET_REFLECTION, 0, 0));
		CHECK_OK(process_control(child, PROCESS_OPERATION_RESUME, 0, 0));
	}
	CHECK_OK(object_signal(stop, 0, 1u << 16));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 5);
	CHECK_OK(handle_close(stop));
}

static const struct guest_test tests[] = {
	{ "entry", test_entry },
	{ "switch", test_switch },
};

int main(void)
{
	return guest_run(tests, COUNT(tests));
}

// SPDX-License-Identifier: MIT
// backtrace.c - what a panic tells: the registers and the chain of calls with names. Follows frame
// pointers, only inside this CPU's own stacks, so a damaged chain ends it. Names: boot/mksymbols.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "kernel/panic.h"
#include "lib/base/view.h"

constexpr u32 DEPTH_MAX = 24;
constexpr u64 IMAGE_BASE = 0xffff'ffff'8000'0000;

struct symbol {
	u32 offset; // from the start of the image
	u32 name;   // from the start of the table
};

static view_t symbols; // set at boot
static u64 image_start;
static u64 image_size;

void backtrace_init(const struct boot_info *info)
{
	image_start = info->kernel_vaddr;
	image_size = info->kernel_size;
	if (info->symbols_size)
		symbols = view_from(direct_map(info->symbols_paddr), info->symbols_size);
}

static struct symbol symbol_at(u32 i)
{
	struct symbol symbol = {};
	(void)!view_load(symbols, sizeof(u32) + i * sizeof(struct symbol), span_of(symbol));
	return symbol;
}

// The last symbol that does not begin behind the offset.
static struct symbol symbol_find(u64 offset)
{
	u32 low = 0, high = 0;
	(void)!view_load(symbols, 0, span_of(high));
	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;
		if (symbol_at(middle).offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return symbol_at(low);
}

static void address_print(u64 address)
{
	u64 offset = address - image_start;
	if (offset >= image_size) {
		kprint("  %016lx (not in the kernel)\n", address);
		return;
	}
	struct symbol symbol = symbol_find(offset);
	view_t name = view_from_offset(symbols, symbol.name);
	name = view_clamp(name, 0, view_find(name, 0));
	kprint("  %016lx %v + 0x%x\n", offset + IMAGE_BASE, &name, (u32)offset - symbol.offset);
}

static bool is_in_image(u64 address)
{
	return address % 8 == 0 && address - image_start < image_size;
}

struct call_frame {
	u64 up;
	u64 address;
};

static void chain_print(u64 pointer)
{
	for (u32 i = 0; i < DEPTH_MAX && is_in_image(pointer) && is_in_image(pointer + 8); i++) {
		UNSAFE_BEGIN("all stacks are in the image, which is mapped but for the guards between them")
		struct call_frame frame = *(const struct call_frame *)(uintptr_t)pointer;
		UNSAFE_END
		address_print(frame.address);
		if (frame.up <= pointer)
			return;
		pointer = frame.up;
	}
}

[[gnu::noinline]] void arch_backtrace(void)
{
	chain_print((u64)(uintptr_t)__builtin_frame_address(0));
}

static void registers_print(const struct trap_frame *frame)
{
	kprint("vector %lu error %lx cr2 %lx cr3 %lx cpu %u\n", frame->vector, frame->error, cr2_read(),
		cr3_read(), cpu_self()->id);
	kprint("rax %016lx rbx %016lx rcx %016lx\n", frame->rax, frame->rbx, frame->rcx);
	kprint("rdx %016lx rsi %016lx rdi %016lx\n", frame->rdx, frame->rsi, frame->rdi);
	kprint("rbp %016lx rsp %016lx r8  %016lx\n", frame->rbp, frame->rsp, frame->r8);
	kprint("r9  %016lx r10 %016lx r11 %016lx\n", frame->r9, frame->r10, frame->r11);
	kprint("r12 %016lx r13 %016lx r14 %016lx\n", frame->r12, frame->r13, frame->r14);
	kprint("r15 %016lx cs %lx flags %lx\n", frame->r15, frame->cs, frame->rflags);
}

void frame_panic(const struct trap_frame *frame, const char *reason)
{
	panic_begin();
	kprint("\nPANIC: %s\n", reason);
	registers_print(frame);
	address_print(frame->rip);
	chain_print(frame->rbp);
	panic_end();
}

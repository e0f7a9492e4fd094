// SPDX-License-Identifier: MIT
// machine.h - what the files of this folder offer each other. Nothing outside includes it.
#pragma once

#include "boot/boot_info.h"
#include "kernel/arch/arch.h"
#include "kernel/sched/cpu.h"

NONNULL_BEGIN

// Segment selectors; the order is the one that sysret asks for.
enum selector : u16 {
	SELECTOR_KERNEL_CODE = 0x08,
	SELECTOR_KERNEL_DATA = 0x10,
	SELECTOR_USER_BASE = 0x18,
	SELECTOR_USER_DATA = 0x20 | 3,
	SELECTOR_USER_CODE = 0x28 | 3,
	SELECTOR_TASK = 0x30,
};

enum vector : u8 {
	VECTOR_DIVIDE = 0,
	VECTOR_DEBUG = 1,
	VECTOR_NMI = 2,
	VECTOR_BREAKPOINT = 3,
	VECTOR_OVERFLOW = 4,
	VECTOR_ILLEGAL = 6,
	VECTOR_NO_FLOAT = 7,
	VECTOR_DOUBLE_FAULT = 8,
	VECTOR_PAGE_FAULT = 14,
	VECTOR_FLOAT = 16,
	VECTOR_MACHINE_CHECK = 18,
	VECTOR_SIMD = 19,
	VECTOR_LEGACY = 0x20, // 16 of the masked 8259 pair: spurious ones only
	VECTOR_DEVICE = 0x30,
	VECTOR_DEVICE_END = 0xf0,
	VECTOR_TIMER = 0xf0,
	VECTOR_ASK = 0xf1, // another CPU wants something
	VECTOR_SPURIOUS = 0xff,
};

// Pushed by trap_entry.S in this order from the lowest address on.
struct trap_frame {
	u64 r15, r14, r13, r12, r11, r10, r9, r8;
	u64 rbp, rdi, rsi, rdx, rcx, rbx, rax;
	u64 vector, error;
	u64 rip, cs, rflags, rsp, ss;
};

// features.c: what this CPU can do; the same on all of them.
struct features {
	bool has_smap; // has_smap is read by copy.S and trap_entry.S
	bool has_smep, has_umip, has_xsave, has_x2apic, has_tsc_deadline, has_rdrand;
	u32 float_size;
	u64 float_mask; // XCR0
};
extern struct features features; // written at boot by the first CPU
extern u8 smap_is_on;            // the same for assembler code
void features_find(void);        // panics when a needed one is missing
void features_enable(void);      // control registers and MSRs, on each CPU

// descriptors.c
void descriptors_init(struct cpu *cpu); // GDT, TSS, IDT, kernel stacks, GS base
u64 descriptors_stack_top(u16 cpu);

// tables.c, device.c
void tables_init(const struct boot_info *info);
paddr_t kernel_image_paddr(const void *in_image);
void *direct_map(u64 paddr);          // RAM; works before frames_init
extern paddr_t kernel_root;           // tables with the kernel's half only; set once at boot
void table_leave(void);               // loads them
void table_unmap_kernel(u64 address); // one page of the image, for good
void stack_guards_init(void);

// shootdown.c
void shootdown_root(paddr_t root, u64 address, u64 size); // size 0: leave these tables

// apic.c
void apic_init(const struct boot_info *info);
void apic_init_cpu(void);
void apic_end_interrupt(void);
enum apic_message : u32 {
	APIC_ASK = VECTOR_ASK,
	APIC_NMI = 0x400,
	APIC_INIT = 0x4500,
	APIC_START = 0x4600
};
void apic_send(u32 apic_id, u32 message);
void apic_send_others(u32 message);
void apic_timer_set(u32 count); // 0: off
u32 apic_timer_left(void);
u32 apic_id(void);

// clock.c
void clock_init(const struct boot_info *info);
void clock_wait_us(u64 us);
void timer_init_cpu(void);
void timer_fired(void);

// irq.c, ioapic.c
struct line {
	u32 number; // global
	bool is_level;
	bool is_low;
};
void ioapic_init(const struct boot_info *info);
struct line line_resolve(u32 number, u32 flags);
void line_route(struct line line, u8 vector, u32 apic_id); // stays masked
void line_mask(u32 number, bool is_masked);
u32 line_count(void);
void irq_arrived(u8 vector);

// trap.c
void trap_from_user(struct thread *thread, u64 vector, u64 error);
void trap_from_kernel(struct trap_frame *frame);
void trap_paranoid(struct trap_frame *frame);

// float.c
void float_find(void);
void float_first_use(struct thread *thread); // #NM
void float_switch(struct thread *to);
void float_evict(struct thread *thread); // on its home CPU
void float_fini(struct thread *thread);
err_t float_clone(struct thread *from, struct thread *to);

// serial.c, screen.c
void serial_init(void);
void serial_put(view_t text);
void screen_init(const struct boot_framebuffer *framebuffer);
void screen_put(view_t text);

// entropy.c
void entropy_init(const struct boot_info *info);

// backtrace.c
void backtrace_init(const struct boot_info *info);
[[noreturn]] void frame_panic(const struct trap_frame *frame, const char *reason);

// smp.c
[[noreturn]] void cpu_started(u64 id);      // start_cpu.S
void machine_start(struct boot_info *info); // entry.S, before kernel_main

// Labels in assembler code.
extern const u8 trap_stubs[], copy_begin[], copy_end[], copy_fault[];
extern const u8 cpu_start_begin[], cpu_start_end[];
void syscall_entry(void);

NONNULL_END

// SPDX-License-Identifier: MIT
// arch.h - what a CPU architecture supplies; each folder beside this header has the same file names
// and implements all of it. "arch_types.h" is found in the chosen folder and defines
//   struct cpu_arch, struct thread_arch, struct page_table, arch_cpu_self(),
//   registers_argument(), registers_result() and inline word accessors for messages.
#pragma once

#include "arch_types.h"
#include "kernel/memory/address.h"
#include "lib/base/view.h"

NONNULL_BEGIN

struct boot_info;
struct cpu;
struct thread;
struct interrupt;

// Start-up, in this order on the boot CPU (start/main.c).
void arch_init_early(
	const struct boot_info *info); // descriptor tables, exceptions, console, CPU features
void arch_init(const struct boot_info *info);       // interrupt controllers, clock; frames exist
void arch_start_cpus(const struct boot_info *info); // brings the others up; each calls cpu_main(id)
[[noreturn]] void arch_resume(void); // leaves the kernel into cpu_self()->current (entry.S)
void arch_idle_wait(void);           // interrupts on, wait for one, interrupts off
void arch_relax(void);               // pause in spin loops
void arch_interrupts_window(void);   // lets pending interrupts in for a moment
void arch_interrupt_cpu(u16 cpu);    // makes it call cpu_take_events soon
[[noreturn]] void arch_stop(void);   // this CPU, for good
void arch_stop_others(void);         // panic: all other CPUs, whatever they do
void arch_backtrace(void);           // prints who called, with kprint

// Time.
u64 clock_now(void);                  // monotonic nanoseconds
void arch_timer_arm(u64 deadline_ns); // this CPU's one-shot; DEADLINE_NEVER: off
struct time_page;
void arch_fill_time_page(struct time_page *page);

// Threads.
err_t arch_thread_init(struct thread *thread, u64 entry, u64 stack, u64 argument);
void arch_thread_fini(struct thread *thread);
err_t arch_thread_clone(struct thread *from, struct thread *to); // fork: registers, float state
void arch_switch(
	struct thread *_Nullable from, struct thread *to); // fs base, float, GS: not tables
void arch_switch_away(struct thread *from);            // saves what arch_switch would save of it
void arch_thread_evict(struct thread *thread); // saves what this CPU holds of it, before it moves
void arch_set_step(struct thread *thread, bool on);
usize arch_float_size(void);
err_t arch_float_get(struct thread *thread, span_t out);
err_t arch_float_set(struct thread *thread, view_t in); // validates
void arch_upcall(
	struct thread *thread, u64 cause, u64 address, u64 detail); // fills block->frame, redirects
void arch_restart_call(struct thread *thread);            // back over the system call instruction
void arch_repeat_call(struct thread *thread, u64 number); // the same, its number was overwritten
void registers_sanitize(
	struct thread *thread); // after thread_registers set: flags, canonical, returns slowly
bool arch_address_is_user(u64 address);

// Page tables (each call under the space's table_lock). Pages are PAGE_SIZE or LARGE_PAGE_SIZE.
enum page_access : u32 {
	PAGE_READ = 1,
	PAGE_WRITE = 2,
	PAGE_EXEC = 4,
	PAGE_UNCACHED = 8,
	PAGE_WRITE_COMBINING = 16
};
err_t table_init(struct page_table *table);
void table_fini(struct page_table *table); // all user tables gone before
// Intermediate tables come from frame_alloc and are counted in table->pages. ERR_NO_MEMORY;
// ERR_EXISTS: something is there.
err_t table_map(struct page_table *table, u64 address, paddr_t frame, u32 access, bool is_large);
// The frames of a run; address: of its first slot.
struct radix_run;
err_t table_map_run(struct page_table *table, u64 address, const struct radix_run *run, u32 access);
bool table_query(struct page_table *table, u64 address, paddr_t *frame, u32 *access);
// Clears or restricts present pages from an address on, which moves to the end or to where so much
// has been looked at that interrupts are due; returns how many changed (a shootdown is due).
typedef u64 table_part(struct page_table *table, u64 *address, u64 end);
table_part table_unmap_part, table_protect_part;
// Tables of pages in a range of which no page is present.
void table_free_range(struct page_table *table, u64 address, u64 size);
// Some of all empty tables. True: all have been looked at, the next time begins anew.
bool table_sweep(struct page_table *table);
// The end: no CPU has them loaded any more; then all user tables go, whatever is in them, steps at
// most (and taken off it). True: none is left.
void table_leave_everywhere(struct page_table *table);
bool table_drain(struct page_table *table, u32 *steps);
void table_activate(struct page_table *table);
// After changing present pages of a space: no CPU uses stale entries when it returns.
struct space;
void table_shootdown(struct space *space, u64 address, u64 size);
void *_Nullable kernel_map_device(paddr_t base, usize size); // boot time, uncached, for controllers

// Copies at user addresses of the tables that are loaded; false: a page is not there or forbids it,
// *stopped is its address. Nothing else faults.
bool arch_copy_in(void *to, u64 from, usize size, u64 *stopped);
bool arch_copy_out(u64 to, const void *from, usize size, u64 *stopped);

// Interrupts: lines (global numbers of the controllers) and messages.
err_t irq_attach(u32 line, u32 flags, struct interrupt *interrupt); // masked
err_t irq_attach_message(struct interrupt *interrupt, u64 *address, u32 *data);
void irq_detach(struct interrupt *interrupt);
void irq_mask(struct interrupt *interrupt);
void irq_unmask(struct interrupt *interrupt);
u32 irq_line_count(void);

// I/O ports. ERR_UNSUPPORTED where there are none.
err_t port_access(u16 port, u32 operation, u32 value, u32 *result); // enum io_operation

// Console and randomness.
void console_put(view_t text);
u64 arch_random(void);
[[noreturn]] void arch_poweroff(u32 code); // emulator's exit device, else stops

NONNULL_END

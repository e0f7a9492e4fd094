// SPDX-License-Identifier: MIT
// machine.c - checks of the processor, and the interrupt table that turns a bug of the loader into
// a message instead of a silent reset.
#include "boot/x86/machine.h"

#include "boot/x86/console.h"
#include "lib/base/view.h"

constexpr u32 FLAGS_ID = 1 << 21;
constexpr u32 RDRAND = 1 << 30;                                           // leaf 1, ecx
constexpr u32 LEAF1_NEEDED = 1 << 5 | 1 << 6 | 1 << 9 | 1 << 13 | 1 << 4; // MSR PAE APIC PGE TSC
constexpr u32 NO_EXECUTE = 1 << 20;                                       // leaf 0x80000001, edx
constexpr u32 LONG_MODE = 1 << 29;
constexpr u32 VECTORS = 32;
constexpr u32 STUB_BYTES = 16;
constexpr u16 CODE_SELECTOR = 0x08;
constexpr u16 INTERRUPT_GATE = 0x8e00;

struct gate {
	u16 offset_low;
	u16 selector;
	u16 type;
	u16 offset_high;
};

struct [[gnu::packed]] table_pointer {
	u16 limit;
	u32 base;
};

extern const u8 exception_stubs[]; // entry.S, one each 16 bytes

static struct gate gates[VECTORS]; // written once by machine_init_exceptions

static bool has_cpuid(void)
{
	u32 before, after;
	__asm__ volatile("pushfl; pushfl; xorl %2, (%%esp); popfl; pushfl; popl %1; popl %0"
		: "=r"(before), "=r"(after)
		: "i"(FLAGS_ID)
		: "cc");
	return (before ^ after) & FLAGS_ID;
}

const char *_Nullable machine_missing(void)
{
	if (!has_cpuid())
		return "this processor has no CPUID (64-bit x86 needed)";
	if (machine_cpuid(0x80000000).eax < 0x80000001)
		return "this processor has no long mode (64-bit x86 needed)";
	u32 features = machine_cpuid(0x80000001).edx;
	// SYSCALL belongs to long mode; its own bit reads as 0 on Intel outside 64-bit mode.
	if (!(features & LONG_MODE))
		return "this processor has no long mode (64-bit x86 needed)";
	if (!(features & NO_EXECUTE))
		return "this processor has no NX bit, or the firmware's setup disabled it";
	if ((machine_cpuid(1).edx & LEAF1_NEEDED) != LEAF1_NEEDED)
		return "this processor lacks one of TSC, MSR, PAE, APIC, PGE";
	return nullptr;
}

bool machine_has_rdrand(void)
{
	return machine_cpuid(1).ecx & RDRAND;
}

static bool take_rdrand(u32 *word)
{
	bool is_good = false;
	for (u32 tries = 0; tries < 16 && !is_good; tries++)
		__asm__ volatile("rdrand %0; setc %1" : "=r"(*word), "=q"(is_good) : : "cc");
	return is_good;
}

u64 machine_rdrand(void)
{
	u32 low, high;
	if (!machine_has_rdrand() || !take_rdrand(&low) || !take_rdrand(&high))
		return 0;
	return (u64)high << 32 | low;
}

void machine_init_exceptions(void)
{
	for (u32 i = 0; i < VECTORS; i++) {
		u32 stub = (u32)(uintptr_t)exception_stubs + i * STUB_BYTES;
		AT(gates, i) = (struct gate){ .offset_low = (u16)stub,
			.selector = CODE_SELECTOR,
			.type = INTERRUPT_GATE,
			.offset_high = (u16)(stub >> 16) };
	}
	struct table_pointer pointer = { sizeof gates - 1, (u32)(uintptr_t)gates };
	__asm__ volatile("lidt %0" : : "m"(pointer));
}

void machine_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

// From entry.S: the vector, then the processor's frame with or without an error code.
struct exception_frame {
	u32 words[4];
};

NORETURN void loader_exception(const struct exception_frame *frame);

NORETURN void loader_exception(const struct exception_frame *frame)
{
	console_text("\ncarbide loader: exception (vector, then error code or eip, ...):");
	for (u32 i = 0; i < COUNT(frame->words); i++)
		console_number(" ", AT(frame->words, i));
	console_text("\n");
	machine_halt();
}

// SPDX-License-Identifier: MIT
// crash.c - see crash.h. Calls are followed by frame pointers as long as they make sense; then the
// stack is looked through for words that stand behind a call instruction.
#include "lib/posix/signal/crash.h"

#include "lib/base/bits.h"
#include "lib/posix/core/log.h"
#include "lib/posix/core/start.h"
#include "lib/posix/core/user.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/memory/mappings.h"
#include "lib/posix/signal/signal_local.h"
#include "os/syscalls.h"

constexpr u64 CORE_SIGNALS = SIGNALS_SYNCHRONOUS | SIGNAL_BIT(SIGABRT) | SIGNAL_BIT(SIGQUIT);
constexpr u32 FRAMES_MAX = 16;
constexpr u32 WORDS_MAX = 512; // of the stack
constexpr u64 LOWER_HALF_END = 0x0000'7fff'ffff'f000;
constexpr u64 CALL_SIZE_MAX = 7;

// What is known of the process at its end.
struct scene {
	struct mappings mappings;
	u32 reported;
};

static view_t program_path(void)
{
	const struct program_text *program = &posix_self()->identity.program;
	UNSAFE_BEGIN("exec put the path there, in the process area")
	return view_from((const void *)program->path, program->path_size);
	UNSAFE_END
}

static view_t name_of(const struct mapping_info *mapping)
{
	struct area_state *areas = &posix_self()->areas;
	u64 address = mapping->address;
	if (address >= areas->program.low && address < areas->program.end)
		return program_path();
	if (address == areas->vdso)
		return VIEW_TEXT("[vdso]");
	if (areas->stack_top - 1 - address < mapping->size)
		return VIEW_TEXT("[stack]");
	if (address >= areas->break_start && address < areas->break_end)
		return VIEW_TEXT("[heap]");
	return VIEW_TEXT("mapping");
}

static void report_place(const struct scene *scene, const char *what, u64 address)
{
	const struct mapping_info *mapping = mappings_find(&scene->mappings, address);
	if (!mapping) {
		posix_log("  %s %lx, not mapped", what, address);
		return;
	}
	const struct area_source *source = source_find(&posix_self()->areas, mapping->memory_id);
	view_t name = name_of(mapping);
	posix_log("  %s %lx, %v + %lx, of %lx-%lx, inode %u", what, address, &name,
		address - mapping->address + mapping->offset, mapping->address,
		mapping->address + mapping->size, source ? source->file.inode : 0);
}

static void report_registers(const struct posix_registers *registers)
{
	posix_log("  rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx", registers->rax, registers->rbx,
		registers->rcx, REGISTER(registers, RDX), REGISTER(registers, RSI),
		REGISTER(registers, RDI));
	posix_log("  rbp %lx rsp %lx r8 %lx r9 %lx r10 %lx r11 %lx", registers->rbp, registers->rsp,
		REGISTER(registers, R8), REGISTER(registers, R9), REGISTER(registers, R10), registers->r11);
	posix_log("  r12 %lx r13 %lx r14 %lx r15 %lx flags %lx", registers->r12, registers->r13,
		registers->r14, registers->r15, registers->rflags);
}

static bool is_code(const struct scene *scene, u64 address)
{
	const struct mapping_info *mapping = mappings_find(&scene->mappings, address);
	return mapping && mapping->flags & MAP_FLAGS_EXEC && address < LOWER_HALF_END;
}

// e8 and a distance, or ff with a second byte of the form /2.
static bool is_behind_call(u64 address)
{
	u8 code[CALL_SIZE_MAX];
	if (user_get(code, address - CALL_SIZE_MAX) < 0)
		return false;
	if (AT(code, 2) == 0xe8)
		return true;
	for (usize i = 0; i + 2 <= CALL_SIZE_MAX; i++)
		if (AT(code, i) == 0xff && (AT(code, i + 1) >> 3 & 7) == 2)
			return true;
	return false;
}

static void report_call(struct scene *scene, u64 address)
{
	scene->reported++;
	report_place(scene, "from", address);
}

static void follow_frames(struct scene *scene, u64 frame)
{
	while (scene->reported < FRAMES_MAX && is_aligned(frame, sizeof(u64))) {
		u64 words[2];
		if (user_get(words, frame) < 0 || !is_code(scene, AT(words, 1)) ||
			!is_behind_call(AT(words, 1)))
			return;
		report_call(scene, AT(words, 1));
		if (AT(words, 0) <= frame)
			return;
		frame = AT(words, 0);
	}
}

static void search_stack(struct scene *scene, u64 stack)
{
	stack = align_up(stack, sizeof(u64));
	for (u32 i = 0; i < WORDS_MAX && scene->reported < FRAMES_MAX; i++) {
		u64 word;
		if (user_get(word, stack + i * sizeof word) < 0)
			return;
		if (is_code(scene, word) && is_behind_call(word))
			report_call(scene, word);
	}
}

void crash_report(struct posix_thread *self, const struct linux_siginfo *info)
{
	struct scene scene = {};
	u32 signal = (u32)info->signal;
	u64 address = self->trap_number == 14 ? self->trap_address : info->address;
	if (!(SIGNAL_BIT(signal) & CORE_SIGNALS) || info->code <= 0)
		return;
	posix_log("died by signal %u, code %d, address %lx, in thread %d", signal, info->code, address,
		self->id);
	(void)mappings_read(&scene.mappings);
	report_place(&scene, "at", self->registers.rip);
	report_registers(&self->registers);
	follow_frames(&scene, self->registers.rbp);
	if (scene.reported < 2)
		search_stack(&scene, self->registers.rsp);
	mappings_free(&scene.mappings);
}

// The addresses are those of lib/posix/posix.elf; the upcall came on another stack, so what stands
// on the interrupted one is looked through.
void crash_library(struct posix_thread *self)
{
	u64 low = self->stack_top - THREAD_OFFSET + PAGE_SIZE;
	u64 at = align_up(self->block.frame.stack, sizeof(u64));
	for (u32 found = 0; at >= low && at < self->stack_top && found < FRAMES_MAX;
		at += sizeof(u64)) {
		UNSAFE_BEGIN("within the library's own stack")
		u64 word = *(const u64 *)at;
		UNSAFE_END
		if (word < POSIX_IMAGE || word >= posix_image.constants)
			continue;
		posix_log("  perhaps from %lx", word);
		found++;
	}
	report_registers(&self->registers);
}

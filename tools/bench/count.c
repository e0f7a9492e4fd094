// SPDX-License-Identifier: MIT
// count.c - a QEMU plugin (plugin API 1, QEMU 7.2) that counts what the guest executes. At each
// marker, the no-op 0f 1f 80 <01 00 b0 5c | 02 00 b0 5c>, it writes one line to out=FILE:
// "1|2 user=N kernel=N rep=N cr3=N longest=N", all but the last since power on. rep: repeated
// string instructions, which QEMU executes once a repetition, not in user or kernel. longest:
// kernel instructions in one go, between two moments at which interrupts come in (user mode, sti),
// the most since marker 1. Exact with one CPU and -icount.
#include <stdio.h>
#include <string.h>

#include "lib/base/unsafe.h"
#include "tools/bench/plugin.h"

EXPORT int qemu_plugin_version = 1;

static uint64_t user, kernel, repeated, cr3; // written by generated code of the only CPU
static uint64_t opened, longest;             // kernel when interrupts last came in; see above
static FILE *out;                            // owned, until QEMU ends

// The first eight bytes of an instruction, the first one lowest.
static bool is_marker(uint64_t code, uint64_t which)
{
	return (code & 0xffffffffffffff) == (0x5cb00000801f0f | which << 24);
}

static bool is_repeated(uint64_t code)
{
	uint64_t prefix = code & 0xff, op = code >> 8 & 0xff;
	if ((op & 0xf0) == 0x40) // REX
		op = code >> 16 & 0xff;
	return (prefix == 0xf2 || prefix == 0xf3) &&
	       ((op >= 0xa4 && op <= 0xa7) || (op >= 0xaa && op <= 0xaf) || (op >= 0x6c && op <= 0x6f));
}

// mov %reg, %cr3: 0f 22 with 3 in the reg field.
static bool is_cr3_write(uint64_t code)
{
	return (code & 0x38ffff) == 0x18220f;
}

// Around user mode stand two swapgs.
static bool is_opening(uint64_t code)
{
	return (code & 0xffffff) == 0xf8010f || (code & 0xff) == 0xfb;
}

static void on_opening(unsigned cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (kernel - opened > longest)
		longest = kernel - opened;
	opened = kernel;
}

static void on_marker(unsigned cpu, void *data)
{
	(void)cpu;
	if ((uintptr_t)data == 1)
		longest = 0;
	fprintf(out, "%u user=%lu kernel=%lu rep=%lu cr3=%lu longest=%lu\n", (unsigned)(uintptr_t)data,
		user, kernel, repeated, cr3, longest);
	fflush(out);
}

static void count(struct qemu_plugin_insn *insn, uint64_t *counter)
{
	qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, counter, 1);
}

static void on_instruction(struct qemu_plugin_insn *insn)
{
	uint64_t code = 0;
	size_t size = qemu_plugin_insn_size(insn);
	memcpy(&code, qemu_plugin_insn_data(insn), size < sizeof code ? size : sizeof code);
	for (uintptr_t which = 1; which <= 2; which++)
		if (is_marker(code, which))
			qemu_plugin_register_vcpu_insn_exec_cb(
				insn, on_marker, CALLBACK_NO_REGISTERS, (void *)which);
	if (is_opening(code))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_opening, CALLBACK_NO_REGISTERS, nullptr);
	if (is_cr3_write(code))
		count(insn, &cr3);
	if (is_repeated(code))
		count(insn, &repeated);
	else
		count(insn, qemu_plugin_insn_vaddr(insn) >> 63 ? &kernel : &user);
}

static void on_block(uint64_t id, struct qemu_plugin_tb *block)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++)
		on_instruction(qemu_plugin_tb_get_insn(block, i));
}

int qemu_plugin_install(uint64_t id, const void *info, int argument_count, char **arguments)
{
	(void)info;
	UNSAFE_BEGIN("argument_count was compared")
	const char *argument = argument_count == 1 ? arguments[0] : "";
	out = strncmp(argument, "out=", 4) == 0 ? fopen(argument + 4, "w") : nullptr;
	UNSAFE_END
	if (out == nullptr) {
		fputs("count.so: needs out=FILE\n", stderr);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	return 0;
}

// SPDX-License-Identifier: MIT
// profile.c - a QEMU plugin (plugin API 1, QEMU 7.2) that tells where the guest's instructions go.
// It counts the runs of each translated block between the markers 1 and 2 (count.c), pairs from=N
// to to=M, or with boot=on from power on to the first marker, and at QEMU's end writes one line for
// each block that ran to out=FILE: "ADDRESS INSTRUCTIONS RUNS CODE", code in hexadecimal.
// tools/bench/profile finds the functions. Nearly exact with one CPU and -icount: a block that a
// fault ends early counts whole.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/unsafe.h"
#include "tools/bench/plugin.h"

EXPORT int qemu_plugin_version = 1;

enum { CODE_SIZE = 64 };

struct block {
	struct block *next;
	uint64_t address, instructions, runs, runs_before, counted;
	size_t size; // of code: the start of the block, whole instructions
	uint8_t code[CODE_SIZE];
};

static struct block *blocks; // all of them, newest first; QEMU translates one at a time
static uint64_t pair, from, to = UINT64_MAX;
static bool is_boot;
static FILE *out; // owned, until QEMU ends

static bool is_marker(const uint8_t *code, size_t size, uint8_t which)
{
	const uint8_t marker[7] = { 0x0f, 0x1f, 0x80, which, 0x00, 0xb0, 0x5c };
	return size == sizeof marker && memcmp(code, marker, size) == 0;
}

static void on_start(unsigned cpu, void *data)
{
	(void)cpu;
	(void)data;
	for (struct block *block = blocks; block; block = block->next) {
		block->runs_before = block->runs;
		if (is_boot && !pair)
			block->counted = block->runs;
	}
}

static void on_stop(unsigned cpu, void *data)
{
	(void)cpu;
	(void)data;
	uint64_t this_pair = pair++;
	if (is_boot || this_pair < from || this_pair > to)
		return;
	for (struct block *block = blocks; block; block = block->next)
		block->counted += block->runs - block->runs_before;
}

static void take_instruction(struct block *record, struct qemu_plugin_insn *insn)
{
	size_t size = qemu_plugin_insn_size(insn);
	const void *code = qemu_plugin_insn_data(insn);
	if (is_marker(code, size, 1))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_start, CALLBACK_NO_REGISTERS, nullptr);
	if (is_marker(code, size, 2))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_stop, CALLBACK_NO_REGISTERS, nullptr);
	if (record->size + size > CODE_SIZE)
		return;
	UNSAFE_BEGIN("was compared")
	memcpy(record->code + record->size, code, size);
	UNSAFE_END
	record->size += size;
}

static void on_block(uint64_t id, struct qemu_plugin_tb *block)
{
	(void)id;
	struct block *record = calloc(1, sizeof *record); // until QEMU ends
	if (!record)
		abort();
	record->instructions = qemu_plugin_tb_n_insns(block);
	record->address = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(block, 0));
	for (size_t i = 0; i < record->instructions; i++)
		take_instruction(record, qemu_plugin_tb_get_insn(block, i));
	record->next = blocks;
	blocks = record;
	qemu_plugin_register_vcpu_tb_exec_inline(block, INLINE_ADD_U64, &record->runs, 1);
}

static void on_exit_of_machine(uint64_t id, void *data)
{
	(void)id;
	(void)data;
	for (struct block *block = blocks; block; block = block->next) {
		if (!block->counted)
			continue;
		fprintf(out, "%lx %lu %lu ", block->address, block->instructions, block->counted);
		for (size_t i = 0; i < block->size; i++) {
			UNSAFE_BEGIN("size counts what take_instruction put there")
			fprintf(out, "%02x", block->code[i]);
			UNSAFE_END
		}
		fputc('\n', out);
	}
	fclose(out);
}

int qemu_plugin_install(uint64_t id, const void *info, int argument_count, char **arguments)
{
	(void)info;
	for (int i = 0; i < argument_count; i++) {
		UNSAFE_BEGIN("i is less than argument_count")
		const char *argument = arguments[i];
		if (strncmp(argument, "out=", 4) == 0)
			out = fopen(argument + 4, "w");
		if (strncmp(argument, "from=", 5) == 0)
			from = strtoul(argument + 5, nullptr, 10);
		if (strncmp(argument, "to=", 3) == 0)
			to = strtoul(argument + 3, nullptr, 10);
		is_boot = is_boot || strcmp(argument, "boot=on") == 0;
		UNSAFE_END
	}
	if (!out) {
		fputs("profile.so: needs out=FILE\n", stderr);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	qemu_plugin_register_atexit_cb(id, on_exit_of_machine, nullptr);
	return 0;
}

// SPDX-License-Identifier: MIT
// plugin.h - the part of QEMU's plugin interface (API 1, QEMU 7.2) that count.c and profile.c use;
// Debian ships no header.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { INLINE_ADD_U64 = 0, CALLBACK_NO_REGISTERS = 0 };
typedef void translate_t(uint64_t id, struct qemu_plugin_tb *block);
typedef void execute_t(unsigned cpu, void *data);
typedef void exit_t(uint64_t id, void *data);
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translate_t *translate);
extern void qemu_plugin_register_atexit_cb(uint64_t id, exit_t *at_exit, void *data);
extern void qemu_plugin_register_vcpu_tb_exec_inline(
	struct qemu_plugin_tb *block, int op, void *counter, uint64_t amount);
extern void qemu_plugin_register_vcpu_insn_exec_inline(
	struct qemu_plugin_insn *insn, int op, void *counter, uint64_t amount);
extern void qemu_plugin_register_vcpu_insn_exec_cb(
	struct qemu_plugin_insn *insn, execute_t *execute, int flags, void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(
	const struct qemu_plugin_tb *block, size_t index);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

#define EXPORT [[gnu::visibility("default")]]
EXPORT extern int qemu_plugin_version;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int count, char **arguments);

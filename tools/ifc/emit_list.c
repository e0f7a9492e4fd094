// SPDX-License-Identifier: MIT
// emit_list.c - which files an interface file becomes.
#include "tools/ifc/emit.h"

#include "lib/base/view.h"

static const struct emitter syscall_emitters[] = {
	{ "abi/syscall_numbers.h", "", emit_syscall_numbers },
	{ "kernel/syscall_table.h", "", emit_syscall_table },
	{ "kernel/syscall_dispatch.c", "", emit_syscall_dispatch },
	{ "os/syscalls.h", "", emit_syscall_stubs },
	{ "fuzz/syscall_shapes.h", "", emit_syscall_shapes },
	{ "doc/syscalls.md", "", emit_syscall_page },
};

static const struct emitter protocol_emitters[] = {
	{ "ifc/", ".h", emit_protocol_header },
	{ "ifc/", "_fuzz.c", emit_protocol_fuzz },
	{ "doc/", ".md", emit_protocol_page },
};

const struct emitter *emitter_at(bool is_protocol, u32 index)
{
	if (index >= (is_protocol ? COUNT(protocol_emitters) : COUNT(syscall_emitters)))
		return nullptr;
	return is_protocol ? &AT(protocol_emitters, index) : &AT(syscall_emitters, index);
}

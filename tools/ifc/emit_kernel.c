// SPDX-License-Identifier: MIT
// emit_kernel.c - the kernel's side of system calls: prototypes and the dispatcher that decodes and
// checks. Order of checks: number, scalars, handles from left to right, buffers and structs.
#include "tools/ifc/emit.h"

// The C type of a register value inside the kernel.
static const char *value_type(const struct parameter *item)
{
	return item->kind == PARAMETER_HANDLE ? "handle_t" : item->type->c_name;
}

static bool is_any(const struct parameter *item)
{
	return text_same(item->object.text, "any");
}

static void emit_prototype_parameter(FILE *out, const struct parameter *item)
{
	const char *name = item->name.text;
	switch (item->kind) {
	case PARAMETER_VALUE:
	case PARAMETER_ADDRESS: fprintf(out, ", %s %s", item->type->c_name, name); break;
	case PARAMETER_HANDLE:
		fprintf(out, ", struct %s *%s%s", is_any(item) ? "object" : item->object.text,
			item->is_optional ? "_Nullable " : "", name);
		if (item->is_entry)
			fprintf(out, ", handle_t %s_handle", name);
		break;
	case PARAMETER_BUFFER: fprintf(out, ", struct user_span %s", name); break;
	case PARAMETER_STRUCT:
		fprintf(out, ", %s%s *%s", item->is_out ? "" : "const ", item->type->c_name, name);
		break;
	case PARAMETER_LEND:
	case PARAMETER_RING: break;
	}
}

static void emit_prototype(FILE *out, const struct call *call)
{
	emit_doc(out, "", call->doc);
	fputs("// Errors: ", out);
	emit_errors(out, call);
	fprintf(out, "\nerr_t sys_%s(struct thread *caller", call->name.text);
	if (call->is_raw) {
		fputs(", struct thread_registers *regs);\n\n", out);
		return;
	}
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		emit_prototype_parameter(out, item);
	for (const struct parameter *item = call->results; item != nullptr; item = item->next)
		fprintf(out, ", %s *out_%s", value_type(item), item->name.text);
	fputs(");\n\n", out);
}

static const char table_head[] =
	"//\n"
	"// The kernel implements the functions below. The dispatcher has checked number, values, "
	"handles\n"
	"// (kind, rights) and that buffers lie in user space, in this order. Objects are borrowed "
	"until\n"
	"// the kernel is left; NAME_handle is the handle that led to it. Results are written only\n"
	"// on OK; on any other value, also SYSCALL_BLOCKED, the dispatcher leaves their registers "
	"alone.\n"
	"#pragma once\n\n"
	"#include \"abi/errors.h\"\n"
	"#include \"abi/syscall_numbers.h\"\n"
	"#include \"kernel/memory/user.h\"\n"
	"#include \"lib/base/attributes.h\"\n\n";

// " process thread ... " one by one, as struct declarations or as checks of the numbers.
static void emit_kinds(FILE *out, const struct model *model, const char *format)
{
	struct arena arena = { nullptr };
	size_t from = 1;
	for (size_t i = 1; text_at(object_kinds, i) != '\0'; i++) {
		if (text_at(object_kinds, i) != ' ')
			continue;
		struct name kind = name_make(&arena, text_copy(&arena, object_kinds, from, i));
		from = i + 1;
		if (text_same(kind.text, "any"))
			continue;
		fputs(format, out);
		fprintf(out, model == nullptr ? "_%s == (u32)HANDLE_KIND_%s);\n" : "%s;\n",
			model == nullptr ? kind.upper : kind.text, kind.upper);
	}
	arena_fini(&arena);
}

void emit_syscall_table(const struct model *model, FILE *out)
{
	emit_head(model, out, "syscall_table.h - the system calls as the kernel implements them.");
	fputs(table_head, out);
	fputs("struct object;\nstruct thread_registers;\n", out);
	emit_kinds(out, model, "struct ");
	fputs("\nNONNULL_BEGIN\n\n", out);
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		emit_prototype(out, call);
	fputs("// Decodes, checks and runs one call. Unknown number: ERR_UNKNOWN_CALL.\n"
		  "err_t syscall_dispatch(struct thread *caller, struct thread_registers *regs, u64 "
		  "number);\n\n"
		  "NONNULL_END\n",
		out);
}

static void emit_value_check(FILE *out, const struct parameter *item)
{
	const char *name = item->name.text;
	const struct type *type = item->type;
	fprintf(out, "\tconst u64 %s = registers_argument(regs, %u);\n", name, item->index);
	if (item->kind == PARAMETER_ADDRESS || (type->kind == TYPE_SCALAR && type->size == 8))
		return;
	if (type->kind != TYPE_SCALAR)
		fprintf(out, "\tif (!%s_is_valid(%s))\n", type->symbol, name);
	else if (type->is_signed)
		fprintf(out, "\tif (%s != (u64)(i64)(%s)%s)\n", name, type->c_name, name);
	else
		fprintf(out, "\tif (%s > 0x%llx)\n", name, (unsigned long long)type_mask(type));
	fputs("\t\treturn ERR_INVALID;\n", out);
}

static void emit_handle_check(FILE *out, const struct parameter *item)
{
	const char *name = item->name.text;
	fprintf(out, "\tstruct object *_Nullable %s = nullptr;\n", name);
	fprintf(out, "\tTRY(%s(caller, registers_argument(regs, %u), OBJECT_%s, ",
		item->is_optional ? "take_optional" : "take_handle", item->index, item->object.upper);
	emit_rights(out, item, "0");
	fprintf(out, ", &%s));\n", name);
}

static void emit_buffer_check(FILE *out, const struct parameter *item)
{
	const char *name = item->name.text;
	fprintf(out,
		"\tconst struct user_span %s = { registers_argument(regs, %u), "
		"registers_argument(regs, %u) };\n",
		name, item->index, item->index + 1);
	fprintf(out, "\tTRY(user_span_check(%s.address, %s.size));\n", name, name);
}

static void emit_struct_in(FILE *out, const struct parameter *item)
{
	const char *name = item->name.text;
	fprintf(out, "\tconst u64 %s_address = registers_argument(regs, %u);\n", name, item->index);
	fprintf(out, "\tif (%s_address %% 8 != 0)\n\t\treturn ERR_ALIGNMENT;\n", name);
	fprintf(out, "\t%s %s = {};\n", item->type->c_name, name);
	if (item->is_out) {
		fprintf(out, "\tTRY(user_span_check(%s_address, sizeof(%s)));\n", name, name);
		return;
	}
	fprintf(out, "\tTRY(user_copy_in(&%s, %s_address, sizeof(%s)));\n", name, name, name);
	if (type_is_checked(item->type))
		fprintf(
			out, "\tif (!%s_is_valid(&%s))\n\t\treturn ERR_INVALID;\n", item->type->symbol, name);
}

static void emit_checks(FILE *out, const struct call *call)
{
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		if (item->kind == PARAMETER_VALUE || item->kind == PARAMETER_ADDRESS)
			emit_value_check(out, item);
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		if (item->kind == PARAMETER_HANDLE)
			emit_handle_check(out, item);
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next) {
		if (item->kind == PARAMETER_BUFFER)
			emit_buffer_check(out, item);
		else if (item->kind == PARAMETER_STRUCT)
			emit_struct_in(out, item);
	}
}

static void emit_argument(FILE *out, const struct parameter *item)
{
	const char *name = item->name.text;
	bool is_narrow = item->type != nullptr && !text_same(item->type->c_name, "u64");
	if (item->kind == PARAMETER_STRUCT)
		fprintf(out, ", &%s", name);
	else if (item->kind == PARAMETER_VALUE && is_narrow)
		fprintf(out, ", (%s)%s", item->type->c_name, name);
	else if (item->kind != PARAMETER_HANDLE || is_any(item))
		fprintf(out, ", %s", name);
	else if (item->is_optional)
		fprintf(out, ", %s == nullptr ? nullptr : %s_of(%s)", name, item->object.text, name);
	else
		fprintf(out, ", %s_of(%s)", item->object.text, name);
	if (item->is_entry)
		fprintf(out, ", (handle_t){ (u32)registers_argument(regs, %u) }", item->index);
}

static void emit_invoke(FILE *out, const struct call *call)
{
	fprintf(out, "sys_%s(caller", call->name.text);
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		emit_argument(out, item);
	for (const struct parameter *item = call->results; item != nullptr; item = item->next)
		fprintf(out, ", &out_%s", item->name.text);
	fputc(')', out);
}

static bool has_output(const struct call *call)
{
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		if (item->kind == PARAMETER_STRUCT && item->is_out)
			return true;
	return call->results != nullptr;
}

static void emit_results(FILE *out, const struct call *call)
{
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		if (item->kind == PARAMETER_STRUCT && item->is_out)
			fprintf(out, "\tTRY(user_copy_out(%s_address, &%s, sizeof(%s)));\n", item->name.text,
				item->name.text, item->name.text);
	for (const struct parameter *item = call->results; item != nullptr; item = item->next) {
		const char *name = item->name.text;
		bool is_handle = item->kind == PARAMETER_HANDLE;
		const char *cast = is_handle               ? ""
		                   : item->type->is_signed ? "(u64)(i64)"
		                   : item->type->size == 8 ? ""
		                                           : "(u64)";
		fprintf(out, "\tregisters_result(regs, %u, %sout_%s%s);\n", item->index, cast, name,
			is_handle ? ".raw" : "");
	}
}

static void emit_dispatcher(FILE *out, const struct call *call)
{
	bool is_reading = call->parameters != nullptr || call->results != nullptr;
	fprintf(out,
		"[[gnu::noinline]] static err_t dispatch_%s(struct thread *caller, %sstruct "
		"thread_registers *regs)\n{\n",
		call->name.text, is_reading ? "" : "[[maybe_unused]] ");
	emit_checks(out, call);
	for (const struct parameter *item = call->results; item != nullptr; item = item->next)
		fprintf(out, "\t%s out_%s = %s;\n", value_type(item), item->name.text,
			item->kind == PARAMETER_HANDLE ? "HANDLE_NONE" : "0");
	fputs(has_output(call) ? "\tTRY(" : "\treturn ", out);
	emit_invoke(out, call);
	fputs(has_output(call) ? ");\n" : ";\n", out);
	emit_results(out, call);
	fputs(has_output(call) ? "\treturn OK;\n}\n\n" : "}\n\n", out);
}

static const char dispatch_head[] = "#include \"kernel/syscall_table.h\"\n\n"
									"#include \"kernel/object/handle.h\"\n"
									"#include \"kernel/syscall/support.h\"\n"
									"#include \"lib/base/err.h\"\n\n"
									"NONNULL_BEGIN\n\n";

static const char dispatch_helpers[] =
	"\n"
	"[[maybe_unused, gnu::always_inline]] static inline err_t take_handle(struct thread *caller, "
	"u64 value,\n"
	"\tenum object_kind kind, u32 rights, struct object *_Nullable *_Nonnull out)\n"
	"{\n"
	"\treturn support_lookup(caller, value, kind, rights, out);\n"
	"}\n\n"
	"// HANDLE_NONE gives a null object.\n"
	"[[maybe_unused, gnu::always_inline]] static inline err_t take_optional(struct thread *caller, "
	"u64 value,\n"
	"\tenum object_kind kind, u32 rights, struct object *_Nullable *_Nonnull out)\n"
	"{\n"
	"\tif (value == HANDLE_NONE.raw)\n"
	"\t\treturn OK;\n"
	"\treturn take_handle(caller, value, kind, rights, out);\n"
	"}\n\n";

void emit_syscall_dispatch(const struct model *model, FILE *out)
{
	emit_head(model, out, "syscall_dispatch.c - registers to checked arguments, and results back.");
	fputs(dispatch_head, out);
	emit_kinds(out, nullptr, "static_assert((u32)OBJECT");
	fputs(dispatch_helpers, out);
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		if (!call->is_raw)
			emit_dispatcher(out, call);
	fputs("err_t syscall_dispatch(struct thread *caller, struct thread_registers *regs, u64 "
		  "number)\n{\n"
		  "\tswitch (number) {\n",
		out);
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		fprintf(out, "\tcase SYSCALL_%s:\n\t\treturn %s_%s(caller, regs);\n", call->name.upper,
			call->is_raw ? "sys" : "dispatch", call->name.text);
	fputs("\tdefault:\n\t\treturn ERR_UNKNOWN_CALL;\n\t}\n}\n\nNONNULL_END\n", out);
}

// SPDX-License-Identifier: MIT
// emit_user.c - the programs' side of system calls: one inline function for each call that is not
// raw, over helpers that load the registers. x86_64.
#include "tools/ifc/emit.h"

#include "lib/base/view.h"

static const char stub_head[] =
	"// Results are written only on OK. Raw calls have no stub here: see lib/os.\n"
	"#pragma once\n\n"
	"#include \"abi/errors.h\"\n"
	"#include \"abi/syscall_numbers.h\"\n"
	"#include \"lib/base/view.h\"\n\n"
	"NONNULL_BEGIN\n\n"
	"struct syscall_answer {\n"
	"\terr_t err;\n"
	"\tu64 first, second;\n"
	"};\n\n"
	"// Number in rax, arguments in rdi rsi rdx r10 r8 r9; answer in rax, rdx, r8. One helper for "
	"each\n"
	"// number of arguments, so that a short call loads few registers.\n";

static const char helper_start[] = "[[gnu::always_inline]] static inline struct syscall_answer "
								   "syscall_%u(u64 number";

// The kernel may write to where an argument points.
static void emit_escape(FILE *out, u32 count)
{
	fputs("\tif (IS_ANALYSED)\n\t\tassembly_may_write(number", out);
	for (u32 i = 0; i < count; i++)
		fprintf(out, ", a%u", i);
	fputs(");\n", out);
}

// Arguments 2 and 4 share their register with a result.
static void emit_helper(FILE *out, u32 count)
{
	static const char *const operands[] = { ", \"D\"(a0)", ", \"S\"(a1)", "", ", \"r\"(r10)", "",
		", \"r\"(r9)" };
	fprintf(out, helper_start, count);
	for (u32 i = 0; i < count; i++)
		fprintf(out, ", u64 a%u", i);
	fputs(")\n{\n", out);
	emit_escape(out, count);
	fprintf(out, "\tu64 rax = number, rdx%s;\n", count > 2 ? " = a2" : "");
	if (count > 3)
		fputs("\tregister u64 r10 __asm__(\"r10\") = a3;\n", out);
	fprintf(out, "\tregister u64 r8 __asm__(\"r8\")%s;\n", count > 4 ? " = a4" : "");
	if (count > 5)
		fputs("\tregister u64 r9 __asm__(\"r9\") = a5;\n", out);
	fprintf(out,
		"\t__asm__ volatile(\"syscall\"\n\t\t: \"+a\"(rax), \"%sd\"(rdx), \"%sr\"(r8)\n\t\t: ",
		count > 2 ? "+" : "=", count > 4 ? "+" : "=");
	bool is_first = true;
	for (u32 i = 0; i < count; i++) {
		const char *operand = AT(operands, i);
		if (text_at(operand, 0) == '\0')
			continue;
		for (size_t at = is_first ? 2 : 0; text_at(operand, at) != '\0'; at++)
			fputc(text_at(operand, at), out);
		is_first = false;
	}
	fputs("\n\t\t: \"rcx\", \"r11\", \"memory\");\n", out);
	fputs("\treturn (struct syscall_answer){ (err_t)(i32)rax, rdx, r8 };\n}\n\n", out);
}

static void emit_stub_parameter(FILE *out, const struct parameter *item)
{
	const char *name = item->name.text;
	switch (item->kind) {
	case PARAMETER_VALUE:
	case PARAMETER_ADDRESS: fprintf(out, "%s %s", item->type->c_name, name); break;
	case PARAMETER_HANDLE: fprintf(out, "handle_t %s", name); break;
	case PARAMETER_BUFFER: fprintf(out, "%s %s", item->is_out ? "span_t" : "view_t", name); break;
	case PARAMETER_STRUCT:
		fprintf(out, "%s%s *%s", item->is_out ? "" : "const ", item->type->c_name, name);
		break;
	case PARAMETER_LEND:
	case PARAMETER_RING: break;
	}
}

static void emit_stub_argument(FILE *out, const struct parameter *item)
{
	const char *name = item->name.text;
	switch (item->kind) {
	case PARAMETER_VALUE:
	case PARAMETER_ADDRESS:
		fprintf(out, ", %s%s",
			item->type->is_signed ? "(u64)(i64)"
			: item->type->kind != TYPE_SCALAR || !text_same(item->type->c_name, "u64") ? "(u64)"
																					   : "",
			name);
		break;
	case PARAMETER_HANDLE: fprintf(out, ", %s.raw", name); break;
	case PARAMETER_BUFFER: fprintf(out, ", (u64)(uintptr_t)%s.data, %s.size", name, name); break;
	case PARAMETER_STRUCT: fprintf(out, ", (u64)(uintptr_t)%s", name); break;
	case PARAMETER_LEND:
	case PARAMETER_RING: break;
	}
}

static u32 register_count(const struct call *call)
{
	u32 count = 0;
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		count = item->index + (item->kind == PARAMETER_BUFFER ? 2 : 1);
	return count;
}

static void emit_stub_head(FILE *out, const struct call *call)
{
	bool is_first = true;
	emit_doc(out, "", call->doc);
	fputs("// Errors: ", out);
	emit_errors(out, call);
	fprintf(out, "\nstatic inline err_t %s(", call->name.text);
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next) {
		is_first = emit_separator(out, is_first);
		emit_stub_parameter(out, item);
	}
	for (const struct parameter *item = call->results; item != nullptr; item = item->next) {
		is_first = emit_separator(out, is_first);
		fprintf(out, "%s *out_%s", item->kind == PARAMETER_HANDLE ? "handle_t" : item->type->c_name,
			item->name.text);
	}
	fputs(is_first ? "void)\n{\n" : ")\n{\n", out);
}

static void emit_stub(FILE *out, const struct call *call)
{
	emit_stub_head(out, call);
	fputs(call->results == nullptr ? "\treturn " : "\tconst struct syscall_answer answer =\n\t\t",
		out);
	fprintf(out, "syscall_%u(SYSCALL_%s", register_count(call), call->name.upper);
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		emit_stub_argument(out, item);
	if (call->results == nullptr) {
		fputs(").err;\n}\n\n", out);
		return;
	}
	fputs(");\n\tTRY(answer.err);\n", out);
	for (const struct parameter *item = call->results; item != nullptr; item = item->next) {
		const char *source = item->index == 0 ? "answer.first" : "answer.second";
		if (item->kind == PARAMETER_HANDLE)
			fprintf(out, "\t*out_%s = (handle_t){ (u32)%s };\n", item->name.text, source);
		else if (text_same(item->type->c_name, "u64"))
			fprintf(out, "\t*out_%s = %s;\n", item->name.text, source);
		else
			fprintf(out, "\t*out_%s = (%s)%s;\n", item->name.text, item->type->c_name, source);
	}
	fputs("\treturn OK;\n}\n\n", out);
}

void emit_syscall_stubs(const struct model *model, FILE *out)
{
	emit_head(model, out, "syscalls.h - the system calls as programs make them.");
	fputs(stub_head, out);
	for (u32 count = 0; count <= ARGUMENT_MAX; count++)
		emit_helper(out, count);
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		if (!call->is_raw)
			emit_stub(out, call);
	fputs("NONNULL_END\n", out);
}

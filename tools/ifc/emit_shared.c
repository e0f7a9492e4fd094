// SPDX-License-Identifier: MIT
// emit_shared.c - what describes system calls to everybody: numbers and types, the table of shapes
// for fuzzers and tracers, the reference pages.
#include "tools/ifc/emit.h"

#include <stdlib.h>

static void emit_handle_kinds(FILE *out)
{
	struct arena arena = { nullptr };
	size_t from = 1;
	fputs("// Kinds of objects, as struct object_info tells them.\nenum handle_kind : u8 {\n", out);
	for (size_t i = 1; text_at(object_kinds, i) != '\0'; i++) {
		if (text_at(object_kinds, i) != ' ')
			continue;
		struct name kind = name_make(&arena, text_copy(&arena, object_kinds, from, i));
		fprintf(out, "\tHANDLE_KIND_%s,\n", kind.upper);
		from = i + 1;
	}
	fputs("};\n\n", out);
	arena_fini(&arena);
}

void emit_syscall_numbers(const struct model *model, FILE *out)
{
	u32 count = 0;
	emit_head(model, out, "syscall_numbers.h - numbers and types of the system calls.");
	fputs("#pragma once\n\n#include \"abi/types.h\"\n\nenum syscall_number : u16 {\n", out);
	for (const struct call *call = model->calls; call != nullptr; call = call->next) {
		fprintf(out, "\tSYSCALL_%s = %u,\n", call->name.upper, call->number);
		count++;
	}
	fprintf(out, "};\nconstexpr u32 SYSCALL_COUNT = %u;\nconstexpr u32 SYSCALL_VERSION = %llu;\n\n",
		count, (unsigned long long)model->version);
	emit_handle_kinds(out);
	emit_types(model, out, true);
}

static const char shapes_head[] =
	"#pragma once\n\n"
	"#include \"abi/errors.h\"\n"
	"#include \"abi/rights.h\"\n"
	"#include \"abi/syscall_numbers.h\"\n\n"
	"enum parameter_kind : u8 {\n"
	"\tPARAMETER_SCALAR, // 0 to limit\n"
	"\tPARAMETER_SIGNED, // i32 or i64, sign-extended\n"
	"\tPARAMETER_ENUM,   // limit: the largest value\n"
	"\tPARAMETER_FLAGS,  // limit: all bits that are known\n"
	"\tPARAMETER_ADDRESS,\n"
	"\tPARAMETER_HANDLE,\n"
	"\tPARAMETER_BUFFER_IN, // address; the next register is its PARAMETER_SIZE\n"
	"\tPARAMETER_BUFFER_OUT,\n"
	"\tPARAMETER_SIZE,\n"
	"\tPARAMETER_STRUCT_IN, // limit: its size\n"
	"\tPARAMETER_STRUCT_OUT,\n"
	"};\n\n"
	"// One register.\n"
	"struct parameter_shape {\n"
	"\tconst char *name;\n"
	"\tenum parameter_kind kind;\n"
	"\tenum handle_kind handle; // PARAMETER_HANDLE\n"
	"\tbool is_optional;        // HANDLE_NONE is allowed\n"
	"\tu32 rights;              // needed of the handle\n"
	"\tu64 limit;\n"
	"};\n\n"
	"struct syscall_shape {\n"
	"\tconst char *name;\n"
	"\tu8 count;   // registers\n"
	"\tu8 results; // registers\n"
	"\tu8 result_handles; // bit n: result n is a handle\n"
	"\tbool is_raw;       // takes more registers than these\n"
	"\tu64 errors;        // bit n: error -n is documented\n"
	"\tstruct parameter_shape parameter[6];\n"
	"};\n\n";

static const char *scalar_kind(const struct type *type)
{
	if (type->kind == TYPE_ENUM)
		return "ENUM";
	if (type->kind == TYPE_FLAGS)
		return "FLAGS";
	return type->is_signed ? "SIGNED" : "SCALAR";
}

static void emit_register(FILE *out, const struct parameter *item)
{
	fprintf(out, "\t\t\t{ .name = \"%s\", .kind = PARAMETER_", item->name.text);
	switch (item->kind) {
	case PARAMETER_VALUE:
		fprintf(out, "%s, .limit = 0x%llx },\n", scalar_kind(item->type),
			(unsigned long long)type_mask(item->type));
		break;
	case PARAMETER_ADDRESS: fputs("ADDRESS },\n", out); break;
	case PARAMETER_HANDLE:
		fprintf(out,
			"HANDLE, .handle = HANDLE_KIND_%s, .is_optional = %s, .rights = ", item->object.upper,
			item->is_optional ? "true" : "false");
		emit_rights(out, item, "0");
		fputs(" },\n", out);
		break;
	case PARAMETER_BUFFER:
		fprintf(out, "BUFFER_%s },\n", item->is_out ? "OUT" : "IN");
		fprintf(out, "\t\t\t{ .name = \"%s_size\", .kind = PARAMETER_SIZE },\n", item->name.text);
		break;
	case PARAMETER_STRUCT:
		fprintf(out, "STRUCT_%s, .limit = %u },\n", item->is_out ? "OUT" : "IN", item->type->size);
		break;
	case PARAMETER_LEND:
	case PARAMETER_RING: break;
	}
}

// The list of emit_errors as a mask.
static void emit_error_mask(FILE *out, const struct call *call)
{
	char *list = nullptr;
	size_t size = 0, from = 0;
	struct arena arena = { nullptr };
	FILE *memory = open_memstream(&list, &size);
	if (memory == nullptr)
		return;
	emit_errors(memory, call);
	fclose(memory);
	if (text_same(list, "none"))
		fputc('0', out);
	for (size_t i = 0; i <= size && !text_same(list, "none"); i++) {
		if (i != size && text_at(list, i) != ',')
			continue;
		struct name error = name_make(&arena, text_copy(&arena, list, from, i));
		fprintf(out, "%s1ull << -ERR_%s", from == 0 ? "" : " | ", error.upper);
		from = i + 2;
	}
	arena_fini(&arena);
	free(list);
}

static void emit_shape(FILE *out, const struct call *call)
{
	u32 count = 0, results = 0, handles = 0;
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		count += item->kind == PARAMETER_BUFFER ? 2 : 1;
	for (const struct parameter *item = call->results; item != nullptr;
		item = item->next, results++)
		handles |= item->kind == PARAMETER_HANDLE ? 1u << results : 0;
	fprintf(out, "\t[SYSCALL_%s] = {\n\t\t.name = \"%s\",\n", call->name.upper, call->name.text);
	fprintf(out, "\t\t.count = %u,\n\t\t.results = %u,\n\t\t.result_handles = %u,\n", count,
		results, handles);
	fprintf(out, "\t\t.is_raw = %s,\n\t\t.errors = ", call->is_raw ? "true" : "false");
	emit_error_mask(out, call);
	fputs(",\n\t\t.parameter = {\n", out);
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		emit_register(out, item);
	fputs("\t\t},\n\t},\n", out);
}

void emit_syscall_shapes(const struct model *model, FILE *out)
{
	emit_head(
		model, out, "syscall_shapes.h - each system call's registers, for fuzzers and tracers.");
	fputs(shapes_head, out);
	fputs("[[maybe_unused]] static const struct syscall_shape syscall_shapes[SYSCALL_COUNT] = {\n",
		out);
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		emit_shape(out, call);
	fputs("};\n", out);
}

static void emit_call_page(FILE *out, const struct call *call)
{
	fprintf(out, "### %s\n\n`", call->name.text);
	emit_signature_page(out, call);
	fprintf(out, "`\n\nNumber %u.%s ", call->number,
		call->is_raw ? " Registers beyond the parameters: abi/message.h." : "");
	emit_doc_page(out, call->doc);
	if (call->doc == nullptr)
		fputs("\n\n", out);
	fputs("Errors: ", out);
	emit_errors(out, call);
	fputs(".\n\n", out);
}

static const char page_head[] =
	"Number in `rax`, arguments in `rdi rsi rdx r10 r8 r9` (a buffer takes two: address, length);\n"
	"answer: `rax` = error, results in `rdx`, `r8`; `rcx` and `r11` are destroyed. Every call "
	"checks\n"
	"in this order and the first failure answers: number, values, handles from left to right,\n"
	"buffers and structs. `[right]`: what the handle must allow. `?`: HANDLE_NONE is allowed.\n\n";

void emit_syscall_page(const struct model *model, FILE *out)
{
	fprintf(out, "# System calls\n\n<!-- Made by tools/ifc from %s. -->\n\n", emit_origin(model));
	emit_doc_page(out, model->doc);
	fputs(page_head, out);
	emit_types_page(model, out);
	fputs("## Calls\n\n", out);
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		emit_call_page(out, call);
}

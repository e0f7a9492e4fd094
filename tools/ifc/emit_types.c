// SPDX-License-Identifier: MIT
// emit_types.c - constants, enums, flags and structs of both kinds of interface as C and as a page.
#include "tools/ifc/emit.h"

static void emit_constants(const struct model *model, FILE *out)
{
	for (const struct constant *item = model->constants; item != nullptr; item = item->next) {
		emit_doc(out, "", item->doc);
		fprintf(out, "constexpr %s %s%s%s = %llu;\n", item->type->name.text,
			model->is_protocol ? model->name.upper : "", model->is_protocol ? "_" : "",
			item->name.upper, (unsigned long long)item->number);
	}
	if (model->constants != nullptr)
		fputc('\n', out);
}

static bool is_without_gaps(const struct type *type)
{
	u64 count = 0;
	for (const struct value *value = type->values; value != nullptr; value = value->next)
		count++;
	return type_mask(type) == count - 1;
}

static const struct value *last_value(const struct type *type)
{
	const struct value *last = type->values;
	for (const struct value *value = type->values; value != nullptr; value = value->next)
		last = value->number > last->number ? value : last;
	return last;
}

static void emit_enum_check(FILE *out, const struct type *type)
{
	fprintf(out, "static inline bool %s_is_valid(u64 value)\n{\n", type->symbol);
	if (type->kind == TYPE_FLAGS) {
		fprintf(out, "\treturn (value & ~(u64)%s_ALL) == 0;\n}\n\n", type->constant);
		return;
	}
	if (is_without_gaps(type)) {
		fprintf(
			out, "\treturn value <= %s_%s;\n}\n\n", type->constant, last_value(type)->name.upper);
		return;
	}
	fputs("\tswitch (value) {\n", out);
	for (const struct value *value = type->values; value != nullptr; value = value->next)
		fprintf(out, "\tcase %s_%s:\n", type->constant, value->name.upper);
	fputs("\t\treturn true;\n\tdefault:\n\t\treturn false;\n\t}\n}\n\n", out);
}

static void emit_enum(FILE *out, const struct type *type, bool is_checking)
{
	const char *format = type->kind == TYPE_FLAGS ? "\t%s_%s = 0x%llx,\n" : "\t%s_%s = %llu,\n";
	emit_doc(out, "", type->doc);
	fprintf(out, "%s : %s {\n", type->c_name, type->base->name.text);
	for (const struct value *value = type->values; value != nullptr; value = value->next)
		fprintf(out, format, type->constant, value->name.upper, (unsigned long long)value->number);
	if (type->kind == TYPE_FLAGS)
		fprintf(out, format, type->constant, "ALL", (unsigned long long)type_mask(type));
	fputs("};\n\n", out);
	if (is_checking)
		emit_enum_check(out, type);
}

static void emit_struct_check(FILE *out, const struct type *type)
{
	fprintf(
		out, "static inline bool %s_is_valid(const %s *value)\n{\n", type->symbol, type->c_name);
	for (const struct field *field = type->fields; field != nullptr; field = field->next) {
		if (!type_is_checked(field->type))
			continue;
		if (field->count == 0) {
			fprintf(out, "\tif (!%s_is_valid(value->%s))\n\t\treturn false;\n", field->type->symbol,
				field->name.text);
			continue;
		}
		fprintf(out, "\tfor (usize i = 0; i < %llu; i++)\n", (unsigned long long)field->count);
		fprintf(out, "\t\tif (!%s_is_valid(AT(value->%s, i)))\n\t\t\treturn false;\n",
			field->type->symbol, field->name.text);
	}
	fputs("\treturn true;\n}\n\n", out);
}

static void emit_struct(FILE *out, const struct type *type, bool is_checking)
{
	emit_doc(out, "", type->doc);
	fprintf(out, "%s {\n", type->c_name);
	for (const struct field *field = type->fields; field != nullptr; field = field->next) {
		fprintf(out, "\t%s %s", field->type->c_name, field->name.text);
		if (field->count != 0)
			fprintf(out, "[%llu]", (unsigned long long)field->count);
		fputs(";\n", out);
	}
	fprintf(out, "};\nstatic_assert(sizeof(%s) == %u);\n\n", type->c_name, type->size);
	if (is_checking && type_is_checked(type))
		emit_struct_check(out, type);
}

void emit_types(const struct model *model, FILE *out, bool is_checking)
{
	emit_constants(model, out);
	for (const struct type *type = model->types; type != nullptr; type = type->next) {
		if (type->kind == TYPE_ENUM || type->kind == TYPE_FLAGS)
			emit_enum(out, type, is_checking);
		else if (type->kind == TYPE_STRUCT)
			emit_struct(out, type, is_checking);
	}
}

static void emit_type_page(FILE *out, const struct type *type)
{
	const char *word = type->kind == TYPE_STRUCT  ? "struct"
	                   : type->kind == TYPE_FLAGS ? "flags"
	                                              : "enum";
	fprintf(out, "### %s %s\n\n", word, type->name.text);
	emit_doc_page(out, type->doc);
	for (const struct value *value = type->values; value != nullptr; value = value->next)
		fprintf(out, "- `%s_%s` = %llu\n", type->constant, value->name.upper,
			(unsigned long long)value->number);
	for (const struct field *field = type->fields; field != nullptr; field = field->next) {
		fprintf(out, "- `%s %s`", field->type->name.text, field->name.text);
		if (field->count != 0)
			fprintf(out, ", %llu of them", (unsigned long long)field->count);
		fprintf(out, " at byte %u\n", field->offset);
	}
	fputc('\n', out);
}

void emit_types_page(const struct model *model, FILE *out)
{
	bool has_title = false;
	for (const struct type *type = model->types; type != nullptr; type = type->next) {
		if (type->kind == TYPE_SCALAR)
			continue;
		if (!has_title)
			fputs("## Types\n\n", out);
		has_title = true;
		emit_type_page(out, type);
	}
}

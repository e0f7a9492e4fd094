// SPDX-License-Identifier: MIT
// emit.c - pieces that several outputs have in common: comments, types, signatures.
#include "tools/ifc/emit.h"

#include <string.h>

// Independent of where the build runs.
const char *emit_origin(const struct model *model)
{
	size_t slashes = 0, from = strlen(model->file);
	for (; from > 0; from--) {
		slashes += text_at(model->file, from - 1) == '/';
		if (slashes == 2)
			break;
	}
	return text_tail(model->file, from);
}

void emit_head(const struct model *model, FILE *out, const char *what)
{
	fprintf(out, "// SPDX-License-Identifier: MIT\n// %s\n", what);
	fprintf(
		out, "// Made by tools/ifc from %s: change that file, not this one.\n", emit_origin(model));
}

// Breaks at spaces, so that generated comments keep to 100 columns.
static void emit_paragraph(FILE *out, const char *indent, const char *text, size_t width)
{
	size_t size = strlen(text), from = 0;
	while (from < size) {
		size_t to = size - from > width ? from + width : size;
		while (to < size && to > from && text_at(text, to) != ' ')
			to--;
		to = to == from ? size : to;
		fprintf(out, "%s// ", indent);
		for (; from < to; from++)
			fputc(text_at(text, from), out);
		fputc('\n', out);
		from++;
	}
}

// As written, unless a line is too long: then all of it is one paragraph.
void emit_doc(FILE *out, const char *indent, const struct text_list *doc)
{
	struct arena arena = { nullptr };
	const char *all = "";
	size_t width = 97 - strlen(indent) * 4;
	bool is_long = false;
	for (const struct text_list *line = doc; line != nullptr; line = line->next) {
		is_long |= strlen(line->name.text) > width;
		all = text_format(&arena, "%s%s%s", all, line == doc ? "" : " ", line->name.text);
	}
	if (is_long)
		emit_paragraph(out, indent, all, width);
	for (const struct text_list *line = doc; !is_long && line != nullptr; line = line->next)
		fprintf(out, "%s// %s\n", indent, line->name.text);
	arena_fini(&arena);
}

void emit_doc_page(FILE *out, const struct text_list *doc)
{
	if (doc == nullptr)
		return;
	for (; doc != nullptr; doc = doc->next)
		fprintf(out, "%s\n", doc->name.text);
	fputc('\n', out);
}

static size_t line_end(const char *text, size_t from)
{
	while (text_at(text, from) != '\n' && text_at(text, from) != '\0')
		from++;
	return from;
}

// Where to break [from, to) that starts at column: behind the last comma or bar that fits, or to.
static size_t fold_at(const char *text, size_t from, size_t to, size_t column)
{
	size_t best = to;
	for (size_t i = from; i < to; i++) {
		column = text_at(text, i) == '\t' ? (column / 4 + 1) * 4 : column + 1;
		if (column > 100)
			return best;
		if (i > from && text_at(text, i) == ' ' &&
			(text_at(text, i - 1) == ',' || text_at(text, i - 1) == '|'))
			best = i;
	}
	return to;
}

static void emit_line(FILE *out, const char *text, size_t from, size_t to)
{
	size_t tabs = 0;
	while (from + tabs < to && text_at(text, from + tabs) == '\t')
		tabs++;
	bool is_comment = from + tabs + 1 < to && text_at(text, from + tabs) == '/' &&
	                  text_at(text, from + tabs + 1) == '/';
	size_t indent = is_comment ? tabs : tabs + 1, column = 0;
	while (from < to) {
		size_t end = fold_at(text, from, to, column);
		for (; from < end; from++)
			fputc(text_at(text, from), out);
		fputc('\n', out);
		from += from < to;
		for (size_t i = 0; from < to && i < indent; i++)
			fputc('\t', out);
		if (is_comment && from < to)
			fputs("// ", out);
		column = indent * 4 + (is_comment ? 3 : 0);
	}
}

void emit_folded(FILE *out, const char *text)
{
	for (size_t from = 0; text_at(text, from) != '\0';) {
		size_t to = line_end(text, from), end = to;
		while (end > from && text_at(text, end - 1) == ' ')
			end--;
		if (end == from)
			fputc('\n', out);
		emit_line(out, text, from, end);
		from = text_at(text, to) == '\n' ? to + 1 : to;
	}
}

bool emit_separator(FILE *out, bool is_first)
{
	if (!is_first)
		fputs(", ", out);
	return false;
}

bool model_needs(const struct call *call, enum parameter_kind kind)
{
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		if (item->kind == kind)
			return true;
	return false;
}

static void emit_unique_error(FILE *out, bool *is_first, const struct call *call, const char *name)
{
	for (const struct text_list *item = call->errors; item != nullptr; item = item->next)
		if (text_same(item->name.text, name))
			return; // listed by hand, comes later
	*is_first = emit_separator(out, *is_first);
	fputs(name, out);
}

static bool has_rights(const struct call *call)
{
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		if (item->rights != nullptr)
			return true;
	return false;
}

static bool has_typed_handle(const struct call *call)
{
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		if (item->object.text != nullptr && !text_same(item->object.text, "any"))
			return true;
	return false;
}

static bool has_invalid(const struct call *call)
{
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		if (item->type != nullptr && item->kind != PARAMETER_RING &&
			(type_is_checked(item->type) ||
				(item->kind == PARAMETER_VALUE && item->type->size < 8)))
			return true;
	return false;
}

// What the generated checks of a system call can answer, then what its author listed.
void emit_errors(FILE *out, const struct call *call)
{
	bool is_first = true;
	if (!call->is_raw && has_invalid(call))
		emit_unique_error(out, &is_first, call, "invalid");
	if (model_needs(call, PARAMETER_HANDLE)) {
		emit_unique_error(out, &is_first, call, "bad_handle");
		if (has_typed_handle(call))
			emit_unique_error(out, &is_first, call, "wrong_type");
		if (has_rights(call))
			emit_unique_error(out, &is_first, call, "rights");
		emit_unique_error(out, &is_first, call, "revoked");
	}
	if (model_needs(call, PARAMETER_STRUCT))
		emit_unique_error(out, &is_first, call, "alignment");
	if (model_needs(call, PARAMETER_BUFFER) || model_needs(call, PARAMETER_STRUCT))
		emit_unique_error(out, &is_first, call, "fault");
	for (const struct text_list *item = call->errors; item != nullptr; item = item->next) {
		is_first = emit_separator(out, is_first);
		fputs(item->name.text, out);
	}
	if (is_first)
		fputs("none", out);
}

void emit_rights(FILE *out, const struct parameter *parameter, const char *none)
{
	if (parameter->rights == nullptr)
		fputs(none, out);
	for (const struct text_list *right = parameter->rights; right != nullptr; right = right->next)
		fprintf(out, "%sRIGHT_%s", right == parameter->rights ? "" : " | ", right->name.upper);
}

void emit_parameter_page(FILE *out, const struct parameter *parameter)
{
	const char *direction = parameter->is_out ? "out" : "in";
	switch (parameter->kind) {
	case PARAMETER_VALUE:
		fprintf(out, "%s %s", parameter->type->name.text, parameter->name.text);
		break;
	case PARAMETER_ADDRESS: fprintf(out, "address %s", parameter->name.text); break;
	case PARAMETER_BUFFER: fprintf(out, "buffer %s %s", direction, parameter->name.text); break;
	case PARAMETER_STRUCT:
		fprintf(
			out, "struct %s %s %s", parameter->type->name.text, direction, parameter->name.text);
		break;
	case PARAMETER_LEND: fprintf(out, "lend %s %s", direction, parameter->name.text); break;
	case PARAMETER_RING:
		fprintf(out, "ring %s %s", parameter->type->name.text, parameter->name.text);
		break;
	case PARAMETER_HANDLE:
		fputs("handle ", out);
		if (parameter->object.text != nullptr)
			fputs(parameter->object.text, out);
		for (const struct text_list *right = parameter->rights; right != nullptr;
			right = right->next)
			fprintf(out, "%s%s%s", right == parameter->rights ? "[" : ",", right->name.text,
				right->next == nullptr ? "]" : "");
		fprintf(out, "%s%s%s", parameter->is_optional ? "?" : "",
			parameter->object.text != nullptr ? " " : "", parameter->name.text);
		break;
	}
}

static void emit_list_page(FILE *out, const struct parameter *list)
{
	bool is_first = true;
	fputc('(', out);
	for (; list != nullptr; list = list->next) {
		is_first = emit_separator(out, is_first);
		emit_parameter_page(out, list);
	}
	fputc(')', out);
}

void emit_signature_page(FILE *out, const struct call *call)
{
	fputs(call->name.text, out);
	emit_list_page(out, call->parameters);
	if (call->results == nullptr)
		return;
	fputs(" -> ", out);
	emit_list_page(out, call->results);
}

// SPDX-License-Identifier: MIT
// emit_client.c - the client's side of a protocol: one inline stub for each call. Without handles
// and lends it loads words into registers and nothing else.
#include "tools/ifc/emit.h"

static bool is_struct(const struct parameter *item)
{
	return item->kind == PARAMETER_VALUE && item->type->kind == TYPE_STRUCT;
}

static void emit_parameter(FILE *out, const struct parameter *item)
{
	const char *name = item->name.text;
	if (item->kind == PARAMETER_LEND)
		fprintf(out, ", %s %s", item->is_out ? "span_t" : "view_t", name);
	else if (item->kind != PARAMETER_VALUE)
		fprintf(out, ", handle_t %s", name);
	else if (is_struct(item))
		fprintf(out, ", const %s *%s", item->type->c_name, name);
	else
		fprintf(out, ", %s %s", item->type->c_name, name);
}

static void emit_result(FILE *out, const struct parameter *item)
{
	fprintf(out, ", %s *out_%s", item->kind == PARAMETER_VALUE ? item->type->c_name : "handle_t",
		item->name.text);
}

void emit_rings(FILE *out, const char *indent, const struct call *call)
{
	const struct parameter *lists[] = { call->parameters, call->results };
	for (const struct parameter *item = lists[0]; item != nullptr; item = item->next)
		if (item->kind == PARAMETER_RING)
			fprintf(out, "%s// %s: memory that holds a ring of %s.\n", indent, item->name.text,
				item->type->c_name);
	for (const struct parameter *item = lists[1]; item != nullptr; item = item->next)
		if (item->kind == PARAMETER_RING)
			fprintf(out, "%s// %s: memory that holds a ring of %s.\n", indent, item->name.text,
				item->type->c_name);
}

static void emit_listed_errors(FILE *out, const struct call *call)
{
	if (call->errors == nullptr)
		return;
	fputs("// Errors: ", out);
	for (const struct text_list *item = call->errors; item != nullptr; item = item->next)
		fprintf(out, "%s%s", item->name.text, item->next == nullptr ? "\n" : ", ");
}

static void emit_stub_head(const struct model *model, FILE *out, const struct call *call)
{
	emit_doc(out, "", call->doc);
	emit_rings(out, "", call);
	emit_listed_errors(out, call);
	fprintf(out, "static inline err_t %s_%s(%s_t connection", model->name.text, call->name.text,
		model->name.text);
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		emit_parameter(out, item);
	for (const struct parameter *item = call->results; item != nullptr; item = item->next)
		emit_result(out, item);
	fputs(")\n{\n", out);
}

// The values of a list as a struct named ending, copied into where.
static void emit_request(
	const struct model *model, FILE *out, const struct call *call, const char *where)
{
	if (call->request.words == 0)
		return;
	fprintf(out, "\tconst struct %s_%s_request request = {", model->name.text, call->name.text);
	bool is_first = true;
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next) {
		if (item->kind != PARAMETER_VALUE && item->kind != PARAMETER_LEND)
			continue;
		fputs(is_first ? " " : ", ", out);
		is_first = false;
		if (item->kind == PARAMETER_LEND)
			fprintf(out, ".%s_size = %s.size", item->name.text, item->name.text);
		else
			fprintf(
				out, ".%s = %s%s", item->name.text, is_struct(item) ? "*" : "", item->name.text);
	}
	fprintf(out, " };\n\t__builtin_memcpy(%s, &request, sizeof(request));\n", where);
}

static void emit_attachments(FILE *out, const struct call *call)
{
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next) {
		const char *name = item->name.text;
		if (item->kind == PARAMETER_VALUE)
			continue;
		if (item->kind == PARAMETER_LEND) {
			fprintf(out,
				"\tAT(message.lend, %u) = (struct lend){ .address = (u64)(uintptr_t)%s.data, ",
				item->index, name);
			fprintf(out, ".size = %s.size, .direction = LEND_%s };\n", name,
				item->is_out ? "WRITE" : "READ");
			continue;
		}
		fprintf(out, "\tAT(message.handle, %u) = %s;\n", item->index, name);
		fprintf(out, "\tAT(message.handle_rights, %u) = ", item->index);
		emit_rights(out, item, "RIGHTS_ALL");
		fputs(";\n", out);
	}
}

// An answer is as foreign as a request: what it may not hold is refused.
static void emit_results(
	const struct model *model, FILE *out, const struct call *call, const char *where)
{
	const char *tag = text_same(where, "words.word") ? "tag" : "message.tag";
	if (call->reply.words != 0) {
		fprintf(out, "\tstruct %s_%s_reply reply;\n", model->name.text, call->name.text);
		fprintf(out, "\t__builtin_memcpy(&reply, %s, sizeof(reply));\n", where);
	}
	for (const struct parameter *item = call->results; item != nullptr; item = item->next)
		if (item->kind == PARAMETER_VALUE && type_is_checked(item->type)) {
			fprintf(out, "\tif (!%s_is_valid(%sreply.%s))", item->type->symbol,
				is_struct(item) ? "&" : "", item->name.text);
			fprintf(out, "\n\t\treturn answer_refuse(%s);\n", tag);
		}
	for (const struct parameter *item = call->results; item != nullptr; item = item->next) {
		if (item->kind == PARAMETER_VALUE)
			fprintf(out, "\t*out_%s = reply.%s;\n", item->name.text, item->name.text);
		else
			fprintf(out, "\t*out_%s = AT(message.handle, %u);\n", item->name.text, item->index);
	}
	fputs("\treturn OK;\n}\n\n", out);
}

static void emit_invoke(
	const struct model *model, FILE *out, const struct call *call, bool is_words)
{
	const char *protocol = model->name.upper, *tag = is_words ? "tag" : "message.tag";
	if (is_words)
		fputs("\tTRY(connection_call_words(connection.handle, &tag, &words));\n", out);
	else
		fputs("\tTRY(connection_invoke(connection.handle, &message));\n", out);
	fprintf(out, "\tif (UNLIKELY((%s & %s_ANSWER_COUNTS) != %s_%s_ANSWER))\n", tag, protocol,
		protocol, call->name.upper);
	fprintf(out, "\t\treturn answer_refuse(%s);\n", tag);
}

static void emit_stub(const struct model *model, FILE *out, const struct call *call)
{
	const char *protocol = model->name.upper, *name = call->name.upper;
	bool is_words = call->request.handles + call->request.lends + call->reply.handles == 0;
	emit_stub_head(model, out, call);
	if (is_words)
		fprintf(
			out, "\tu64 tag = %s_%s_TAG;\n\tstruct message_words words = {};\n", protocol, name);
	else
		fprintf(out, "\tstruct message message = { .tag = %s_%s_TAG };\n", protocol, name);
	emit_request(model, out, call, is_words ? "words.word" : "message.word");
	emit_attachments(out, call);
	emit_invoke(model, out, call, is_words);
	emit_results(model, out, call, is_words ? "words.word" : "message.word");
}

void emit_protocol_client(const struct model *model, FILE *out)
{
	fprintf(out,
		"// A client's end.\ntypedef struct {\n\thandle_t handle; // of a connection\n} %s_t;\n\n",
		model->name.text);
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		emit_stub(model, out, call);
}

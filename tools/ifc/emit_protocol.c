// SPDX-License-Identifier: MIT
// emit_protocol.c - the header of a protocol: types, tags, message structs. The stubs follow from
// emit_client.c, ops and dispatch from emit_service.c.
#include "tools/ifc/emit.h"

static u64 request_tag(const struct model *model, const struct call *call)
{
	u64 tag = call->number | (u64)model->id << 16 | (u64)call->request.words << 32 |
	          (u64)call->request.handles << 36 | (u64)call->request.lends << 39;
	return tag | (call->is_idempotent ? 1ull << 43 : 0);
}

static u64 answer_tag(const struct call *call)
{
	return (u64)call->reply.words << 32 | (u64)call->reply.handles << 36;
}

static void emit_tags(const struct model *model, FILE *out)
{
	fputs("// Tags of the requests, and of the answers that say OK.\n", out);
	fprintf(out, "constexpr u16 %s_PROTOCOL = 0x%x;\n", model->name.upper, model->id);
	fprintf(
		out, "constexpr u64 %s_REQUEST_COUNTS = 0x3ffull << TAG_WORDS_SHIFT;\n", model->name.upper);
	fprintf(
		out, "constexpr u64 %s_ANSWER_COUNTS = 0x7full << TAG_WORDS_SHIFT;\n", model->name.upper);
	for (const struct call *call = model->calls; call != nullptr; call = call->next) {
		fprintf(out, "constexpr u64 %s_%s_TAG = 0x%llx;\n", model->name.upper, call->name.upper,
			(unsigned long long)request_tag(model, call));
		fprintf(out, "constexpr u64 %s_%s_ANSWER = 0x%llx;\n", model->name.upper, call->name.upper,
			(unsigned long long)answer_tag(call));
	}
	fputc('\n', out);
	for (const struct event *event = model->events; event != nullptr; event = event->next) {
		emit_doc(out, "", event->doc);
		fprintf(out, "constexpr u32 %s_EVENT_%s = 1u << %llu;\n", model->name.upper,
			event->name.upper, (unsigned long long)event->bit);
	}
	if (model->events != nullptr)
		fputc('\n', out);
}

static void emit_reserved(FILE *out, u32 at, u32 to)
{
	if (to > at)
		fprintf(out, "\tu8 reserved_%u[%u];\n", at, to - at);
}

// The message's words as a struct without holes.
static void emit_message(
	const struct model *model, FILE *out, const struct call *call, bool is_reply)
{
	const struct shape *shape = is_reply ? &call->reply : &call->request;
	const struct parameter *item = is_reply ? call->results : call->parameters;
	const char *ending = is_reply ? "reply" : "request";
	u32 at = 0;
	if (shape->words == 0)
		return;
	fprintf(out, "struct %s_%s_%s {\n", model->name.text, call->name.text, ending);
	for (; item != nullptr; item = item->next) {
		bool is_lend = item->kind == PARAMETER_LEND;
		if (!is_lend && item->kind != PARAMETER_VALUE)
			continue;
		emit_reserved(out, at, item->offset);
		fprintf(out, "\t%s %s%s;\n", is_lend ? "u64" : item->type->c_name, item->name.text,
			is_lend ? "_size" : "");
		at = item->offset + (is_lend ? 8 : item->type->size);
	}
	emit_reserved(out, at, shape->words * 8);
	fprintf(out, "};\nstatic_assert(sizeof(struct %s_%s_%s) == %u);\n\n", model->name.text,
		call->name.text, ending, shape->words * 8);
}

static const char header_includes[] = "#pragma once\n\n"
									  "#include \"abi/message.h\"\n"
									  "#include \"abi/rights.h\"\n"
									  "#include \"abi/syscall_numbers.h\"\n"
									  "#include \"lib/base/view.h\"\n"
									  "#include \"lib/os/call.h\"\n"
									  "#include \"lib/os/service.h\"\n\n"
									  "NONNULL_BEGIN\n\n";

void emit_protocol_header(const struct model *model, FILE *out)
{
	const char *name = model->name.text;
	struct arena arena = { nullptr };
	emit_head(model, out,
		text_format(&arena, "%s.h - protocol %s, version %llu: types, client stubs, dispatch.",
			name, name, (unsigned long long)model->version));
	arena_fini(&arena);
	emit_doc(out, "", model->doc);
	fputs(header_includes, out);
	emit_types(model, out, true);
	emit_tags(model, out);
	for (const struct call *call = model->calls; call != nullptr; call = call->next) {
		emit_message(model, out, call, false);
		emit_message(model, out, call, true);
	}
	emit_protocol_client(model, out);
	emit_protocol_service(model, out);
	fputs("NONNULL_END\n", out);
}

static void emit_operation_page(FILE *out, const struct call *call)
{
	fprintf(out, "### %s\n\n`", call->name.text);
	emit_signature_page(out, call);
	fprintf(out, "`\n\nOperation %u%s%s. ", call->number, call->is_idempotent ? ", idempotent" : "",
		call->is_later ? ", may be answered later" : "");
	emit_doc_page(out, call->doc);
	if (call->doc == nullptr)
		fputs("\n\n", out);
	fprintf(out, "Request: %u words, %u handles, %u lends. Answer: %u words, %u handles.\n\n",
		call->request.words, call->request.handles, call->request.lends, call->reply.words,
		call->reply.handles);
	fputs("Errors: ", out);
	for (const struct text_list *item = call->errors; item != nullptr; item = item->next)
		fprintf(out, "%s%s", item->name.text, item->next == nullptr ? "" : ", ");
	fputs(call->errors == nullptr ? "none of its own.\n\n" : ".\n\n", out);
}

static const char page_rules[] =
	"Every call can also answer `unknown_call` (no such operation), `unsupported` (other protocol "
	"or\n"
	"version, or not offered), `invalid` (wrong counts or value), and what\n"
	"connection_call answers.\n\n";

void emit_protocol_page(const struct model *model, FILE *out)
{
	fprintf(out, "# Protocol %s, version %llu\n\n<!-- Made by tools/ifc from %s. -->\n\n",
		model->name.text, (unsigned long long)model->version, emit_origin(model));
	emit_doc_page(out, model->doc);
	fprintf(out, "Protocol number in tags: 0x%x. ", model->id);
	fputs(page_rules, out);
	emit_types_page(model, out);
	if (model->events != nullptr)
		fputs("## Events\n\n", out);
	for (const struct event *event = model->events; event != nullptr; event = event->next) {
		fprintf(out, "- `%s`, bit %llu. ", event->name.text, (unsigned long long)event->bit);
		for (const struct text_list *doc = event->doc; doc != nullptr; doc = doc->next)
			fprintf(out, "%s%s", doc->name.text, doc->next == nullptr ? "" : " ");
		fputs(event->next == nullptr ? "\n\n" : "\n", out);
	}
	fputs("## Calls\n\n", out);
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		emit_operation_page(out, call);
}

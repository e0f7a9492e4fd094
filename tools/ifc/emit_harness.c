// SPDX-License-Identifier: MIT
// emit_harness.c - a libFuzzer harness for a protocol's dispatch: arbitrary messages go in,
// ops trap when they are given what the checks should have stopped, answers must be well formed.
#include "tools/ifc/emit.h"

static bool is_struct(const struct parameter *item)
{
	return item->kind == PARAMETER_VALUE && item->type->kind == TYPE_STRUCT;
}

static void emit_checks(FILE *out, const struct call *call)
{
	const char *prefix = call->is_later ? "call." : "";
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next) {
		const char *name = item->name.text;
		if (item->kind == PARAMETER_VALUE && type_is_checked(item->type))
			fprintf(out, "\tneed(%s_is_valid(%s%s%s));\n", item->type->symbol,
				is_struct(item) && call->is_later ? "&" : "", prefix, name);
		else if (is_struct(item))
			fprintf(out, "\tneed(sizeof(%s%s%s) == %u);\n", call->is_later ? "" : "*", prefix, name,
				item->type->size);
		else if (item->kind == PARAMETER_LEND)
			fprintf(out, "\tneed(%s%s.index == %u);\n", prefix, name, item->index);
		else
			fprintf(out, "\t(void)%s%s;\n", prefix, name);
	}
}

static void emit_later_op(const struct model *model, FILE *out, const struct call *call)
{
	fprintf(out,
		"static void %s_op(void *_Nullable self, struct %s_%s_call call)\n{\n\t(void)self;\n",
		call->name.text, model->name.text, call->name.text);
	emit_checks(out, call);
	for (const struct parameter *item = call->results; item != nullptr; item = item->next)
		if (is_struct(item))
			fprintf(out, "\tconst %s %s = {};\n", item->type->c_name, item->name.text);
	fprintf(out, "\t%s_%s_done(call, answer_of(call.caller)", model->name.text, call->name.text);
	for (const struct parameter *item = call->results; item != nullptr; item = item->next)
		fprintf(out,
			is_struct(item)                 ? ", &%s"
			: item->kind == PARAMETER_VALUE ? ", 0"
											: ", HANDLE_NONE",
			item->name.text);
	fputs(");\n}\n\n", out);
}

static void emit_op(FILE *out, const struct call *call)
{
	fprintf(out, "static err_t %s_op(void *_Nullable self, struct caller caller", call->name.text);
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		fprintf(out, is_struct(item) ? ", const %s *%s" : ", %s %s",
			item->kind == PARAMETER_LEND    ? "lease_t"
			: item->kind == PARAMETER_VALUE ? item->type->c_name
											: "handle_t",
			item->name.text);
	for (const struct parameter *item = call->results; item != nullptr; item = item->next)
		fprintf(out, ", %s *out_%s",
			item->kind == PARAMETER_VALUE ? item->type->c_name : "handle_t", item->name.text);
	fputs(")\n{\n\t(void)self;\n", out);
	emit_checks(out, call);
	fputs("\tTRY(answer_of(caller));\n", out);
	for (const struct parameter *item = call->results; item != nullptr; item = item->next) {
		if (is_struct(item))
			fprintf(out, "\t*out_%s = (%s){};\n", item->name.text, item->type->c_name);
		else
			fprintf(out, "\t*out_%s = %s;\n", item->name.text,
				item->kind == PARAMETER_VALUE ? "0" : "HANDLE_NONE");
	}
	fputs("\treturn OK;\n}\n\n", out);
}

static const char fuzz_head[] =
	"#include \"ifc/%s.h\"\n\n"
	"static bool is_finished; // a kept call was answered; one thread\n"
	"static bool is_full;     // no call can be kept\n\n"
	"static void need(bool is_true)\n"
	"{\n"
	"\tif (!is_true)\n"
	"\t\t__builtin_trap();\n"
	"}\n\n"
	"static void need_answer(u64 tag, u64 expected)\n"
	"{\n"
	"\tneed(tag == expected || ((i32)tag < 0 && tag >> 32 == 0));\n"
	"}\n\n"
	"[[maybe_unused]] static err_t answer_of(struct caller caller)\n"
	"{\n"
	"\treturn caller.badge %% 4 == 0 ? ERR_IO : OK;\n"
	"}\n\n"
	"// Stand-ins for lib/os.\n"
	"[[gnu::weak]] void message_drop_handles(struct message *message)\n"
	"{\n"
	"\tneed(message != nullptr);\n"
	"}\n\n"
	"[[gnu::weak]] err_t later_take(later_t *out)\n"
	"{\n"
	"\t*out = (later_t){};\n"
	"\treturn is_full ? ERR_QUOTA : OK;\n"
	"}\n\n"
	"[[gnu::weak]] void later_finish(later_t later, struct message *message)\n"
	"{\n"
	"\t(void)later;\n"
	"\tneed((i32)message->tag <= 0);\n"
	"\tis_finished = true;\n"
	"}\n\n"
	"[[gnu::weak]] err_t handle_expect(handle_t handle, enum handle_kind kind, u32 rights)\n"
	"{\n"
	"\treturn handle.raw %% 16 == kind + rights %% 2 ? ERR_WRONG_TYPE : OK;\n"
	"}\n\n";

static const char fuzz_tail[] =
	"// The first byte chooses the operation, the others are laid over the message.\n"
	"int LLVMFuzzerTestOneInput(const u8 *data, usize size);\n"
	"int LLVMFuzzerTestOneInput(const u8 *data, usize size)\n"
	"{\n"
	"\tview_t input = view_from(data, size);\n"
	"\tif (size == 0)\n"
	"\t\treturn 0;\n"
	"\tstruct message message = {};\n"
	"\tview_t bytes = view_clamp(input, 1, sizeof(message));\n"
	"\tif (span_copy(span_of(message), bytes) != OK)\n"
	"\t\treturn 0;\n"
	"\tusize choice = view_at(input, 0) %% COUNT(tags);\n"
	"\tmessage.tag ^= AT(tags, choice);\n"
	"\tconst u64 answer = answer_tag((u16)message.tag);\n"
	"\tis_finished = false;\n"
	"\tis_full = message.identity %% 8 == 7;\n"
	"\tbool is_answered = %s_dispatch(&ops, nullptr, &message);\n"
	"\tneed(is_answered != is_finished);\n"
	"\tif (!is_answered)\n"
	"\t\treturn 0;\n"
	"\tneed_answer(message.tag, answer);\n"
	"\treturn 0;\n"
	"}\n";

void emit_protocol_fuzz(const struct model *model, FILE *out)
{
	const char *name = model->name.text;
	struct arena arena = { nullptr };
	emit_head(model, out,
		text_format(&arena, "%s_fuzz.c - arbitrary messages against %s_dispatch.", name, name));
	arena_fini(&arena);
	fprintf(out, fuzz_head, name);
	for (const struct call *call = model->calls; call != nullptr; call = call->next) {
		if (call->is_later)
			emit_later_op(model, out, call);
		else
			emit_op(out, call);
	}
	fprintf(out, "static const struct %s_ops ops = {\n", name);
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		fprintf(out, "\t.%s = %s_op,\n", call->name.text, call->name.text);
	fputs("};\n\nstatic const u64 tags[] = {\n", out);
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		fprintf(out, "\t%s_%s_TAG,\n", model->name.upper, call->name.upper);
	fputs("};\n\nstatic u64 answer_tag(u16 operation)\n{\n\tswitch (operation) {\n", out);
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		fprintf(out, "\tcase (u16)%s_%s_TAG:\n\t\treturn %s_%s_ANSWER;\n", model->name.upper,
			call->name.upper, model->name.upper, call->name.upper);
	fputs("\tdefault:\n\t\treturn UINT64_MAX;\n\t}\n}\n\n", out);
	fprintf(out, fuzz_tail, name);
}

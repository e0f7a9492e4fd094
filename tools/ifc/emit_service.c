// SPDX-License-Identifier: MIT
// emit_service.c - the service's side of a protocol: ops, the answers that may come later, and the
// dispatch that checks a message before an op sees it.
#include "tools/ifc/emit.h"

static bool is_struct(const struct parameter *item)
{
	return item->kind == PARAMETER_VALUE && item->type->kind == TYPE_STRUCT;
}

static const char *service_type(const struct parameter *item)
{
	if (item->kind == PARAMETER_LEND)
		return "lease_t";
	return item->kind == PARAMETER_VALUE ? item->type->c_name : "handle_t";
}

// A call that is kept: all its parameters, by value.
static void emit_kept_call(const struct model *model, FILE *out, const struct call *call)
{
	const char *protocol = model->name.text, *name = call->name.text;
	fprintf(out, "// Owes exactly one %s_%s_done.\nstruct %s_%s_call {\n", protocol, name, protocol,
		name);
	fputs("\tlater_t later;\n\tstruct caller caller;\n", out);
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		fprintf(out, "\t%s %s;\n", service_type(item), item->name.text);
	fputs("};\n\n", out);
}

static void emit_op(const struct model *model, FILE *out, const struct call *call)
{
	emit_doc(out, "\t", call->doc);
	emit_rings(out, "\t", call);
	if (call->is_later) {
		fprintf(out, "\tvoid (*_Nullable %s)(void *_Nullable self, struct %s_%s_call call);\n",
			call->name.text, model->name.text, call->name.text);
		return;
	}
	fprintf(
		out, "\terr_t (*_Nullable %s)(void *_Nullable self, struct caller caller", call->name.text);
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		fprintf(out, is_struct(item) ? ", const %s *%s" : ", %s %s", service_type(item),
			item->name.text);
	for (const struct parameter *item = call->results; item != nullptr; item = item->next)
		fprintf(out, ", %s *out_%s", service_type(item), item->name.text);
	fputs(");\n", out);
}

static void emit_ops(const struct model *model, FILE *out)
{
	fputs(
		"// What a service does. A missing op answers ERR_UNSUPPORTED. Handles that come with a\n"
		"// call are the op's once it returns OK, else they are closed; an op of a kept call has\n"
		"// them in any case.\n",
		out);
	fprintf(out, "struct %s_ops {\n", model->name.text);
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		emit_op(model, out, call);
	fputs("};\n\n", out);
}

// The values of an answer, from locals whose names begin with prefix, into message.
static void emit_answer_handles(FILE *out, const struct call *call, const char *message)
{
	for (const struct parameter *item = call->results; item != nullptr; item = item->next) {
		if (item->kind == PARAMETER_VALUE)
			continue;
		fprintf(out, "\tAT(%shandle, %u) = %s;\n\tAT(%shandle_rights, %u) = ", message, item->index,
			item->name.text, message, item->index);
		emit_rights(out, item, "RIGHTS_ALL");
		fputs(";\n", out);
	}
}

static void emit_done(const struct model *model, FILE *out, const struct call *call)
{
	const char *protocol = model->name.text, *name = call->name.text;
	fprintf(out,
		"// The answer to a kept call; results count only with OK.\n"
		"static inline void %s_%s_done(struct %s_%s_call call, err_t err",
		protocol, name, protocol, name);
	for (const struct parameter *item = call->results; item != nullptr; item = item->next)
		fprintf(out, is_struct(item) ? ", const %s *%s" : ", %s %s", service_type(item),
			item->name.text);
	fputs(")\n{\n\tstruct message message = { .tag = (u32)err };\n", out);
	fputs("\tif (err != OK) {\n\t\tlater_finish(call.later, &message);\n\t\treturn;\n\t}\n", out);
	fprintf(out, "\tmessage.tag = %s_%s_ANSWER;\n", model->name.upper, call->name.upper);
	if (call->reply.words != 0) {
		fprintf(out, "\tconst struct %s_%s_reply reply = {", protocol, name);
		bool is_first = true;
		for (const struct parameter *item = call->results; item != nullptr; item = item->next) {
			if (item->kind != PARAMETER_VALUE)
				continue;
			fprintf(out, "%s.%s = %s%s", is_first ? " " : ", ", item->name.text,
				is_struct(item) ? "*" : "", item->name.text);
			is_first = false;
		}
		fputs(" };\n\t__builtin_memcpy(message.word, &reply, sizeof(reply));\n", out);
	}
	emit_answer_handles(out, call, "message.");
	fputs("\tlater_finish(call.later, &message);\n}\n\n", out);
}

static void emit_value_checks(const struct model *model, FILE *out, const struct call *call)
{
	if (call->request.words == 0)
		return;
	fprintf(out, "\tstruct %s_%s_request request;\n", model->name.text, call->name.text);
	fputs("\t__builtin_memcpy(&request, message->word, sizeof(request));\n", out);
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next)
		if (item->kind == PARAMETER_VALUE && type_is_checked(item->type))
			fprintf(out, "\tif (!%s_is_valid(%srequest.%s))\n\t\treturn ERR_INVALID;\n",
				item->type->symbol, is_struct(item) ? "&" : "", item->name.text);
}

static void emit_handle_checks(FILE *out, const struct call *call)
{
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next) {
		bool is_ring = item->kind == PARAMETER_RING;
		if (!is_ring && (item->kind != PARAMETER_HANDLE || item->object.text == nullptr))
			continue;
		fprintf(out, "\tTRY(handle_expect(AT(message->handle, %u), HANDLE_KIND_%s, ", item->index,
			is_ring ? "MEMORY" : item->object.upper);
		emit_rights(out, item, "0");
		fputs("));\n", out);
	}
}

static void emit_argument(FILE *out, const struct parameter *item, bool is_kept)
{
	const char *name = item->name.text;
	if (is_kept)
		fprintf(out, "\t\t.%s = ", name);
	if (item->kind == PARAMETER_VALUE)
		fprintf(out, "%srequest.%s", is_struct(item) && !is_kept ? "&" : "", name);
	else if (item->kind != PARAMETER_LEND)
		fprintf(out, "AT(message->handle, %u)", item->index);
	else if (is_kept)
		fprintf(out, "later_lease(later, %u, request.%s_size)", item->index, name);
	else
		fprintf(out, "call_lease(%u, request.%s_size)", item->index, name);
}

static void emit_keep(const struct model *model, FILE *out, const struct call *call)
{
	fputs("\tlater_t later;\n\tTRY(later_take(&later));\n", out);
	fprintf(out, "\tops->%s(self, (struct %s_%s_call){\n", call->name.text, model->name.text,
		call->name.text);
	fputs("\t\t.later = later,\n\t\t.caller = message_caller(message),\n", out);
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next) {
		emit_argument(out, item, true);
		fputs(",\n", out);
	}
	fputs("\t});\n\treturn OK;\n}\n\n", out);
}

static void emit_run(const struct model *model, FILE *out, const struct call *call)
{
	if (call->reply.words != 0)
		fprintf(out, "\tstruct %s_%s_reply reply = {};\n", model->name.text, call->name.text);
	for (const struct parameter *item = call->results; item != nullptr; item = item->next)
		if (item->kind != PARAMETER_VALUE)
			fprintf(out, "\thandle_t %s = HANDLE_NONE;\n", item->name.text);
	fprintf(out, "\tTRY(ops->%s(self, message_caller(message)", call->name.text);
	for (const struct parameter *item = call->parameters; item != nullptr; item = item->next) {
		fputs(", ", out);
		emit_argument(out, item, false);
	}
	for (const struct parameter *item = call->results; item != nullptr; item = item->next)
		fprintf(out, ", &%s%s", item->kind == PARAMETER_VALUE ? "reply." : "", item->name.text);
	fprintf(out, "));\n\tmessage->tag = %s_%s_ANSWER;\n", model->name.upper, call->name.upper);
	if (call->reply.words != 0)
		fputs("\t__builtin_memcpy(message->word, &reply, sizeof(reply));\n", out);
	emit_answer_handles(out, call, "message->");
	fputs("\treturn OK;\n}\n\n", out);
}

static void emit_dispatcher(const struct model *model, FILE *out, const struct call *call)
{
	const char *protocol = model->name.text, *name = call->name.text;
	fprintf(out,
		"static inline err_t %s_dispatch_%s(const struct %s_ops *ops, void *_Nullable self, "
		"struct message *message)\n{\n",
		protocol, name, protocol);
	fprintf(out,
		"\tif (((message->tag ^ %s_%s_TAG) & %s_REQUEST_COUNTS) != 0)\n"
		"\t\treturn ERR_INVALID;\n",
		model->name.upper, call->name.upper, model->name.upper);
	emit_value_checks(model, out, call);
	fprintf(out, "\tif (ops->%s == nullptr)\n\t\treturn ERR_UNSUPPORTED;\n", name);
	emit_handle_checks(out, call);
	if (call->is_later)
		emit_keep(model, out, call);
	else
		emit_run(model, out, call);
}

static void emit_switch(const struct model *model, FILE *out)
{
	const char *protocol = model->name.text;
	fprintf(out,
		"static inline err_t %s_dispatch_operation(const struct %s_ops *ops, "
		"void *_Nullable self, struct message *message, bool *is_kept)\n{\n",
		protocol, protocol);
	fputs("\t*is_kept = false;\n", out);
	fprintf(out,
		"\tif ((u16)(message->tag >> TAG_PROTOCOL_SHIFT) != %s_PROTOCOL)\n"
		"\t\treturn ERR_UNSUPPORTED;\n\tswitch ((u16)message->tag) {\n",
		model->name.upper);
	for (const struct call *call = model->calls; call != nullptr; call = call->next) {
		fprintf(out, "\tcase (u16)%s_%s_TAG:\n", model->name.upper, call->name.upper);
		if (call->is_later)
			fprintf(out,
				"\t\tTRY(%s_dispatch_%s(ops, self, message));\n"
				"\t\t*is_kept = true;\n\t\treturn OK;\n",
				protocol, call->name.text);
		else
			fprintf(
				out, "\t\treturn %s_dispatch_%s(ops, self, message);\n", protocol, call->name.text);
	}
	fputs("\tdefault:\n\t\treturn ERR_UNKNOWN_CALL;\n\t}\n}\n\n", out);
}

static const char dispatch_text[] =
	"// Checks protocol, operation, counts, values, handles, in this order, then runs the op. The\n"
	"// kernel checks the way lent memory is used. True: message is now the answer to send. "
	"False:\n"
	"// the call is kept, its answer comes.\n"
	"static inline bool %s_dispatch(const void *ops, void *_Nullable self, struct message "
	"*message)\n"
	"{\n"
	"\tbool is_kept;\n"
	"\terr_t err = %s_dispatch_operation(ops, self, message, &is_kept);\n"
	"\tif (err != OK) {\n"
	"\t\tmessage_drop_handles(message);\n"
	"\t\tmessage->tag = (u32)err;\n"
	"\t}\n"
	"\treturn !is_kept;\n"
	"}\n\n"
	"static inline void %s_serve(struct loop *loop, const struct %s_ops *ops, void *_Nullable "
	"self)\n"
	"{\n"
	"\tloop_serve(loop, %s_dispatch, ops, self);\n"
	"}\n\n";

void emit_protocol_service(const struct model *model, FILE *out)
{
	const char *name = model->name.text;
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		if (call->is_later) {
			emit_kept_call(model, out, call);
			emit_done(model, out, call);
		}
	emit_ops(model, out);
	for (const struct call *call = model->calls; call != nullptr; call = call->next)
		emit_dispatcher(model, out, call);
	emit_switch(model, out);
	fprintf(out, dispatch_text, name, name, name, name, name);
}

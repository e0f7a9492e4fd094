// SPDX-License-Identifier: MIT
// check.c - what the grammar cannot say: layouts without hidden holes, limits of registers and
// messages, names that would collide. It also assigns registers, message slots and the protocol id.
#include "tools/ifc/model.h"

// Locals of generated functions stand beside the parameters.
static const char syscall_words[] = " caller regs answer ";
static const char protocol_words[] = " connection request reply message words tag self caller"
									 " later err ops call ";

// A hole would carry bytes that nobody set across a border, so the author fills it by name.
void check_struct(struct model *model, struct type *type)
{
	u64 at = 0;
	type->align = 1;
	for (struct field *field = type->fields; field != nullptr; field = field->next) {
		const struct type *inner = field->type;
		if (inner->kind == TYPE_STRUCT)
			model_problem(model, type->line, "struct %s: structs do not nest", type->name.text);
		for (struct field *other = type->fields; other != field; other = other->next)
			if (text_same(other->name.text, field->name.text))
				model_problem(model, type->line, "field %s appears twice", field->name.text);
		if (at % inner->align != 0)
			model_problem(model, type->line, "%llu bytes of padding before %s: declare a field",
				(unsigned long long)(inner->align - at % inner->align), field->name.text);
		field->offset = (u32)at;
		at += inner->size * (field->count == 0 ? 1 : field->count);
		type->align = inner->align > type->align ? inner->align : type->align;
	}
	if (at % type->align != 0)
		model_problem(model, type->line, "%llu bytes of padding at the end: declare a field",
			(unsigned long long)(type->align - at % type->align));
	if (at > 65536)
		model_problem(model, type->line, "struct %s exceeds 65536 bytes", type->name.text);
	type->size = (u32)at;
	if (model->is_protocol &&
		(text_ends(type->name.text, "_request") || text_ends(type->name.text, "_reply") ||
			text_ends(type->name.text, "_call")))
		model_problem(model, type->line, "struct names in _request, _reply, _call are generated");
}

static void check_word(
	struct model *model, const struct call *call, const char *words, const struct parameter *item)
{
	if (text_in(words, item->name.text))
		model_problem(
			model, call->line, "%s is a name in generated code: choose another", item->name.text);
}

// The length of lent memory goes as a word of its own, under a name that must stay free.
static void check_lend_names(struct model *model, const struct call *call)
{
	for (const struct parameter *a = call->parameters; a != nullptr; a = a->next)
		for (const struct parameter *b = call->parameters; b != nullptr; b = b->next)
			if (a->kind == PARAMETER_LEND &&
				text_same(b->name.text, text_format(&model->arena, "%s_size", a->name.text)))
				model_problem(
					model, call->line, "%s is the length of %s", b->name.text, a->name.text);
}

static void check_twice(
	struct model *model, const struct call *call, const struct parameter *_Nullable first)
{
	for (const struct parameter *a = first; a != nullptr; a = a->next)
		for (const struct parameter *b = a->next; b != nullptr; b = b->next)
			if (text_same(a->name.text, b->name.text))
				model_problem(model, call->line, "%s appears twice", a->name.text);
}

static void check_names(struct model *model, const struct call *call)
{
	const char *words = model->is_protocol ? protocol_words : syscall_words;
	const struct parameter *lists[] = { call->parameters, call->results };
	for (const struct parameter *item = lists[0]; item != nullptr; item = item->next)
		check_word(model, call, words, item);
	for (const struct parameter *item = lists[1]; item != nullptr && model->is_protocol;
		item = item->next)
		check_word(model, call, words, item);
	check_lend_names(model, call);
	check_twice(model, call, call->parameters);
	check_twice(model, call, call->results);
}

static void check_syscall(struct model *model, struct call *call)
{
	u32 arguments = 0, results = 0;
	for (struct parameter *item = call->parameters; item != nullptr; item = item->next) {
		item->index = arguments;
		arguments += item->kind == PARAMETER_BUFFER ? 2 : 1;
		if (item->kind == PARAMETER_HANDLE && item->object.text == nullptr)
			model_problem(model, call->line, "handle %s: say its kind", item->name.text);
		if (item->kind == PARAMETER_VALUE && item->type->kind == TYPE_STRUCT)
			model_problem(model, call->line, "%s: write struct NAME in|out", item->name.text);
		if (item->kind == PARAMETER_STRUCT && item->type->kind != TYPE_STRUCT)
			model_problem(model, call->line, "%s is not a struct", item->type->name.text);
	}
	for (struct parameter *item = call->results; item != nullptr; item = item->next) {
		item->index = results++;
		if (item->kind == PARAMETER_BUFFER || item->kind == PARAMETER_STRUCT ||
			(item->kind == PARAMETER_VALUE && item->type->kind == TYPE_STRUCT))
			model_problem(model, call->line, "result %s does not fit a register", item->name.text);
	}
	if (arguments > ARGUMENT_MAX)
		model_problem(model, call->line, "%u argument registers, at most 6", arguments);
	if (results > RESULT_MAX)
		model_problem(model, call->line, "%u results, at most 2", results);
	if (call->number >= SYSCALL_MAX)
		model_problem(model, call->line, "more than %u calls", SYSCALL_MAX);
}

// Values lie at their natural alignment in the message's words. A lend adds its length, so that the
// service knows it; what may be copied is decided by the kernel.
static void place(struct shape *shape, struct parameter *item)
{
	if (item->kind == PARAMETER_HANDLE || item->kind == PARAMETER_RING) {
		item->index = shape->handles++;
		return;
	}
	bool is_lend = item->kind == PARAMETER_LEND;
	u32 size = is_lend ? 8 : item->type->size, align = is_lend ? 8 : item->type->align;
	if (is_lend)
		item->index = shape->lends++;
	item->offset = (shape->bytes + align - 1) / align * align;
	shape->bytes = item->offset + size;
	shape->words = (shape->bytes + 7) / 8;
}

static void check_shape(
	struct model *model, const struct call *call, const struct shape *shape, const char *what)
{
	if (shape->bytes > WORDS_MAX * 8)
		model_problem(model, call->line, "%s of %s has %u bytes, at most 64", what, call->name.text,
			shape->bytes);
	if (shape->handles > HANDLES_MAX)
		model_problem(model, call->line, "%s of %s has %u handles, at most 4", what,
			call->name.text, shape->handles);
	if (shape->lends > LENDS_MAX)
		model_problem(model, call->line, "%s of %s has %u lends, at most 4", what, call->name.text,
			shape->lends);
}

static void check_operation(struct model *model, struct call *call)
{
	for (struct parameter *item = call->parameters; item != nullptr; item = item->next)
		place(&call->request, item);
	for (struct parameter *item = call->results; item != nullptr; item = item->next) {
		place(&call->reply, item);
		if (item->kind == PARAMETER_LEND)
			model_problem(model, call->line, "lend %s cannot be a result", item->name.text);
	}
	check_shape(model, call, &call->request, "request");
	check_shape(model, call, &call->reply, "reply");
	if (call->number > UINT16_MAX)
		model_problem(model, call->line, "more than 65535 calls");
	for (struct parameter *item = call->parameters; item != nullptr; item = item->next)
		if (item->is_optional)
			model_problem(model, call->line, "%s: `?` is for system calls", item->name.text);
}

void check_call(struct model *model, struct call *call)
{
	check_names(model, call);
	if (model->is_protocol)
		check_operation(model, call);
	else
		check_syscall(model, call);
}

// FNV-1a of "name version", folded to 16 bits; 0 means no protocol.
static u16 protocol_id(struct model *model)
{
	const char *text =
		text_format(&model->arena, "%s %llu", model->name.text, (unsigned long long)model->version);
	u32 hash = 2166136261u;
	for (size_t i = 0; text_at(text, i) != '\0'; i++)
		hash = (u32)((u64)(hash ^ (u8)text_at(text, i)) * 16777619u);
	u16 id = (u16)(hash ^ hash >> 16);
	return id == 0 ? 1 : id;
}

void check_model(struct model *model)
{
	if (model->calls == nullptr)
		model_problem(model, model->line, "no call is declared");
	if (model->is_protocol)
		model->id = protocol_id(model);
}

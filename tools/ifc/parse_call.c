// SPDX-License-Identifier: MIT
// parse_call.c - the rules of the grammar for calls: parameters, results, modifiers.
#include "tools/ifc/parse.h"

static bool need_listed(struct parser *parser, const char *list, const char *what, struct name *out)
{
	if (!need_name(parser, out))
		return false;
	if (text_in(list, out->text))
		return true;
	model_problem(parser->model, parser->lexer.line, "unknown %s %s", what, out->text);
	return false;
}

static bool parse_rights(struct parser *parser, struct parameter *parameter)
{
	do {
		struct name right;
		if (!need_listed(parser, right_names, "right", &right))
			return false;
		text_append(&parser->model->arena, &parameter->rights, right);
	} while (take_mark(parser, ","));
	return need_mark(parser, "]");
}

// handle [KIND [rights] [?]] NAME: one word is the name, two are kind and name.
static bool parse_handle(struct parser *parser, struct parameter *parameter)
{
	struct name first;
	parameter->kind = PARAMETER_HANDLE;
	if (!need_name(parser, &first))
		return false;
	bool has_rights = take_mark(parser, "[");
	if (has_rights && !parse_rights(parser, parameter))
		return false;
	parameter->is_optional = take_mark(parser, "?");
	bool has_kind = has_rights || parameter->is_optional || parser->lexer.token.kind == TOKEN_NAME;
	if (!has_kind) {
		parameter->name = first;
		return true;
	}
	parameter->object = first;
	if (!text_in(object_kinds, first.text)) {
		model_problem(parser->model, parser->lexer.line, "unknown kind of object %s", first.text);
		return false;
	}
	return need_identifier(parser, &parameter->name);
}

static bool parse_direction(struct parser *parser, struct parameter *parameter)
{
	if (take_word(parser, "in"))
		return true;
	parameter->is_out = take_word(parser, "out");
	return parameter->is_out || parse_fail(parser, "in or out");
}

static bool parse_syscall_item(struct parser *parser, struct parameter *parameter)
{
	if (take_word(parser, "address")) {
		parameter->kind = PARAMETER_ADDRESS;
		parameter->type = model_type(parser->model, "u64");
		return need_identifier(parser, &parameter->name);
	}
	if (take_word(parser, "buffer")) {
		parameter->kind = PARAMETER_BUFFER;
		return parse_direction(parser, parameter) && need_identifier(parser, &parameter->name);
	}
	if (take_word(parser, "struct")) {
		parameter->kind = PARAMETER_STRUCT;
		return need_type(parser, &parameter->type) && parse_direction(parser, parameter) &&
		       need_identifier(parser, &parameter->name);
	}
	return need_type(parser, &parameter->type) && need_identifier(parser, &parameter->name);
}

static bool parse_protocol_item(struct parser *parser, struct parameter *parameter)
{
	if (take_word(parser, "lend")) {
		parameter->kind = PARAMETER_LEND;
		return parse_direction(parser, parameter) && need_identifier(parser, &parameter->name);
	}
	if (take_word(parser, "ring"))
		parameter->kind = PARAMETER_RING;
	return need_type(parser, &parameter->type) && need_identifier(parser, &parameter->name);
}

static bool parse_item(struct parser *parser, struct parameter **list)
{
	struct parameter *made = arena_take(&parser->model->arena, sizeof(*made));
	made->is_entry = !parser->model->is_protocol && take_word(parser, "entry");
	bool is_good = made->is_entry || take_word(parser, "handle") ? parse_handle(parser, made)
	               : parser->model->is_protocol                  ? parse_protocol_item(parser, made)
	                                                             : parse_syscall_item(parser, made);
	if (!is_good)
		return false;
	while (*list != nullptr)
		list = &(*list)->next;
	*list = made;
	return true;
}

static bool parse_items(struct parser *parser, struct parameter **list)
{
	if (!need_mark(parser, "("))
		return false;
	if (take_mark(parser, ")"))
		return true;
	do {
		if (!parse_item(parser, list))
			return false;
	} while (take_mark(parser, ","));
	return need_mark(parser, ")");
}

static bool parse_errors(struct parser *parser, struct call *call)
{
	do {
		struct name error;
		if (!need_listed(parser, error_names, "error", &error))
			return false;
		text_append(&parser->model->arena, &call->errors, error);
	} while (take_mark(parser, ","));
	return true;
}

static bool parse_modifiers(struct parser *parser, struct call *call)
{
	bool is_protocol = parser->model->is_protocol;
	while (parser->lexer.token.kind != TOKEN_END) {
		if (take_word(parser, "errors")) {
			if (!parse_errors(parser, call))
				return false;
		} else if (!is_protocol && take_word(parser, "raw")) {
			call->is_raw = true;
		} else if (is_protocol && take_word(parser, "later")) {
			call->is_later = true;
		} else if (is_protocol && take_word(parser, "idempotent")) {
			call->is_idempotent = true;
		} else {
			return parse_fail(parser, is_protocol ? "later, idempotent, errors or end of line"
												  : "raw, errors or end of line");
		}
	}
	return true;
}

static bool add_call(struct parser *parser, struct call *call)
{
	struct call **end = &parser->model->calls;
	call->number = parser->model->is_protocol ? 1 : 0;
	for (; *end != nullptr; end = &(*end)->next) {
		call->number = (*end)->number + 1;
		if (text_same((*end)->name.text, call->name.text)) {
			model_problem(parser->model, call->line, "%s is already declared", call->name.text);
			return false;
		}
	}
	*end = call;
	check_call(parser->model, call);
	return true;
}

bool parse_call(struct parser *parser)
{
	struct call *call = arena_take(&parser->model->arena, sizeof(*call));
	call->line = parser->lexer.line;
	call->doc = parser->doc;
	if (!need_identifier(parser, &call->name) || !parse_items(parser, &call->parameters))
		return false;
	if (take_mark(parser, "->") && !parse_items(parser, &call->results))
		return false;
	return parse_modifiers(parser, call) && add_call(parser, call);
}

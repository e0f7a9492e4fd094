// SPDX-License-Identifier: MIT
// parse.c - tokens to model: one function for each rule of the grammar in README.md. An error ends
// the line, not the file, so that one run shows all of them.
#include "tools/ifc/parse.h"

bool parse_fail(struct parser *parser, const char *what)
{
	const struct token *token = &parser->lexer.token;
	if (token->kind == TOKEN_BAD)
		model_problem(parser->model, parser->lexer.line, "%s", token->text);
	else
		model_problem(
			parser->model, parser->lexer.line, "expected %s, found %s", what, token->text);
	return false;
}

bool take_mark(struct parser *parser, const char *mark)
{
	struct lexer *lexer = &parser->lexer;
	if (lexer->token.kind != TOKEN_MARK || !text_same(lexer->token.text, mark))
		return false;
	lex_token(lexer);
	return true;
}

bool take_word(struct parser *parser, const char *word)
{
	struct lexer *lexer = &parser->lexer;
	if (lexer->token.kind != TOKEN_NAME || !text_same(lexer->token.text, word))
		return false;
	lex_token(lexer);
	return true;
}

bool need_mark(struct parser *parser, const char *mark)
{
	return take_mark(parser, mark) || parse_fail(parser, mark);
}

static const char c_words[] =
	" alignas alignof auto bool break case char const constexpr continue default do double else "
	"enum"
	" extern false float for goto if inline int long nullptr register restrict return short signed"
	" sizeof static struct switch thread_local true typedef typeof union unsigned void volatile"
	" while i8 u8 i16 u16 i32 u32 i64 u64 usize asm errno stdin stdout stderr ";

bool need_name(struct parser *parser, struct name *out)
{
	struct lexer *lexer = &parser->lexer;
	if (lexer->token.kind != TOKEN_NAME)
		return parse_fail(parser, "a name");
	*out = name_make(lexer->arena, lexer->token.text);
	lex_token(lexer);
	return true;
}

// A name that becomes an identifier of its own in C.
bool need_identifier(struct parser *parser, struct name *out)
{
	if (!need_name(parser, out))
		return false;
	if (!text_in(c_words, out->text))
		return true;
	model_problem(parser->model, parser->lexer.line, "%s is a word of C", out->text);
	return false;
}

bool need_number(struct parser *parser, u64 *out)
{
	struct lexer *lexer = &parser->lexer;
	if (lexer->token.kind != TOKEN_NUMBER)
		return parse_fail(parser, "a number");
	*out = lexer->token.number;
	lex_token(lexer);
	return true;
}

bool need_type(struct parser *parser, const struct type **out)
{
	struct lexer *lexer = &parser->lexer;
	if (lexer->token.kind != TOKEN_NAME)
		return parse_fail(parser, "a type");
	*out = model_type(parser->model, lexer->token.text);
	if (*out == nullptr) {
		model_problem(parser->model, lexer->line, "unknown type %s", lexer->token.text);
		return false;
	}
	lex_token(lexer);
	return true;
}

static bool parse_head(struct parser *parser, bool is_protocol)
{
	struct model *model = parser->model;
	if (!take_word(parser, is_protocol ? "protocol" : "syscalls"))
		return parse_fail(parser, is_protocol ? "protocol NAME VERSION" : "syscalls VERSION");
	if (is_protocol && !need_identifier(parser, &model->name))
		return false;
	model->is_protocol = is_protocol;
	model->line = parser->lexer.line;
	if (!need_number(parser, &model->version))
		return false;
	if (model->version > 0 && model->version <= UINT16_MAX)
		return true;
	model_problem(model, model->line, "a version is 1 to 65535");
	return false;
}

// Gives a new type its names in C.
static bool name_type(struct parser *parser, struct type *type, const char *word)
{
	struct model *model = parser->model;
	struct arena *arena = &model->arena;
	if (!need_identifier(parser, &type->name))
		return false;
	const char *text = type->name.text;
	if (model_type(model, text) != nullptr) {
		model_problem(model, parser->lexer.line, "%s is already declared", text);
		return false;
	}
	type->line = parser->lexer.line;
	type->symbol = model->is_protocol ? text_format(arena, "%s_%s", model->name.text, text) : text;
	type->constant = name_make(arena, type->symbol).upper;
	type->c_name = text_format(arena, "%s %s", word, type->symbol);
	return true;
}

static bool add_value(struct parser *parser, struct type *type, struct value *made)
{
	struct model *model = parser->model;
	struct value **end = &type->values;
	for (; *end != nullptr; end = &(*end)->next)
		if (text_same((*end)->name.text, made->name.text) || (*end)->number == made->number) {
			model_problem(model, type->line, "%s = %llu repeats %s", made->name.text,
				(unsigned long long)made->number, (*end)->name.text);
			return false;
		}
	u64 max = type->size == 8 ? UINT64_MAX : (1ull << type->size * 8) - 1;
	if (made->number > max) {
		model_problem(
			model, type->line, "%s does not fit in %s", made->name.text, type->base->name.text);
		return false;
	}
	if (type->kind == TYPE_FLAGS && __builtin_popcountll(made->number) != 1) {
		model_problem(model, type->line, "flag %s is not a single bit", made->name.text);
		return false;
	}
	*end = made;
	return true;
}

static bool parse_values(struct parser *parser, struct type *type)
{
	do {
		struct value *value = arena_take(&parser->model->arena, sizeof(*value));
		if (!need_name(parser, &value->name) || !need_mark(parser, "=") ||
			!need_number(parser, &value->number) || !add_value(parser, type, value))
			return false;
	} while (take_mark(parser, ","));
	return need_mark(parser, "}");
}

static bool parse_enum(struct parser *parser, enum type_kind kind)
{
	struct model *model = parser->model;
	struct type *type = arena_take(&model->arena, sizeof(*type));
	type->kind = kind;
	if (!name_type(parser, type, "enum") || !need_type(parser, &type->base))
		return false;
	if (type->base->kind != TYPE_SCALAR || type->base->is_signed) {
		model_problem(
			model, type->line, "the base of %s is one of u8 u16 u32 u64", type->name.text);
		return false;
	}
	type->size = type->base->size;
	type->align = type->base->align;
	type->doc = parser->doc;
	if (!need_mark(parser, "{") || !parse_values(parser, type))
		return false;
	model_add_type(model, type);
	return true;
}

static bool parse_count(struct parser *parser, u64 *out)
{
	struct lexer *lexer = &parser->lexer;
	if (lexer->token.kind != TOKEN_NAME)
		return need_number(parser, out);
	const struct constant *constant = model_constant(parser->model, lexer->token.text);
	if (constant == nullptr)
		return parse_fail(parser, "a number or a constant");
	*out = constant->number;
	lex_token(lexer);
	return true;
}

static bool parse_field(struct parser *parser, struct type *type)
{
	struct field *field = arena_take(&parser->model->arena, sizeof(*field));
	if (!need_type(parser, &field->type) || !need_identifier(parser, &field->name))
		return false;
	if (take_mark(parser, "[")) {
		if (!parse_count(parser, &field->count) || !need_mark(parser, "]"))
			return false;
		if (field->count == 0 || field->count > 4096) {
			model_problem(parser->model, type->line, "an array has 1 to 4096 elements");
			return false;
		}
	}
	struct field **end = &type->fields;
	while (*end != nullptr)
		end = &(*end)->next;
	*end = field;
	return true;
}

static bool parse_struct(struct parser *parser)
{
	struct type *type = arena_take(&parser->model->arena, sizeof(*type));
	type->kind = TYPE_STRUCT;
	type->doc = parser->doc;
	if (!name_type(parser, type, "struct") || !need_mark(parser, "{"))
		return false;
	do {
		if (!parse_field(parser, type))
			return false;
	} while (take_mark(parser, ";"));
	if (!need_mark(parser, "}"))
		return false;
	check_struct(parser->model, type);
	model_add_type(parser->model, type);
	return true;
}

static bool parse_const(struct parser *parser)
{
	struct model *model = parser->model;
	struct constant *made = arena_take(&model->arena, sizeof(*made));
	made->doc = parser->doc;
	if (!need_identifier(parser, &made->name) || !need_type(parser, &made->type) ||
		!need_mark(parser, "=") || !need_number(parser, &made->number))
		return false;
	if (model_constant(model, made->name.text) != nullptr) {
		model_problem(model, parser->lexer.line, "%s is already declared", made->name.text);
		return false;
	}
	if (made->type->kind != TYPE_SCALAR || made->type->is_signed ||
		made->number > type_mask(made->type)) {
		model_problem(model, parser->lexer.line, "%s does not fit in its type", made->name.text);
		return false;
	}
	struct constant **end = &model->constants;
	while (*end != nullptr)
		end = &(*end)->next;
	*end = made;
	return true;
}

static bool parse_event(struct parser *parser)
{
	struct model *model = parser->model;
	struct event *made = arena_take(&model->arena, sizeof(*made));
	made->doc = parser->doc;
	if (!need_identifier(parser, &made->name) || !need_number(parser, &made->bit))
		return false;
	struct event **end = &model->events;
	for (; *end != nullptr; end = &(*end)->next)
		if ((*end)->bit == made->bit || text_same((*end)->name.text, made->name.text)) {
			model_problem(model, parser->lexer.line, "event repeats %s", (*end)->name.text);
			return false;
		}
	if (made->bit > 31) {
		model_problem(model, parser->lexer.line, "an event is a bit from 0 to 31");
		return false;
	}
	*end = made;
	return true;
}

static bool parse_declaration(struct parser *parser)
{
	if (take_word(parser, "enum"))
		return parse_enum(parser, TYPE_ENUM);
	if (take_word(parser, "flags"))
		return parse_enum(parser, TYPE_FLAGS);
	if (take_word(parser, "struct"))
		return parse_struct(parser);
	if (take_word(parser, "const"))
		return parse_const(parser);
	if (take_word(parser, "call"))
		return parse_call(parser);
	if (parser->model->is_protocol && take_word(parser, "event"))
		return parse_event(parser);
	return parse_fail(parser, "a declaration");
}

// A line with nothing but a comment adds to the documentation of what follows; an empty one ends
// it.
static void parse_empty(struct parser *parser)
{
	struct model *model = parser->model;
	if (parser->lexer.comment == nullptr)
		parser->doc = nullptr;
	else
		text_append(&model->arena, &parser->doc, (struct name){ .text = parser->lexer.comment });
}

static void parse_line(struct parser *parser, bool is_protocol)
{
	struct model *model = parser->model;
	bool is_head = model->line == 0;
	if (is_head)
		model->doc = parser->doc;
	bool is_good = is_head ? parse_head(parser, is_protocol) : parse_declaration(parser);
	if (is_good && parser->lexer.token.kind != TOKEN_END)
		parse_fail(parser, "end of line");
	if (is_head && !is_good) // nothing below can be right
		parser->lexer.at = parser->lexer.size;
	parser->doc = nullptr;
}

// A comment behind a declaration is documentation too; it is known only at the end of the line, so
// it is looked for before.
static void take_trailing_comment(struct parser *parser)
{
	struct lexer ahead = parser->lexer;
	while (ahead.token.kind != TOKEN_END && ahead.token.kind != TOKEN_BAD)
		lex_token(&ahead);
	if (ahead.token.kind == TOKEN_END && ahead.comment != nullptr)
		text_append(&parser->model->arena, &parser->doc, (struct name){ .text = ahead.comment });
}

bool parse(struct model *model, const char *source, size_t size, bool is_protocol)
{
	struct parser parser = { .model = model };
	lex_init(&parser.lexer, &model->arena, source, size);
	while (lex_line(&parser.lexer)) {
		if (parser.lexer.token.kind == TOKEN_END) {
			parse_empty(&parser);
			continue;
		}
		take_trailing_comment(&parser);
		parse_line(&parser, is_protocol);
	}
	if (model->line == 0 && model->problems == 0)
		model_problem(model, parser.lexer.line + 1, "the file declares nothing");
	if (model->problems == 0)
		check_model(model);
	return model->problems == 0;
}

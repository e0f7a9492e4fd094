// SPDX-License-Identifier: MIT
// lex.c - characters to tokens. Names are lower case with digits and underscores, numbers are
// decimal or 0x hexadecimal up to 64 bits.
#include "tools/ifc/lex.h"

constexpr size_t name_max = 48;

void lex_init(struct lexer *lexer, struct arena *arena, const char *source, size_t size)
{
	*lexer = (struct lexer){ .source = source, .size = size, .arena = arena };
}

static char current(const struct lexer *lexer)
{
	return lexer->at < lexer->size ? text_at(lexer->source, lexer->at) : '\n';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
	return is_lower(c) || is_digit(c) || c == '_';
}

static void bad(struct lexer *lexer, const char *why)
{
	lexer->token = (struct token){ .kind = TOKEN_BAD, .text = why };
}

static void lex_name(struct lexer *lexer)
{
	size_t from = lexer->at;
	while (is_name_char(current(lexer)))
		lexer->at++;
	if (lexer->at - from > name_max) {
		bad(lexer, "name is longer than 48 characters");
		return;
	}
	const char *text = text_copy(lexer->arena, lexer->source, from, lexer->at);
	lexer->token = (struct token){ .kind = TOKEN_NAME, .text = text };
}

static u32 digit_value(char c)
{
	if (is_digit(c))
		return (u32)(c - '0');
	if (is_lower(c))
		return (u32)(c - 'a' + 10);
	return is_upper(c) ? (u32)(c - 'A' + 10) : 99;
}

static bool take_prefix(struct lexer *lexer)
{
	if (current(lexer) != '0' || lexer->at + 1 >= lexer->size ||
		text_at(lexer->source, lexer->at + 1) != 'x')
		return false;
	lexer->at += 2;
	return true;
}

static void lex_number(struct lexer *lexer)
{
	size_t from = lexer->at;
	u32 base = take_prefix(lexer) ? 16 : 10;
	size_t digits = lexer->at;
	u64 number = 0;
	bool is_over = false;
	for (; digit_value(current(lexer)) < base; lexer->at++) {
		is_over |= __builtin_mul_overflow(number, base, &number);
		is_over |= __builtin_add_overflow(number, digit_value(current(lexer)), &number);
	}
	bool is_malformed =
		lexer->at == digits || digit_value(current(lexer)) != 99 || current(lexer) == '_';
	if (is_over || is_malformed) {
		bad(lexer, is_over ? "number does not fit in 64 bits" : "malformed number");
		return;
	}
	const char *text = text_copy(lexer->arena, lexer->source, from, lexer->at);
	lexer->token = (struct token){ .kind = TOKEN_NUMBER, .text = text, .number = number };
}

static void skip_space(struct lexer *lexer)
{
	while (current(lexer) == ' ' || current(lexer) == '\t' || current(lexer) == '\r')
		lexer->at++;
}

static bool is_text(char c)
{
	return (unsigned char)c >= 0x20 && c != 0x7f;
}

// A backslash at the end would join the next line to a // comment of the output: it is dropped.
static void lex_comment(struct lexer *lexer)
{
	lexer->at++;
	while (current(lexer) == ' ')
		lexer->at++;
	size_t from = lexer->at;
	while (is_text(current(lexer)) || current(lexer) == '\t')
		lexer->at++;
	size_t to = lexer->at;
	while (to > from) {
		char last = text_at(lexer->source, to - 1);
		if (last != ' ' && last != '\t' && last != '\\')
			break;
		to--;
	}
	lexer->comment = text_copy(lexer->arena, lexer->source, from, to);
	skip_space(lexer);
}

static void lex_mark(struct lexer *lexer)
{
	size_t from = lexer->at;
	char c = current(lexer);
	lexer->at++;
	bool is_arrow = c == '-' && current(lexer) == '>';
	if (is_arrow)
		lexer->at++;
	bool is_mark = is_arrow || c == '(' || c == ')' || c == '{' || c == '}' || c == '[' ||
	               c == ']' || c == ',' || c == ';' || c == '=' || c == '?';
	if (!is_mark) {
		bad(lexer, is_upper(c) ? "names are lower case" : "unexpected character");
		return;
	}
	const char *text = text_copy(lexer->arena, lexer->source, from, lexer->at);
	lexer->token = (struct token){ .kind = TOKEN_MARK, .text = text };
}

void lex_token(struct lexer *lexer)
{
	if (lexer->token.kind == TOKEN_BAD)
		return;
	skip_space(lexer);
	if (current(lexer) == '#')
		lex_comment(lexer);
	if (current(lexer) == '\n')
		lexer->token = (struct token){ .kind = TOKEN_END, .text = "end of line" };
	else if (is_lower(current(lexer)))
		lex_name(lexer);
	else if (is_digit(current(lexer)))
		lex_number(lexer);
	else
		lex_mark(lexer);
}

bool lex_line(struct lexer *lexer)
{
	while (lexer->line > 0 && lexer->at < lexer->size && current(lexer) != '\n')
		lexer->at++;
	if (lexer->line > 0)
		lexer->at++;
	if (lexer->at >= lexer->size)
		return false;
	lexer->line++;
	lexer->comment = nullptr;
	lexer->token.kind = TOKEN_END;
	lex_token(lexer);
	return true;
}

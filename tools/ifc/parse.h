// SPDX-License-Identifier: MIT
// parse.h - what the files of the parser share. take_: if it is there; need_: or an error.
#pragma once

#include "tools/ifc/lex.h"
#include "tools/ifc/model.h"

struct parser {
	struct lexer lexer;
	struct model *model;   // borrowed
	struct text_list *doc; // comment above the current line
};

bool parse_fail(struct parser *parser, const char *what); // always false
bool take_mark(struct parser *parser, const char *mark);
bool take_word(struct parser *parser, const char *word);
bool need_mark(struct parser *parser, const char *mark);
bool need_name(struct parser *parser, struct name *out);
bool need_identifier(struct parser *parser, struct name *out);
bool need_number(struct parser *parser, u64 *out);
bool need_type(struct parser *parser, const struct type **out);

bool parse_call(struct parser *parser);

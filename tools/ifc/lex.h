// SPDX-License-Identifier: MIT
// lex.h - an interface file as tokens, line by line. A comment is kept apart from the tokens: it
// becomes the documentation of the declaration that it precedes or follows on its line.
#pragma once

#include "tools/ifc/text.h"

enum token_kind : u8 { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_MARK, TOKEN_BAD };

struct token {
	enum token_kind kind; // TOKEN_END: end of the line
	const char *text;     // as written; TOKEN_BAD: what is wrong
	u64 number;
};

struct lexer {
	const char *source; // borrowed, ends with NUL
	size_t size, at;
	u32 line;            // of the token
	struct arena *arena; // borrowed
	struct token token;  // the next one
	const char *comment; // of this line; set once TOKEN_END is reached
};

void lex_init(struct lexer *lexer, struct arena *arena, const char *source, size_t size);
bool lex_line(struct lexer *lexer);  // goes to the next line's first token; false at the end
void lex_token(struct lexer *lexer); // goes to the next token of the line

// SPDX-License-Identifier: MIT
// script.h - the first line of a script, by Linux's rules: `#!`, blanks, the interpreter's path up
// to a blank or the end of the line, then everything else, trimmed, as one argument.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 SCRIPT_LINE_SIZE = 256; // what is looked at, as BINPRM_BUF_SIZE
constexpr u32 SCRIPT_NESTING = 5;     // interpreters that are scripts again: then ELOOP

struct script {
	view_t interpreter; // in the line that was given; not empty
	view_t argument;    // may be empty: none
};

bool script_is(view_t start); // begins with #!
// The first SCRIPT_LINE_SIZE bytes of the file, or all of a shorter one. False: ENOEXEC.
bool script_parse(view_t start, struct script *out);

NONNULL_END

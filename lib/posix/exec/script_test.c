// SPDX-License-Identifier: MIT
// script_test.c - first lines of scripts, usual and strange ones.
#include "lib/posix/exec/script.h"

#include "lib/base/test.h"

static bool is(view_t start, view_t interpreter, view_t argument)
{
	struct script script;
	return script_parse(start, &script) && view_equal(script.interpreter, interpreter) &&
	       view_equal(script.argument, argument);
}

static bool is_refused(view_t start)
{
	struct script script;
	return !script_parse(start, &script);
}

TEST(script_takes_usual_lines)
{
	CHECK(is(VIEW_TEXT("#!/bin/sh\necho\n"), VIEW_TEXT("/bin/sh"), (view_t){}));
	CHECK(is(VIEW_TEXT("#! /bin/sh -e\n"), VIEW_TEXT("/bin/sh"), VIEW_TEXT("-e")));
	CHECK(is(VIEW_TEXT("#!/usr/bin/env  python3 -u \t\n"), VIEW_TEXT("/usr/bin/env"),
		VIEW_TEXT("python3 -u")));
	CHECK(is(VIEW_TEXT("#!sh"), VIEW_TEXT("sh"), (view_t){}));
	CHECK(is(VIEW_TEXT("#!a b\0c\n"), VIEW_TEXT("a"), VIEW_TEXT("b")));
}

TEST(script_refuses_empty_and_cut_lines)
{
	CHECK(is_refused(VIEW_TEXT("#")));
	CHECK(is_refused(VIEW_TEXT("#!")));
	CHECK(is_refused(VIEW_TEXT("#! \t \n/bin/sh\n")));
	CHECK(is_refused(VIEW_TEXT("#!\0/bin/sh\n")));
	CHECK(is_refused(VIEW_TEXT("\x7f"
							   "ELF")));
	u8 line[SCRIPT_LINE_SIZE + 10];
	for (usize i = 0; i < sizeof line; i++)
		line[i] = i < 2 ? (u8) "#!"[i] : 'x';
	CHECK(is_refused(view_of(line)));
	line[100] = ' '; // the path is whole, the argument is cut
	struct script script;
	REQUIRE(script_parse(view_of(line), &script));
	CHECK_EQ(script.interpreter.size, 98);
	CHECK_EQ(script.argument.size, SCRIPT_LINE_SIZE - 101);
	CHECK(is_refused(view_clamp(view_of(line), 0, SCRIPT_LINE_SIZE - 200)) == false);
}

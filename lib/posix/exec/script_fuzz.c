// SPDX-License-Identifier: MIT
// script_fuzz.c - any first line: what is found lies in it and has no blank where none may be.
#include "lib/posix/exec/script.h"

#include "lib/base/test.h"

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	struct script script;
	if (!script_parse(view_from(data, size), &script))
		return 0;
	assert(script.interpreter.size && script.interpreter.size < SCRIPT_LINE_SIZE);
	assert(view_find(script.interpreter, ' ') == script.interpreter.size);
	assert(view_find(script.interpreter, '\n') == script.interpreter.size);
	assert(view_find(script.interpreter, 0) == script.interpreter.size);
	assert(view_find(script.argument, '\n') == script.argument.size);
	assert(!script.argument.size || view_at(script.argument, 0) != ' ');
	return 0;
}

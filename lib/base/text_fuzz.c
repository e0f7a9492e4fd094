// SPDX-License-Identifier: MIT
// text_fuzz.c - any bytes as a command line.
#include "lib/base/text.h"

#include "lib/base/test.h"

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	view_t text = view_from(data, size);
	view_t rest = text;
	view_t part, before, after;
	u64 number;
	while (text_take_word(&rest, &part)) {
		assert(part.size != 0);
		(void)(text_u64(part, &number) == OK);
		if (text_split(part, '=', &before, &after))
			assert(before.size + after.size + 1 == part.size);
	}
	for (rest = text; text_take_line(&rest, &part);)
		assert(text_trim(part).size <= part.size);
	(void)text_option(text, VIEW_TEXT("init"), &part);
	return 0;
}

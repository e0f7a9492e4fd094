// SPDX-License-Identifier: MIT
// parse_test.c - the model that comes out of a text: numbers, layouts, message slots. Whole outputs
// and error messages: golden/check.sh.
#include "lib/base/test.h"
#include "tools/ifc/model.h"

#include <string.h>

static bool read_text(struct model *model, const char *text, bool is_protocol)
{
	model_init(model, "test.ifc");
	return parse(model, text, strlen(text), is_protocol);
}

TEST(syscall_numbers_follow_the_file)
{
	struct model model;
	REQUIRE(read_text(&model, "syscalls 1\ncall a()\n\ncall b(u64 x, buffer in y, u8 z)\n", false));
	const struct call *b = model.calls->next;
	CHECK_EQ(model.calls->number, 0);
	CHECK_EQ(b->number, 1);
	CHECK_EQ(b->parameters->next->index, 1);
	CHECK_EQ(b->parameters->next->next->index, 3);
	model_fini(&model);
}

TEST(comments_become_documentation)
{
	struct model model;
	REQUIRE(read_text(&model,
		"# lost\n\n# file\nsyscalls 1\n# gone\n\n# one \\\n# two\ncall a() # three\r\ncall b()",
		false));
	CHECK(text_same(model.doc->name.text, "file"));
	const struct text_list *doc = model.calls->doc;
	CHECK(text_same(doc->name.text, "one"));
	CHECK(text_same(doc->next->next->name.text, "three"));
	CHECK(model.calls->next->doc == nullptr);
	model_fini(&model);
}

TEST(messages_are_laid_out)
{
	struct model model;
	REQUIRE(read_text(&model,
		"protocol p 1\ncall a(u8 x, u32 y, handle h, lend in l) -> (u64 z, u8 w) later\n", true));
	const struct call *a = model.calls;
	CHECK_EQ(a->number, 1);
	CHECK_EQ(a->parameters->next->offset, 4);
	CHECK_EQ(a->request.words, 2);
	CHECK_EQ(a->request.handles, 1);
	CHECK_EQ(a->request.lends, 1);
	CHECK_EQ(a->reply.bytes, 9);
	CHECK_EQ(a->reply.words, 2);
	CHECK(a->is_later && model.id != 0);
	model_fini(&model);
}

TEST(every_bad_line_is_counted)
{
	struct model model;
	CHECK(!read_text(&model, "syscalls 1\ncall a(\ncall b()\ncall b()\n?\n", false));
	CHECK_EQ(model.problems, 3);
	model_fini(&model);
}

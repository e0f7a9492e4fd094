// SPDX-License-Identifier: MIT
// list_test.c - order, removal while walking, and misuse.
#include "lib/base/list.h"

#include "lib/base/test.h"

struct item {
	u32 key;
	struct list_node node;
};

static u32 digits(const struct list *list)
{
	u32 number = 0;
	LIST_EACH(node, list)
		number = number * 10 + container_of(node, struct item, node)->key;
	return number;
}

TEST(list_keeps_order)
{
	struct item item[4] = { { .key = 1 }, { .key = 2 }, { .key = 3 }, { .key = 4 } };
	static struct list list = LIST_INIT(list);
	CHECK(list_is_empty(&list));
	CHECK(list_first(&list) == nullptr && list_last(&list) == nullptr);
	CHECK(list_pop_front(&list) == nullptr);
	list_push_back(&list, &item[1].node);
	list_push_back(&list, &item[2].node);
	list_push_front(&list, &item[0].node);
	list_insert_before(&item[2].node, &item[3].node);
	CHECK_EQ(digits(&list), 1243);
	CHECK(list_first(&list) == &item[0].node);
	CHECK(list_last(&list) == &item[2].node);
	CHECK(list_next(&list, &item[3].node) == &item[2].node);
	CHECK(list_next(&list, &item[2].node) == nullptr);
	list_remove(&item[3].node);
	CHECK(!list_node_is_linked(&item[3].node));
	CHECK(list_pop_front(&list) == &item[0].node);
	CHECK_EQ(digits(&list), 23);
}

TEST(list_walk_may_remove)
{
	struct item item[6] = {};
	struct list list;
	list_init(&list);
	for (u32 i = 0; i < 6; i++) {
		item[i].key = i + 1;
		list_push_back(&list, &item[i].node);
	}
	LIST_EACH(node, &list) {
		if (container_of(node, struct item, node)->key % 2)
			list_remove(node);
	}
	CHECK_EQ(digits(&list), 246);
}

TEST(list_append_moves_all)
{
	struct item item[3] = { { .key = 1 }, { .key = 2 }, { .key = 3 } };
	struct list a, b;
	list_init(&a);
	list_init(&b);
	list_push_back(&b, &item[1].node);
	list_push_back(&b, &item[2].node);
	list_append(&a, &b);
	CHECK_EQ(digits(&a), 23);
	CHECK(list_is_empty(&b));
	list_append(&a, &b);
	list_push_back(&b, &item[0].node);
	list_append(&a, &b);
	CHECK_EQ(digits(&a), 231);
	CHECK(list_last(&a) == &item[0].node);
}

static void remove_twice(void *argument)
{
	(void)argument;
	struct item item = {};
	struct list list;
	list_init(&list);
	list_push_back(&list, &item.node);
	list_remove(&item.node);
	list_remove(&item.node);
}

TEST(list_remove_twice_dies)
{
	CHECK(test_dies(remove_twice, nullptr));
}

// SPDX-License-Identifier: MIT
// list.h - doubly linked list whose links live in the elements: nothing is allocated, any element
// leaves in constant time. An unlinked node is all zero; a list must be initialised. The list
// locks nothing.
#pragma once

#include "lib/base/assert.h"
#include "lib/base/container.h"

NONNULL_BEGIN

// Both null while in no list, neither while in one: no type says that, so the functions assert it.
struct list_node {
	struct list_node *_Null_unspecified next;
	struct list_node *_Null_unspecified prev;
};

struct list {
	struct list_node head; // its next is the first, its prev the last; itself when empty
};

// For a static or a designated initialiser.
#define LIST_INIT(list)                                                                            \
	{                                                                                              \
		{                                                                                          \
			&(list).head, &(list).head                                                             \
		}                                                                                          \
	}

static inline void list_init(struct list *list)
{
	list->head.next = &list->head;
	list->head.prev = &list->head;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->head.next == &list->head;
}

static inline bool list_node_is_linked(const struct list_node *node)
{
	return node->next != nullptr;
}

static inline void list_insert_after(struct list_node *place, struct list_node *node)
{
	debug_assert(!list_node_is_linked(node));
	debug_assert(place->next && place->next->prev == place);
	node->prev = place;
	node->next = place->next;
	place->next->prev = node;
	place->next = node;
}

static inline void list_insert_before(struct list_node *place, struct list_node *node)
{
	debug_assert(place->prev);
	list_insert_after(place->prev, node);
}

static inline void list_push_front(struct list *list, struct list_node *node)
{
	list_insert_after(&list->head, node);
}

static inline void list_push_back(struct list *list, struct list_node *node)
{
	list_insert_before(&list->head, node);
}

static inline void list_remove(struct list_node *node)
{
	assert(list_node_is_linked(node));
	debug_assert(node->prev->next == node && node->next->prev == node);
	node->prev->next = node->next;
	node->next->prev = node->prev;
	*node = (struct list_node){};
}

static inline struct list_node *_Nullable list_first(const struct list *list)
{
	return list_is_empty(list) ? nullptr : list->head.next;
}

static inline struct list_node *_Nullable list_last(const struct list *list)
{
	return list_is_empty(list) ? nullptr : list->head.prev;
}

static inline struct list_node *_Nullable list_next(
	const struct list *list, const struct list_node *node)
{
	return node->next == &list->head ? nullptr : node->next;
}

static inline struct list_node *_Nullable list_pop_front(struct list *list)
{
	struct list_node *node = list_first(list);
	if (node)
		list_remove(node);
	return node;
}

// Moves all of from to the end of to; from is empty afterwards.
static inline void list_append(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->head.next->prev = to->head.prev;
	from->head.prev->next = &to->head;
	to->head.prev->next = from->head.next;
	to->head.prev = from->head.prev;
	list_init(from);
}

// for each node: the body may remove the node it is given, and only that one.
#define LIST_EACH(node, list)                                                                      \
	for (struct list_node *node = (list)->head.next, *node##_next_ = node->next;                   \
		node != &(list)->head; node = node##_next_, node##_next_ = node->next)

NONNULL_END

// SPDX-License-Identifier: MIT
// handle_test.c - handles: found, stale, narrowed, revoked, inherited, drained to the last charge.
#include "kernel/object/handle.h"

#include "kernel/memory/machine_test.h"
#include "kernel/object/handle_fast.h"
#include "kernel/object/resource.h"

constexpr u32 ALL = RIGHT_READ | RIGHT_WRITE | RIGHT_DUP | RIGHT_TRANSFER | RIGHT_MANAGE;

struct baseline {
	u64 pages, objects, handles, frames;
};

static struct baseline baseline_take(void)
{
	test_settle();
	struct quota *root = quota_root();
	return (struct baseline){ root->pages_used, root->objects_used, root->handles_used,
		object_count() };
}

static bool is_at(struct baseline before)
{
	struct baseline now = baseline_take();
	return now.pages == before.pages && now.objects == before.objects &&
	       now.handles == before.handles && now.frames == before.frames;
}

static handle_t make(struct handle_table *table)
{
	struct resource *resource;
	handle_t handle = HANDLE_NONE;
	if (resource_create(quota_root(), 2, 0, 1, &resource) == OK)
		CHECK_OK(handle_install_take(table, &resource->object, ALL, &handle));
	return handle;
}

TEST(handle_life)
{
	test_machine();
	struct baseline before = baseline_take();
	struct handle_table table;
	REQUIRE_OK(handle_table_init(&table, quota_root()));
	struct handle_item entry;
	CHECK_EQ(handle_find(&table, HANDLE_NONE, nullptr, &entry), ERR_BAD_HANDLE);
	CHECK_EQ(handle_find(&table, (handle_t){ UINT32_MAX }, nullptr, &entry), ERR_BAD_HANDLE);
	handle_t handle = make(&table);
	REQUIRE_OK(handle_find(&table, handle, nullptr, &entry));
	CHECK_EQ(entry.rights, ALL);
	CHECK(handle_fast(&table, handle.raw, OBJECT_RESOURCE, RIGHT_READ) == entry.object);
	CHECK(!handle_fast(&table, handle.raw, OBJECT_TIMER, RIGHT_READ));
	CHECK(!handle_fast(&table, handle.raw, OBJECT_RESOURCE, RIGHT_CALL));
	CHECK(!handle_fast(&table, handle.raw ^ 1u << HANDLE_SLOT_BITS, OBJECT_RESOURCE, 0));
	CHECK(!handle_fast(&table, 0x12345u, OBJECT_RESOURCE, 0));
	CHECK_OK(handle_close(&table, handle));
	CHECK_EQ(handle_close(&table, handle), ERR_BAD_HANDLE);
	CHECK(!handle_fast(&table, handle.raw, OBJECT_RESOURCE, 0));
	for (u32 i = 0; i < 100'000; i++) {
		handle_t next = make(&table);
		REQUIRE(next.raw && next.raw != handle.raw);
		REQUIRE_OK(handle_close(&table, next));
		if (i % 64 == 0)
			test_settle();
	}
	CHECK(handle_table_drain(&table, 10));
	CHECK(is_at(before));
}

TEST(handle_narrow_and_revoke)
{
	test_machine();
	struct baseline before = baseline_take();
	struct handle_table table, other;
	REQUIRE_OK(handle_table_init(&table, quota_root()));
	REQUIRE_OK(handle_table_init(&other, quota_root()));
	handle_t own = make(&table);
	handle_t narrow, passed, again;
	struct handle_item entry;
	CHECK_OK(handle_duplicate(&table, own, RIGHT_READ | RIGHT_CALL, &narrow));
	CHECK_OK(handle_find(&table, narrow, nullptr, &entry));
	CHECK_EQ(entry.rights, RIGHT_READ);
	CHECK_EQ(handle_duplicate(&table, narrow, RIGHT_READ, &again), ERR_RIGHTS);
	CHECK_EQ(handle_give(&table, narrow, RIGHT_READ, &other, &passed), ERR_RIGHTS);
	CHECK_OK(handle_give(&table, own, RIGHTS_ALL, &other, &passed));
	struct handle_item item;
	CHECK_OK(handle_take(&table, own, RIGHT_READ, &item));
	CHECK_OK(handle_revoke_others(&table, own));
	CHECK_OK(handle_find(&table, own, nullptr, &entry));
	CHECK_EQ(handle_find(&table, narrow, nullptr, &entry), ERR_REVOKED);
	CHECK_EQ(handle_find(&other, passed, nullptr, &entry), ERR_REVOKED);
	CHECK(!handle_fast(&other, passed.raw, OBJECT_RESOURCE, 0));
	CHECK_OK(handle_put(&other, &item, &again)); // it was on its way
	CHECK_EQ(handle_find(&other, again, nullptr, &entry), ERR_REVOKED);
	CHECK_EQ(handle_duplicate(&other, passed, RIGHT_READ, &again), ERR_REVOKED);
	handle_drop(&item);
	CHECK_OK(handle_close(&table, narrow));
	CHECK(handle_table_drain(&table, 10));
	CHECK(handle_table_drain(&other, 10));
	CHECK(handle_table_drain(&other, 10));
	CHECK(is_at(before));
}

TEST(handle_inherit)
{
	test_machine();
	struct baseline before = baseline_take();
	struct handle_table parent, child;
	handle_t handles[900];
	u32 parts = 0;
	err_t copied;
	REQUIRE_OK(handle_table_init(&parent, quota_root()));
	REQUIRE_OK(handle_table_init(&child, quota_root()));
	for (u32 i = 0; i < COUNT(handles); i++)
		handles[i] = make(&parent);
	for (u32 i = 0; i < COUNT(handles); i += 3)
		CHECK_OK(handle_close(&parent, handles[i]));
	while ((copied = handle_clone_table(&parent, &child)) == SYSCALL_MORE)
		parts++;
	CHECK_OK(copied);
	CHECK(parts > 0);
	CHECK_EQ(child.used, parent.used);
	for (u32 i = 0; i < COUNT(handles); i++) {
		struct handle_item here, there;
		err_t err = handle_find(&parent, handles[i], nullptr, &here);
		CHECK_EQ(handle_find(&child, handles[i], nullptr, &there), err);
		if (err == OK)
			CHECK(here.object == there.object && object_handles(here.object) == 2);
	}
	u32 rounds = 0;
	while (!handle_table_drain(&parent, 16))
		rounds++;
	CHECK(rounds >= 600 / 16 && rounds < 180);
	CHECK(make(&child).raw);
	while (!handle_table_drain(&child, 16))
		;
	CHECK(is_at(before));
}

TEST(handle_quota_ends)
{
	test_machine();
	struct baseline before = baseline_take();
	struct quota *quota;
	const struct quota_limits limits = { .pages = 2, .objects = 10, .handles = 3 };
	REQUIRE_OK(quota_create(quota_root(), &limits, 100, &quota));
	struct handle_table table;
	REQUIRE_OK(handle_table_init(&table, quota));
	handle_t first = make(&table);
	handle_t more;
	CHECK_OK(handle_duplicate(&table, first, RIGHTS_ALL, &more));
	CHECK_OK(handle_duplicate(&table, first, RIGHTS_ALL, &more));
	CHECK_EQ(handle_duplicate(&table, first, RIGHTS_ALL, &more), ERR_QUOTA);
	CHECK_EQ(quota->handles_used, 3);
	CHECK_EQ(quota->pages_used, 2);
	CHECK(handle_table_drain(&table, 10));
	CHECK_EQ(quota->handles_used, 0);
	CHECK_EQ(quota->pages_used, 0);
	object_put(&quota->object);
	CHECK(is_at(before));
}

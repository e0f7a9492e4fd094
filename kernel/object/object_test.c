// SPDX-License-Identifier: MIT
// object_test.c - lifetimes, quotas, event bits and bindings, without programs.
#include "kernel/object/object.h"

#include "kernel/memory/machine_test.h"
#include "kernel/object/grace.h"
#include "kernel/object/handle.h"
#include "kernel/object/port.h"
#include "kernel/object/resource.h"
#include "kernel/object/stream_ring.h"
#include "kernel/object/timer.h"

static struct object *make(struct quota *quota)
{
	struct resource *resource;
	return resource_create(quota, 2, 0, 1, &resource) == OK ? &resource->object : nullptr;
}

TEST(object_revived_and_dropped_again)
{
	test_machine();
	test_settle();
	u64 count = object_count();
	struct object *object = make(quota_root());
	REQUIRE(object);
	object_put(object);
	CHECK_EQ(grace_pending(), 1);
	object_get(object); // who borrowed it may still do that
	test_settle();
	CHECK_EQ(object_count(), count + 1);
	CHECK_EQ(object->references, 1);
	object_put(object);
	object_get(object);
	object_put(object); // a second grace period is due
	CHECK(object->references & REFERENCE_AGAIN);
	test_settle();
	CHECK_EQ(object_count(), count);
	CHECK_EQ(grace_pending(), 0);
}

TEST(object_unreachable_once)
{
	test_machine();
	struct object *object = make(quota_root());
	REQUIRE(object);
	CHECK_OK(object_get_handle(object));
	CHECK_OK(object_get_handle(object));
	CHECK_EQ(object_handles(object), 2);
	object_put_handle(object);
	object_put_handle(object);
	CHECK_EQ(object_handles(object), 0);
	CHECK_EQ(object_get_handle(object), ERR_BAD_HANDLE);
	object_put(object);
	test_settle();
}

TEST(quota_chain_ends)
{
	test_machine();
	test_settle();
	struct quota *root = quota_root();
	u64 pages = root->pages_used, objects = root->objects_used;
	struct quota *chain = root;
	for (u64 i = 2000; i > 1000; i--) {
		struct quota *next;
		const struct quota_limits limits = { i, i, i };
		REQUIRE_OK(quota_create(chain, &limits, 100, &next));
		if (chain != root)
			object_put(&chain->object);
		chain = next;
	}
	const struct quota_limits too_much = { 1002, 1, 1 };
	struct quota *none;
	CHECK_EQ(quota_create(chain, &too_much, 100, &none), ERR_QUOTA);
	CHECK_EQ(chain->pages_used, 0);
	CHECK_EQ(chain->objects_used, 0);
	object_put(&chain->object); // the last of a thousand, without recursion
	test_settle();
	CHECK_EQ(root->pages_used, pages);
	CHECK_EQ(root->objects_used, objects);
}

TEST(quota_limits)
{
	test_machine();
	struct quota *quota;
	const struct quota_limits limits = { 10, 2, 5 };
	REQUIRE_OK(quota_create(quota_root(), &limits, 100, &quota));
	CHECK_OK(quota_charge_pages(quota, 10));
	CHECK_EQ(quota_charge_pages(quota, 1), ERR_QUOTA);
	CHECK_EQ(quota_charge_pages(quota, UINT64_MAX), ERR_QUOTA);
	quota_return_pages(quota, 10);
	struct object *a = make(quota);
	struct object *b = make(quota);
	CHECK(a && b);
	struct resource *none;
	CHECK_EQ(resource_create(quota, 2, 0, 1, &none), ERR_QUOTA);
	CHECK_EQ(grace_retry(ERR_QUOTA), ERR_QUOTA);
	object_put(a);
	CHECK_EQ(resource_create(quota, 2, 0, 1, &none), ERR_QUOTA);
	CHECK_EQ(grace_retry(ERR_QUOTA), SYSCALL_RESTART); // what waits may help
	test_settle();
	struct object *c = make(quota);
	CHECK(c);
	object_put(b);
	object_put(c);
	object_put(&quota->object);
	test_settle();
}

static u32 notices(struct port *port)
{
	u32 count = 0;
	for (struct list_node *node; (node = list_pop_front(&port->notices)); count++)
		container_of(node, struct notice, node)->is_queued = false;
	return count;
}

TEST(binding_modes)
{
	test_machine();
	test_settle();
	u64 objects = quota_root()->objects_used;
	struct port *port;
	struct object *object = make(quota_root());
	REQUIRE(object);
	REQUIRE_OK(port_object_create(quota_root(), 0, &port));
	CHECK_OK(object_get_handle(object));
	CHECK_OK(object_get_handle(&port->object));
	CHECK_EQ(binding_remove(port, object), ERR_NOT_FOUND);
	CHECK_OK(binding_create(port, object, 0x30000, 7, 0));
	CHECK_EQ(binding_create(port, object, 0x30000, 7, 0), ERR_EXISTS);
	object_signal(object, 0, 0x10000);
	object_signal(object, 0, 0x20000);
	CHECK_EQ(notices(port), 1);
	object_signal(object, 0, 0x10000); // level: it stands already
	CHECK_EQ(notices(port), 0);
	CHECK_OK(binding_remove(port, object));
	CHECK_OK(binding_create(port, object, 0x10000, 7, 1)); // edge: told now, and of each set
	CHECK_EQ(notices(port), 1);
	object_signal(object, 0, 0x10000);
	CHECK_EQ(notices(port), 1);
	object_signal(object, 0x10000, 0);
	CHECK_EQ(notices(port), 0);
	object_signal(object, 0, 0x10000);
	object_put_handle(object); // goes, with what it had to say
	CHECK_EQ(notices(port), 0);
	CHECK(list_is_empty(&port->bindings));
	object_put(object);
	object_put_handle(&port->object);
	object_put(&port->object);
	test_settle();
	CHECK_EQ(quota_root()->objects_used, objects);
}

TEST(binding_ends_with_port)
{
	test_machine();
	test_settle();
	u64 objects = quota_root()->objects_used;
	struct port *port;
	struct object *object = make(quota_root());
	REQUIRE(object);
	REQUIRE_OK(port_object_create(quota_root(), 0, &port));
	CHECK_OK(object_get_handle(object));
	CHECK_OK(object_get_handle(&port->object));
	CHECK_OK(binding_create(port, object, 0x10000, 7, 2));
	object_signal(object, 0, 0x10000);
	object_put_handle(&port->object);
	CHECK(list_is_empty(&object->bindings));
	CHECK_EQ(object->binding_count, 0);
	CHECK_EQ(binding_create(port, object, 0x10000, 7, 2), ERR_CLOSED);
	object_put(&port->object);
	object_put_handle(object);
	object_put(object);
	test_settle();
	CHECK_EQ(quota_root()->objects_used, objects);
}

TEST(timer_fires_in_series)
{
	test_machine();
	struct timer *timer;
	REQUIRE_OK(timer_create(quota_root(), &timer));
	CHECK_OK(object_get_handle(&timer->object));
	u64 start = host.now_ns;
	CHECK_EQ(timer_set(timer, start + 1000, 1), ERR_INVALID);
	CHECK_OK(timer_set(timer, start + 1'000'000, 1'000'000));
	timer_queue_run(start);
	CHECK_EQ(timer->object.signals, 0);
	host_advance(3'500'000);
	timer_queue_run(host.now_ns);
	CHECK_EQ(timer->object.signals, SIGNAL_FIRED);
	CHECK_EQ(timer->deadline, start + 4'000'000);
	CHECK_OK(timer_set(timer, DEADLINE_NEVER, 0));
	CHECK_EQ(timer->object.signals, 0);
	CHECK_OK(timer_set(timer, start + 9'000'000, 0));
	object_put_handle(&timer->object);
	CHECK(!timer->node.is_armed);
	object_put(&timer->object);
	test_settle();
}

// Between its leaving the queue and timer_fire it is set to what has passed already.
TEST(timer_set_while_it_fires)
{
	test_machine();
	test_settle();
	u64 count = object_count();
	struct timer *timer;
	REQUIRE_OK(timer_create(quota_root(), &timer));
	CHECK_OK(object_get_handle(&timer->object));
	u64 start = host.now_ns;
	CHECK_OK(timer_set(timer, start, 1'000'000));
	CHECK(timer_disarm(&timer->node)); // as timer_queue_run takes it out
	CHECK_OK(timer_set(timer, start, 1'000'000));
	timer->node.fire(&timer->node);
	CHECK_EQ(timer->object.signals, SIGNAL_FIRED);
	object_put_handle(&timer->object);
	object_put(&timer->object);
	test_settle();
	CHECK_EQ(object_count(), count);
}

TEST(resource_narrower)
{
	test_machine();
	struct resource root = { .kind = 0 };
	struct resource ports = { .kind = 2, .base = 0x60, .size = 5 };
	CHECK_OK(resource_covers(&root, 2, 0, 65536));
	CHECK_EQ(resource_covers(&root, 2, 65535, 2), ERR_RANGE);
	CHECK_EQ(resource_covers(&root, 0, 0, 1), ERR_RANGE);
	CHECK_OK(resource_covers(&ports, 2, 0x60, 5));
	CHECK_EQ(resource_covers(&ports, 2, 0x5f, 1), ERR_RANGE);
	CHECK_EQ(resource_covers(&ports, 2, 0x64, 2), ERR_RANGE);
	CHECK_EQ(resource_covers(&ports, 1, 0x60, 1), ERR_RANGE);
	CHECK_EQ(resource_covers(&ports, 2, UINT64_MAX, 2), ERR_RANGE);
}

TEST(stream_ring_wraps)
{
	test_machine();
	u64 free = frames_free();
	struct stream_ring ring = {};
	u8 written = 0, read = 0;
	REQUIRE_OK(stream_ring_init(&ring, 2 * 4096));
	for (u32 round = 1; round < 3000; round++) {
		u32 size = round * 37 % (stream_ring_space(&ring) + 1);
		u32 at = stream_ring_tail(&ring);
		for (u32 done = 0; done < size;) {
			span_t piece;
			REQUIRE_OK(stream_ring_piece(&ring, at + done, size - done, &piece));
			for (usize i = 0; i < piece.size; i++)
				*span_at(piece, i) = written++;
			done += (u32)piece.size;
		}
		stream_ring_commit(&ring, size);
		size = round * 53 % (ring.used + 1);
		for (u32 done = 0; done < size;) {
			span_t piece;
			REQUIRE_OK(stream_ring_piece(&ring, ring.head + done, size - done, &piece));
			for (usize i = 0; i < piece.size; i++)
				REQUIRE(*span_at(piece, i) == read++);
			done += (u32)piece.size;
		}
		stream_ring_consume(&ring, size);
	}
	stream_ring_fini(&ring);
	CHECK(free - frames_free() <= 1);
}

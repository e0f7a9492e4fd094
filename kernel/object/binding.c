// SPDX-License-Identifier: MIT
// binding.c - the tie of an object's event bits to a port. It stands in two lists under two locks
// (object->lock, then port->lock) and ends from either side: each side that takes it out of its
// list drops one of its two references; whoever drops the second frees it.
#include "abi/syscall_numbers.h"
#include "kernel/object/port.h"
#include "kernel/object/quota.h"
#include "kernel/object/signal.h"
#include "lib/base/atomic.h"
#include "lib/base/err.h"

static void binding_drop(struct binding *binding, u8 sides)
{
	if (atomic_sub_acq_rel(&binding->sides, sides) != sides)
		return;
	object_put(binding->object);
	object_put(&binding->port->object);
	quota_free(binding->quota, binding, sizeof(struct binding));
}

// port->lock held: nobody is told of it any more.
static void leave_port(struct binding *binding, struct port *port)
{
	list_remove(&binding->by_port);
	binding->notice.is_dead = true;
	if (!binding->notice.is_queued)
		return;
	binding->notice.is_queued = false;
	list_remove(&binding->notice.node);
	port_set_pending(port);
}

// object->lock held: out of the object's list, and out of the port's unless the port was first.
// Returns how many sides the caller has to drop.
static u8 leave_both(struct binding *binding)
{
	struct port *port = binding->port;
	u8 sides = 1;
	list_remove(&binding->by_object);
	atomic_sub_relaxed(&binding->object->binding_count, 1u);
	lock_take(&port->lock);
	if (!binding->notice.is_dead) {
		leave_port(binding, port);
		sides = 2;
	}
	lock_give(&port->lock);
	return sides;
}

// Null: of any port.
static struct binding *_Nullable find(struct object *object, const struct port *_Nullable port)
{
	LIST_EACH(node, &object->bindings) {
		struct binding *binding = container_of(node, struct binding, by_object);
		if (!port || binding->port == port)
			return binding;
	}
	return nullptr;
}

struct terms {
	u64 key;
	u32 bits;
	u8 mode;
};

// Both locks held.
static void set_terms(struct binding *binding, const struct terms *terms)
{
	binding->key = terms->key;
	binding->mode = terms->mode;
	atomic_store_relaxed(&binding->bits, terms->bits);
}

// object->lock held. A binding of mode once that was told sleeps, and is bound anew in place.
static err_t rebind(struct binding *binding, const struct terms *terms)
{
	struct port *port = binding->port;
	lock_take(&port->lock);
	bool is_spent = !atomic_load_relaxed(&binding->bits);
	if (is_spent)
		set_terms(binding, terms);
	lock_give(&port->lock);
	return is_spent ? OK : ERR_EXISTS;
}

// object->lock held.
static err_t link(
	struct binding *binding, struct port *port, struct object *object, const struct terms *terms)
{
	if (atomic_load_acquire(&object->handles) & OBJECT_UNREACHABLE)
		return ERR_CLOSED;
	lock_take(&port->lock);
	bool is_closed = port->is_closed;
	if (!is_closed) {
		set_terms(binding, terms);
		binding->sides = 2;
		binding->object = object_get(object);
		object_get(&port->object);
		binding->port = port;
		list_push_back(&port->bindings, &binding->by_port);
		list_push_back(&object->bindings, &binding->by_object);
		atomic_add_seq_cst(&object->binding_count, 1u); // see object_put_handle
	}
	lock_give(&port->lock);
	return is_closed ? ERR_CLOSED : OK;
}

err_t binding_create(struct port *port, struct object *object, u32 bits, u64 key, u8 mode)
{
	const struct terms terms = { key, bits, mode };
	struct quota *quota = NOT_NULL(port->object.quota);
	void *memory;
	TRY(quota_alloc(quota, sizeof(struct binding), &memory));
	struct binding *fresh = memory;
	fresh->quota = quota;
	fresh->notice.kind = NOTICE_BINDING;
	lock_take(&object->lock);
	struct binding *old = find(object, port);
	err_t err = old ? rebind(old, &terms) : link(fresh, port, object, &terms);
	u32 standing = atomic_load_relaxed(&object->signals) & bits;
	lock_give(&object->lock);
	if (old || err != OK)
		quota_free(quota, fresh, sizeof(struct binding));
	if (err == OK && standing)
		binding_announce(object, port);
	return err;
}

err_t binding_remove(struct port *_Nullable port, struct object *object)
{
	u8 sides = 0;
	lock_take(&object->lock);
	struct binding *binding = find(object, port);
	if (binding)
		sides = leave_both(binding);
	lock_give(&object->lock);
	if (!binding)
		return ERR_NOT_FOUND;
	binding_drop(binding, sides);
	return OK;
}

static struct binding *_Nullable take_from_port(struct port *port)
{
	lock_take(&port->lock);
	struct list_node *node = list_first(&port->bindings);
	struct binding *binding = node ? container_of(node, struct binding, by_port) : nullptr;
	if (binding)
		leave_port(binding, port);
	lock_give(&port->lock);
	return binding;
}

// The port's side keeps its reference while it takes the binding out of the object's list, unless
// the object's side is already doing that.
void bindings_of_port_remove(struct port *port)
{
	struct binding *binding;
	while ((binding = take_from_port(port))) {
		struct object *object = binding->object;
		u8 sides = 1;
		lock_take(&object->lock);
		if (list_node_is_linked(&binding->by_object)) {
			list_remove(&binding->by_object);
			atomic_sub_relaxed(&object->binding_count, 1u);
			sides = 2;
		}
		lock_give(&object->lock);
		binding_drop(binding, sides);
	}
}

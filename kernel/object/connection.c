// SPDX-License-Identifier: MIT
// connection.c - a client's end to a port: badge and event bits. When nobody is left who could call
// through it, the service gets a hang-up notice; when the port is closed, the client a hang-up bit.
#include "kernel/object/call.h"
#include "lib/base/err.h"

err_t connection_create(
	struct port *port, u64 badge, struct quota *quota, struct connection *_Nullable *_Nonnull out)
{
	struct object *object;
	TRY(object_create(OBJECT_CONNECTION, sizeof(struct connection), quota, &object));
	struct connection *connection = connection_of(object);
	connection->badge = badge;
	connection->hangup.kind = NOTICE_HANGUP;
	connection->port = port;
	object_get(&port->object);
	lock_take(&port->lock);
	list_push_back(&port->connections, &connection->node);
	bool is_closed = port->is_closed;
	lock_give(&port->lock);
	if (is_closed)
		object_signal(object, 0, SIGNAL_HANGUP);
	*out = connection;
	return OK;
}

// One connection out of the port's list, with a reference. Those whose last reference is just being
// dropped need no hang-up.
static struct connection *_Nullable take_connection(struct port *port)
{
	struct connection *found = nullptr;
	struct list_node *node;
	lock_take(&port->lock);
	while (!found && (node = list_pop_front(&port->connections))) {
		struct connection *connection = container_of(node, struct connection, node);
		if (object_try_get(&connection->object))
			found = connection;
	}
	lock_give(&port->lock);
	return found;
}

void connections_hang_up(struct port *port)
{
	struct connection *connection;
	while ((connection = take_connection(port))) {
		object_signal(&connection->object, 0, SIGNAL_HANGUP);
		object_put(&connection->object);
	}
}

// The last handle that can call is closed.
static void connection_unreachable(struct object *object)
{
	struct connection *connection = connection_of(object);
	port_notify(connection->port, &connection->hangup);
}

static void connection_destroy(struct object *object)
{
	struct connection *connection = connection_of(object);
	struct port *port = connection->port;
	lock_take(&port->lock);
	if (list_node_is_linked(&connection->node))
		list_remove(&connection->node);
	lock_give(&port->lock);
	object_put(&port->object);
}

const struct object_class connection_class = {
	.size = sizeof(struct connection),
	.unreachable = connection_unreachable,
	.destroy = connection_destroy,
};

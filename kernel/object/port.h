// SPDX-License-Identifier: MIT
// port.h - where a service receives: queued calls, notices (events, hang-ups, page requests), and
// for each CPU the server threads that idle there. Idle lists belong to their CPU and need no lock;
// everything else is under port->lock. Who queues work sets `pending` and kicks the CPUs on which
// servers have been seen; a server looks at `pending` before it idles.
#pragma once

#include "kernel/object/object.h"
#include "kernel/sched/cpu.h"

NONNULL_BEGIN

enum notice_kind : u8 { NOTICE_BINDING, NOTICE_HANGUP, NOTICE_CANCEL, NOTICE_PAGES };

// Something a port tells its server; lives inside the object it is about, so queuing cannot fail.
struct notice {
	struct list_node node; // in port->notices, under port->lock
	enum notice_kind kind;
	bool is_queued; // under port->lock
	bool is_dead;   // under port->lock: its binding has left the port
};

struct port {
	struct object object;
	struct spinlock lock;    // RANK_PORT
	struct list calls;       // struct call.node, oldest first
	struct list notices;     // struct notice.node
	struct list bindings;    // struct binding.by_port
	struct list connections; // struct connection.node
	struct list pagers;      // struct memory.pager_node: whose pages are asked for here
	bool is_closed;          // atomic, written under lock: no handle is left, nobody can ever serve
	u8 level;                // of the process that made it, or as it chose
	u32 pending;             // atomic: calls or notices are queued
	u32 waiters;             // atomic: mask of CPUs on which servers have idled
	struct list idle[CPU_MAX]; // struct thread.idle_node; each its own CPU's
	struct port_kick {
		struct list_node node; // in cpu->kicked, reference held on the port
		struct port *port;     // this one
	} kick[CPU_MAX];
	bool calls_first; // under lock: turns, so that neither calls nor notices starve
};
OBJECT_DOWNCAST(port)

struct connection {
	struct object object;
	struct port *port; // reference held
	u64 badge;
	struct notice hangup;
	struct list_node node; // in port->connections
};
OBJECT_DOWNCAST(connection)

// The tie of an object's bits to a port. Two references, one for each list it stands in.
struct binding {
	struct list_node by_object; // under object->lock
	struct list_node by_port;   // under port->lock
	struct notice notice;
	struct object *object; // reference held
	struct port *port;     // reference held
	struct quota *quota;   // charged one object
	u64 key;
	u32 bits;
	u8 mode;          // enum bind_mode
	u8 sides;         // references, atomic
	bool is_kick_due; // under object->lock: its notice was queued, nobody kicked the port yet
};

// A call put aside by reply_save.
struct reply {
	struct object object;
	struct thread *_Nullable caller; // reference held; null once answered (atomic exchange)
	u32 call_state;                  // what caller->call.state is while this reply holds it
	struct port *port;               // reference held: for notices
	struct notice notice;            // cancel or abandon
	handle_t handle;                 // its value in the table of the process that saved it
};
OBJECT_DOWNCAST(reply)

// Queues a notice; true: the caller owes the port a kick. Any CPU; takes port->lock.
bool port_queue(struct port *port, struct notice *notice);
// Queues it and wakes a server.
void port_notify(struct port *port, struct notice *notice);
void port_forget(struct port *port, struct notice *notice); // out of the queue, if there
void port_kick(struct port *port);       // after queuing, without a lock: find a server for it
void port_serve_here(struct port *port); // this CPU: hand queued work to servers idling here
void port_take_kicks(void);              // CPU_PORTS
// Gives `server` (on its home CPU, not idle) the next call or notice; its registers are set. False:
// nothing is there. Takes port->lock.
bool port_receive(struct port *port, struct thread *server);
// The server stops idling in its port with this result. Home CPU.
void port_idle_end(struct thread *server, err_t result);
void port_set_pending(struct port *port); // after a change of calls or notices, under port->lock
// The thread no longer counts as a server of its port (it dies or moves to another CPU).
void port_leave(struct thread *server);

err_t port_object_create(struct quota *quota, u8 level, struct port *_Nullable *_Nonnull out);
err_t connection_create(
	struct port *port, u64 badge, struct quota *quota, struct connection *_Nullable *_Nonnull out);
void connections_hang_up(struct port *port);

// binding.c
err_t binding_create(struct port *port, struct object *object, u32 bits, u64 key, u8 mode);
// Null: of any port. ERR_NOT_FOUND.
err_t binding_remove(struct port *_Nullable port, struct object *object);
void bindings_of_port_remove(struct port *port);

NONNULL_END

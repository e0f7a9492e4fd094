// SPDX-License-Identifier: MIT
// tty.h - what the parts of tty call of each other. Data: store.h. One thread. A message is a
// transaction: terminal_touch before a change, commit when all of it is done, and only then is
// anything seen from outside; what waits is tried again after the answer went out.
#pragma once

#include "lib/os/service.h"
#include "servers/tty/store.h"

NONNULL_BEGIN

constexpr u64 BADGE_STEERS = 2; // of the connection that proc is given
constexpr u64 BADGE_STEERING = 3;
constexpr u64 BADGE_END = 1ull << 32; // and generation << 16, terminal << 1, end
constexpr u64 KEY_WATCH = 1ull << 49;
constexpr u64 KEY_DEVICE = 1ull << 48; // of events of drivers, and the device

extern handle_t port; // set once at start

// One read, write or control: the call in hand, or one that waits.
struct request {
	later_t later; // HANDLE_NONE: the call in hand
	u64 badge, serial, who;
	u32 tag; // which call
	u32 flags, code;
	u64 argument;          // a control's; of a read: VTIME; of a write: bytes done
	u64 size, output_size; // of what was lent
	u64 deadline;          // it is over then; 0: none
	u32 step, seen;        // what a waiting call keeps: how far it is, bytes seen by VTIME
	bool is_live;
};

// Says whether the request is answered: result and err; else it waits.
typedef bool request_try(
	struct request *request, struct terminal *terminal, enum end end, err_t *err, u64 *result);
request_try read_try, write_try, control_try;

bool request_serve(struct message *message); // true: the message holds the answer
void request_cancel(handle_t reply, bool is_abandoned);
void request_settle(void); // tries what waits, for terminals that were touched
void request_overdue(void);
u64 request_deadline(void);                            // the next; DEADLINE_NEVER
bool request_has_elder(const struct request *request); // a write at the same end that waits longer
bool is_nonblocking(const struct request *request);
lease_t request_lease(const struct request *request, u32 index);

// store.c
err_t store_open(void);
void terminal_touch(struct terminal *terminal); // before a change
void terminal_look(struct terminal *terminal);  // something around it changed: try what waits
bool terminal_take_look(struct terminal *terminal);
bool is_looked_for(void);
void commit(void);
static inline u32 terminal_index(const struct terminal *terminal)
{
	return (u32)(terminal - store->terminals);
}
static inline bool is_pty(const struct terminal *terminal)
{
	return terminal_index(terminal) >= TERMINAL_PTY;
}

// request.c: answers that were decided.
void answer_keep(struct answers *answers, u64 serial, u64 badge, u64 result);
const struct answered *_Nullable answer_find(const struct answers *answers, u64 serial, u64 badge);

// open.c
struct terminal *_Nullable terminal_of(u64 badge, enum end *end); // none: hung up
u64 end_badge(const struct terminal *terminal, enum end end);
void end_alone(u64 badge); // its last client closed it
void ends_rescan(void);    // after a restart
void terminal_hang_up(struct terminal *terminal);
extern const struct tty_ops tty_operations;

// device.c
void devices_open(void);
void device_event(u32 device, u32 bits);
void device_pump(struct terminal *terminal); // what was typed, as far as there is room
void device_publish(struct terminal *terminal);
struct rings *_Nullable device_output(const struct terminal *terminal);
u32 output_room(const struct terminal *terminal);
bool output_is_empty(struct terminal *terminal); // else its driver says when
void output_drop(struct terminal *terminal);
err_t device_set(const struct terminal *terminal, const struct termios *termios);
err_t device_pull(const struct terminal *terminal, bool is_down);
struct line_host terminal_host(struct terminal *terminal);

// signal.c
void terminal_signal(struct terminal *terminal, u32 signal);
void terminal_signal_hangup(struct terminal *terminal);
void signal_publish(void); // after a commit
bool is_background(const struct terminal *terminal, u64 who);

// poll.c
u32 end_bits(const struct terminal *terminal, enum end end);
void end_publish(struct terminal *terminal, enum end end);

// control_*.c
bool control_pty(
	struct request *request, struct terminal *terminal, enum end end, err_t *err, u64 *result);
err_t control_get(const struct request *request, view_t value); // into the lent output
err_t control_put(const struct request *request, span_t value); // out of the lent input
void packet_tell(struct terminal *terminal, u32 news);

NONNULL_END

// SPDX-License-Identifier: MIT
// init.h - the supervisor's state. It stands in a ledger and its handles are an estate: when init
// itself dies, servers/root starts it again with both, and the services do not notice
// (docs/decisions/020). So each step writes down what it made before it makes more of it.
#pragma once

#include "abi/info.h"
#include "ifc/log.h"
#include "ifc/supervisor.h"
#include "lib/manifest/table.h"
#include "lib/os/spawn.h"

NONNULL_BEGIN

constexpr u64 SYSTEM_MAGIC = 0x6e69'7469'0001;
// init itself runs at level 0, since it starts services of level 0; it calls nobody. Its port is
// one above them.
constexpr u32 LEVEL_PORT = 1;
constexpr u64 IDENTITY_FIRST = 16; // of the first service; below are root and init

// The first handles of every service; then its calls, then its grants.
enum handle_index : u32 { HANDLE_PORT, HANDLE_WATCH, HANDLE_TIME, HANDLE_LEDGER, HANDLE_CALLS };
constexpr u32 HANDLES_MAX = HANDLE_CALLS + MANIFEST_CALLS + MANIFEST_GRANTS;

struct service {
	enum supervisor_state state;
	bool is_whole;                 // everything that it needs besides a process is there
	bool is_filled;                // its process has a thread
	bool is_stopping;              // by order
	bool is_absent;                // its process is /service/absent, in its place
	bool is_asked;                 // a heartbeat was sent
	bool is_awake;                 // it had work after it had answered one
	bool is_hung;                  // it was killed because it did not answer
	u8 quick_ends;                 // one after the other, of at most a second
	handle_t process;              // owned
	handle_t dead;                 // owned: its last life, whose handles the next one inherits
	handle_t quota;                // owned
	handle_t handles[HANDLES_MAX]; // owned; as in handle_index
	u32 values[HANDLES_MAX];       // the same in its own table, while they are inherited
	u32 self;                      // its handle to itself there
	u64 due_ns;                    // when something is to be done about it, by its state
	u64 started_ns, ended_ns, window_ns, recovery_ns;
	u32 restarts, failures;  // failures since window_ns
	struct process_info end; // of the last life; exit_reason 0: there was none
};

struct system {
	u64 magic;
	u32 services;
	u32 lives;                    // of init
	handle_t port;                // owned
	handle_t lines_out, lines_in; // owned; a stream for what we have to say, to servers/log
	bool is_restarting;           // init itself
	bool is_ending, is_reboot;
	u32 looks, quiet; // at whether the services have nothing to do any more
	u64 end_code, end_due_ns, work;
	struct service list[MANIFEST_SERVICES];
};

extern struct system *_Nonnull system; // the ledger
extern struct manifest manifest;       // in the boot image
extern view_t command_line;            // the kernel's
constexpr u32 NO_SERVICE = UINT32_MAX;

static inline struct service *service_at(u32 index)
{
	return &AT(system->list, index);
}
static inline const struct manifest_service *manifest_at(u32 index)
{
	return manifest_service_at(&manifest, index);
}

// setup.c: what a service needs besides a process, once.
void quotas_setup(void);
err_t service_setup(u32 index);
err_t ledger_renew(u32 index); // an empty one; the old one may be what kills it
// begin.c: a new life.
void service_begin_life(u32 index); // or waits for those that it calls
view_t line_after(view_t key);      // what follows it on the kernel's command line
view_t session_program(const struct manifest_service *record); // empty: what the manifest says
err_t absent_begin(u32 index); // answers for a service that will not come
// end.c
// Not what died already, though nobody told us yet: the dead that are killed once more lose what
// their next life inherits (docs/decisions/015).
void service_kill(const struct service *service, u64 code);
void service_ended(u32 index);             // its process has
void service_failed(u32 index, err_t err); // it could not be started
// watch.c
void service_is_ready(u32 index);
void service_is_awake(u32 index);
void service_due(u32 index, u64 now);
u64 watch_next(void); // when the next service is due
// steer.c
err_t service_steer(u32 index, enum supervisor_operation operation);
void services_begin_waiting(void);
// words.c: what is said about a service, for the log and for people.
void say(enum log_severity severity, const char *format, ...);
void say_names(void); // tells the log what services are called
const char *state_text(enum supervisor_state state);
view_t end_text(const struct service *service, span_t room);
// status.c: calls of ifc/supervisor.ifc; files.c: /scheme/svc.
extern const struct supervisor_ops supervisor_operations;
// Badges of connections to the files; behind each those of open ones. Orders are taken from the
// second kind.
constexpr u64 BADGE_FILES = 2, BADGE_ORDERS = 16;
bool files_dispatch(struct message *message);
void status_fill(u32 index, struct supervisor_status *out);
err_t order_take(u32 index, enum supervisor_operation operation);
err_t service_find(view_t name, u32 *out); // "init": NO_SERVICE
err_t provide_find(view_t name, u32 *service, u32 *provide);
// power.c
void system_end(u64 code, bool is_reboot); // once what was written has gone out
void system_due(u64 now);

NONNULL_END

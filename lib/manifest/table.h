// SPDX-License-Identifier: MIT
// table.h - all manifests of an image as one table in the boot image: written by tools/svc, read
// by servers/init. Records of fixed size, texts with a final zero, services in the order of their
// dependencies: whom a service calls stands before it. Little endian.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 MANIFEST_MAGIC = 0x6376'7343; // "Csvc"
constexpr u32 MANIFEST_VERSION = 1;
constexpr u32 MANIFEST_SERVICES = 64, MANIFEST_NAME = 16, MANIFEST_TEXT = 96;
constexpr u32 MANIFEST_GRANTS = 8, MANIFEST_PROVIDES = 4, MANIFEST_CALLS = 12, MANIFEST_MATCHES = 4;
constexpr u32 MANIFEST_LEVELS = 16;         // as the kernel's (docs/decisions/008)
constexpr u16 MANIFEST_SUPERVISOR = 0xffff; // as the service in a call: servers/init itself

enum manifest_grant_kind : u32 {
	MANIFEST_PORT = 0,        // I/O ports
	MANIFEST_MMIO = 1,        // physical memory
	MANIFEST_IRQ = 2,         // interrupt line: base; size 1
	MANIFEST_FRAMEBUFFER = 3, // the loader's; base, size: 0
	MANIFEST_CONSOLE = 4,     // the kernel's debug console
	MANIFEST_BOOT = 5,        // the boot image, to read
	MANIFEST_QUOTA = 6,       // its own if it has one, else the system's
	MANIFEST_MESSAGES = 7,    // what the supervisor has to say: a stream of struct log_record
	MANIFEST_PROGRAMS = 8,    // to look at: the quota of all programs, whose end is the system's
	MANIFEST_GRANT_KINDS = 9,
};

enum manifest_restart : u32 {
	MANIFEST_ALWAYS = 0,
	MANIFEST_ON_FAILURE = 1, // unless it ended with 0
	MANIFEST_NEVER = 2,
	MANIFEST_ENDS_SYSTEM = 3, // its end is the system's, its code is the machine's
};

enum manifest_flags : u32 {
	MANIFEST_COMMAND = 1,    // gets the command of the kernel's command line as last argument
	MANIFEST_LINE = 2,       // gets the whole kernel command line
	MANIFEST_SHARED_IRQ = 1, // of a grant
	MANIFEST_LEVEL_TRIGGERED = 2,
	MANIFEST_ACTIVE_LOW = 4,
	MANIFEST_SCHEME = 1, // of what is provided: programs reach it as /scheme/NAME
};

struct manifest_grant {
	char name[MANIFEST_NAME]; // of the handle that the service gets
	u64 base, size;
	enum manifest_grant_kind kind;
	u32 flags; // irq
};

struct manifest_provide {
	char name[MANIFEST_NAME];
	u32 flags, badge; // scheme: of the connections that programs get
};

struct manifest_call {
	u16 service, provide; // index of the provider and of the name in its list
	u32 badge;
};

struct manifest_match {
	char bus[8];   // pnp, pci, usb
	char what[24]; // as that bus names its devices
};

struct manifest_service {
	char name[MANIFEST_NAME];
	char run[MANIFEST_TEXT]; // path in the boot image
	char arguments[MANIFEST_TEXT];
	u32 level, flags;
	enum manifest_restart restart;
	u32 restart_count; // at most so often ...
	u64 restart_ns;    // ... in this time
	u64 ready_ns;      // must say that it is ready by then; 0: never says
	u64 heartbeat_ns;  // must answer a heartbeat within; 0: is not asked
	u64 ledger_size;   // 0: none
	u64 quota_pages, quota_objects, quota_handles; // 0: not limited apart
	u64 quota_share;                               // percent of all of these; 0: as above
	u32 match_count, grant_count, provide_count, call_count;
	struct manifest_match matches[MANIFEST_MATCHES];
	struct manifest_grant grants[MANIFEST_GRANTS];
	struct manifest_provide provides[MANIFEST_PROVIDES];
	struct manifest_call calls[MANIFEST_CALLS];
};

struct manifest_table { // count records follow
	u32 magic, version, count, record_size;
};

enum [[nodiscard]] manifest_problem : u8 {
	MANIFEST_GOOD,
	MANIFEST_CUT,
	MANIFEST_BAD_MAGIC,
	MANIFEST_BAD_VERSION,
	MANIFEST_BAD_COUNT,
	MANIFEST_BAD_NAME,
	MANIFEST_BAD_TEXT,
	MANIFEST_BAD_VALUE,
	MANIFEST_BAD_GRANT,
	MANIFEST_BAD_CALL,
};
const char *manifest_problem_text(enum manifest_problem problem);

// What was read: borrows the bytes, which are aligned to 8.
struct manifest {
	view_t services;
	u32 count;
	u32 bad; // the record that is wrong, when the problem is in one
};

// Checks everything that manifest_service_at and its reader rely on.
enum manifest_problem manifest_read(view_t bytes, struct manifest *out);
const struct manifest_service *manifest_service_at(const struct manifest *manifest, u32 index);

NONNULL_END

// SPDX-License-Identifier: MIT
// grant.c - see grant.h. Serials begin with the time, so that a badge from before a restart is
// nobody's.
#include "servers/meet/grant.h"

#include "lib/os/process.h"
#include "lib/os/scheme.h"
#include "os/syscalls.h"
#include "servers/meet/fifo.h"
#include "servers/meet/speaker.h"

constexpr u32 NUMBER_BITS = 11, GRANTS_MAX = 1u << NUMBER_BITS;
constexpr u32 SERIAL_SHIFT = 10; // a new one each microsecond at most
constexpr u32 PROCESS_MAX = 64;  // of one process: its threads that are on their way

struct grant {
	u64 serial; // 0: free
	u64 key;
	u32 ways, pid;
};

static struct grant grants[GRANTS_MAX];
static u64 last_serial;

static struct grant *_Nullable by_badge(u64 badge)
{
	struct grant *grant = &AT(grants, badge % GRANTS_MAX);
	bool is_ours = badge & GRANT_BADGE && (badge & ~GRANT_BADGE) >> NUMBER_BITS == grant->serial;
	return is_ours && grant->serial ? grant : nullptr;
}

err_t grant_key(struct caller caller, u32 ways, u64 *out_key)
{
	const struct grant *grant = by_badge(caller.badge);
	if (!grant)
		return ERR_STATE;
	*out_key = grant->key;
	return (grant->ways & ways) == ways ? OK : ERR_RIGHTS;
}

static u64 next_serial(void)
{
	if (!last_serial)
		last_serial = clock_read() >> SERIAL_SHIFT;
	return ++last_serial;
}

// A free place, or that of the oldest: of this process's, if it has very many, else of all. Who
// holds connections back takes no place from others for long, and whose was taken asks for another.
static u32 place_for(u32 pid)
{
	u32 free = GRANTS_MAX, own = GRANTS_MAX, oldest = 0, count = 0;
	for (u32 i = 0; i < GRANTS_MAX; i++) {
		const struct grant *grant = &AT(grants, i);
		if (!grant->serial)
			free = i;
		if (grant->serial < AT(grants, oldest).serial)
			oldest = i;
		if (!grant->serial || grant->pid != pid)
			continue;
		count++;
		if (own == GRANTS_MAX || grant->serial < AT(grants, own).serial)
			own = i;
	}
	if (count >= PROCESS_MAX)
		return own;
	return free < GRANTS_MAX ? free : oldest;
}

err_t operation_vouch(void *_Nullable self, struct caller caller, u64 key, enum meet_way ways,
	u32 pid, handle_t *out_grant)
{
	(void)self;
	if (caller.badge != VOUCHER_BADGE)
		return ERR_NOT_OWNER;
	u32 number = place_for(pid);
	struct grant grant = { next_serial(), key, (u32)ways, pid };
	TRY(connection_create(
		fifo_port, GRANT_BADGE | grant.serial << NUMBER_BITS | number, out_grant));
	AT(grants, number) = grant;
	(void)handle_pass(*out_grant);
	return OK;
}

void grant_hangup(u64 badge)
{
	struct grant *grant = by_badge(badge);
	if (grant)
		*grant = (struct grant){};
}

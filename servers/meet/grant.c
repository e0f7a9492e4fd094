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

struct grant {
	u64 serial; // 0: free
	u64 key;
	u32 ways;
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

err_t operation_vouch(
	void *_Nullable self, struct caller caller, u64 key, enum meet_way ways, handle_t *out_grant)
{
	(void)self;
	u32 number = 0;
	if (caller.badge != VOUCHER_BADGE)
		return ERR_NOT_OWNER;
	while (number < GRANTS_MAX && AT(grants, number).serial)
		number++;
	if (number == GRANTS_MAX)
		return ERR_QUOTA;
	struct grant grant = { next_serial(), key, (u32)ways };
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

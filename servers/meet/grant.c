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

static struct grant grants[GRANTS_MAX];
static u64 last_serial;

static struct grant *_Nullable by_badge(u64 badge)
{
	struct grant *grant = &AT(grants, badge % GRANTS_MAX);
	bool is_ours = badge & GRANT_BADGE && (badge & ~GRANT_BADGE) >> NUMBER_BITS == grant->serial;
	return is_ours && grant->serial ? grant : nullptr;
}

err_t grant_find(struct caller caller, u32 ways, struct grant *_Nullable *_Nonnull out)
{
	*out = by_badge(caller.badge);
	if (!*out)
		return ERR_STATE;
	return ((*out)->ways & ways) == ways ? OK : ERR_RIGHTS;
}

// By the connection that came with a call.
static const struct grant *_Nullable grant_named(handle_t connection)
{
	u64 id = object_id(connection);
	for (u32 i = 0; id && i < GRANTS_MAX; i++)
		if (AT(grants, i).serial && AT(grants, i).id == id)
			return &AT(grants, i);
	return nullptr;
}

static u64 next_serial(void)
{
	if (!last_serial)
		last_serial = clock_read() >> SERIAL_SHIFT;
	return ++last_serial;
}

// A free place, or that of the oldest: of this process's, if it has very many, else of all. Who
// holds connections back takes no place from others for long, and whose was taken asks for another.
static u32 place_for(u32 holder)
{
	u32 free = GRANTS_MAX, own = GRANTS_MAX, oldest = 0, count = 0;
	for (u32 i = 0; i < GRANTS_MAX; i++) {
		const struct grant *grant = &AT(grants, i);
		if (!grant->serial)
			free = i;
		if (grant->serial < AT(grants, oldest).serial)
			oldest = i;
		if (!grant->serial || grant->holder != holder)
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
	u32 holder, u32 pid, u32 user, u32 group, handle_t *out_grant)
{
	(void)self;
	if (caller.badge != VOUCHER_BADGE)
		return ERR_NOT_OWNER;
	if (ways && !key)
		return ERR_INVALID; // no inode, no name
	u32 number = place_for(holder);
	struct grant grant = { .serial = next_serial(),
		.key = key,
		.ways = (u32)ways,
		.holder = holder,
		.who = { pid, user, group } };
	u64 badge = GRANT_BADGE | grant.serial << NUMBER_BITS | number;
	TRY(connection_make(badge, &grant.id, out_grant));
	AT(grants, number) = grant;
	(void)handle_pass(*out_grant);
	return OK;
}

static void tell(struct peer peer, u32 *pid, u32 *user, u32 *group)
{
	*pid = peer.pid;
	*user = peer.user;
	*group = peer.group;
}

// The line shows that the grant came from whoever it is about, for this connection: who listens at
// one key cannot pass itself off as its client at another.
err_t operation_connected(void *_Nullable self, struct caller caller, handle_t connection,
	handle_t line, u64 *out_key, u32 *out_pid, u32 *out_user, u32 *out_group)
{
	(void)self;
	(void)caller;
	const struct grant *grant = grant_named(connection);
	if (!grant || !grant->line || grant->line != object_id(line))
		return ERR_STATE;
	*out_key = grant->key;
	tell(grant->who, out_pid, out_user, out_group);
	(void)handle_close(line);
	return handle_close(connection);
}

// A card is for readers of one user: who gets it cannot show it to others.
err_t operation_introduced(void *_Nullable self, struct caller caller, handle_t card, u32 *out_pid,
	u32 *out_user, u32 *out_group)
{
	(void)self;
	const struct speaker *reader;
	TRY(speaker_of(caller, &reader));
	const struct grant *grant = grant_named(card);
	if (!grant || grant->ways)
		return ERR_STATE;
	if (grant->key != reader->who.user && grant->key != reader->who.effective_user)
		return ERR_RIGHTS;
	tell(grant->who, out_pid, out_user, out_group);
	return handle_close(card);
}

void grants_part(u64 key)
{
	for (u32 i = 0; i < GRANTS_MAX; i++)
		if (AT(grants, i).key == key && AT(grants, i).line)
			AT(grants, i) = (struct grant){};
}

void grant_hangup(u64 badge)
{
	struct grant *grant = by_badge(badge);
	if (grant)
		*grant = (struct grant){};
}

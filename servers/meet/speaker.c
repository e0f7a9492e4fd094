// SPDX-License-Identifier: MIT
// speaker.c - see speaker.h. One a slot of proc's table: who comes there next takes the place of
// who was. Serials begin with the time, so that a badge from before a restart is nobody's.
#include "servers/meet/speaker.h"

#include "abi/info.h"
#include "lib/os/heap.h"
#include "lib/os/process.h"
#include "os/syscalls.h"
#include "servers/meet/fifo.h"

constexpr u32 SLOT_BITS = 13, SLOTS = 1u << SLOT_BITS; // PROC_SLOTS_MAX
constexpr u32 SERIAL_SHIFT = 10;                       // a new one each microsecond at most

static struct speaker *_Nullable speakers[SLOTS]; // owned
static u64 last_serial;

static struct speaker *_Nullable by_badge(u64 badge)
{
	struct speaker *speaker = AT(speakers, badge % SLOTS);
	u64 serial = (badge & ~SPEAKER_BADGE) >> SLOT_BITS;
	return speaker && badge & SPEAKER_BADGE && serial == speaker->serial ? speaker : nullptr;
}

err_t speaker_of(struct caller caller, const struct speaker *_Nullable *_Nonnull out)
{
	*out = by_badge(caller.badge);
	return *out ? OK : ERR_STATE;
}

u64 object_id(handle_t handle)
{
	struct object_info info = {};
	u64 size;
	bool is_known =
		handle.raw && handle_info(handle, INFO_TOPIC_OBJECT, span_of(info), &size) == OK;
	return is_known ? info.id : 0;
}

err_t connection_make(u64 badge, u64 *id, handle_t *out)
{
	TRY(connection_create(fifo_port, badge, out));
	*id = object_id(*out);
	if (*id)
		return OK;
	(void)handle_close(*out);
	return ERR_NO_MEMORY;
}

err_t speaker_named(handle_t connection, const struct speaker *_Nullable *_Nonnull out)
{
	u64 id = object_id(connection);
	for (u32 i = 0; id && i < SLOTS; i++)
		if (AT(speakers, i) && AT(speakers, i)->id == id) {
			*out = AT(speakers, i);
			return OK;
		}
	return ERR_STATE;
}

struct tree_credentials speaker_credentials(const struct speaker *speaker)
{
	return (struct tree_credentials){ .user = speaker->who.file_user,
		.group = speaker->who.file_group,
		.capabilities = speaker->who.capabilities,
		.groups = speaker->who.groups,
		.group_count = speaker->who.group_count };
}

static void speaker_end(u32 slot)
{
	struct speaker *speaker = AT(speakers, slot);
	if (!speaker)
		return;
	(void)handle_close(speaker->process);
	heap_free(speaker, sizeof *speaker);
	AT(speakers, slot) = nullptr;
}

void speaker_hangup(u64 badge)
{
	if (by_badge(badge))
		speaker_end(badge % SLOTS);
}

static u64 next_serial(void)
{
	if (!last_serial)
		last_serial = clock_read() >> SERIAL_SHIFT;
	return ++last_serial;
}

static err_t fill(const struct meet_speak_call *call, struct speaker *speaker, handle_t *out)
{
	TRY(lease_get(call->identity, 0, span_of(speaker->who)));
	if (speaker->who.slot >= SLOTS || speaker->who.group_count > MEET_SPEAKER_GROUPS)
		return ERR_INVALID;
	speaker->process = call->process;
	speaker->serial = next_serial();
	u64 badge = SPEAKER_BADGE | speaker->serial << SLOT_BITS | speaker->who.slot;
	return connection_make(badge, &speaker->id, out);
}

static err_t speak(const struct meet_speak_call *call, handle_t *out)
{
	void *memory;
	if (call->caller.badge != VOUCHER_BADGE)
		return ERR_NOT_OWNER;
	if (call->identity.size != sizeof(struct meet_identity))
		return ERR_TOO_BIG;
	TRY(heap_alloc(sizeof(struct speaker), &memory));
	struct speaker *speaker = memory;
	err_t err = fill(call, speaker, out);
	if (err != OK) {
		heap_free(speaker, sizeof *speaker);
		return err;
	}
	speaker_end(speaker->who.slot);
	AT(speakers, speaker->who.slot) = speaker;
	return OK;
}

void operation_speak(void *_Nullable self, struct meet_speak_call call)
{
	handle_t speaker = HANDLE_NONE;
	(void)self;
	err_t err = speak(&call, &speaker);
	if (err != OK)
		(void)handle_close(call.process);
	meet_speak_done(call, err, speaker);
	if (err == OK)
		(void)handle_close(speaker); // from here on only who it is for has it
}

// SPDX-License-Identifier: MIT
// meet_world_fuzz.c - messages to servers/meet, as it is, and a model of what servers/proc vouched
// for: nobody gets more out of a grant, a card or a voice than was put in. service_main is its
// main.
#include <string.h>

#include "ifc/meet.h"
#include "lib/base/test.h"
#include "lib/os/loop.h"
#include "os/syscalls.h"
#include "test/service/world.h"

constexpr u32 GRANTS_MAX = 4096, SPEAKERS_MAX = 4096, VOUCHER = 2, MESSAGES_MAX = 400;

int service_main(void);

static struct loop *loop; // as the service set it up

// What was vouched for, by the badge of the connection made for it.
static struct grant {
	u64 badge, id, key, line;
	u32 ways, pid, user, group;
} grants[GRANTS_MAX];
static u32 grant_count;
static struct speaker {
	u64 badge;
	u32 user, effective_user;
} speakers[SPEAKERS_MAX];
static u32 speaker_count;

err_t service_begin(struct loop *given)
{
	loop = given;
	return OK;
}

void loop_serve(struct loop *given, loop_dispatch *dispatch, const void *ops, void *_Nullable self)
{
	given->dispatch = dispatch;
	given->ops = ops;
	given->self = self;
}

err_t loop_run(struct loop *given)
{
	(void)given;
	return OK;
}

static struct grant *_Nullable grant_by(u64 badge)
{
	for (u32 i = 0; i < grant_count; i++)
		if (grants[i].badge == badge)
			return &grants[i];
	return nullptr;
}

static void vouched(const struct message *asked, const struct message *reply)
{
	struct meet_vouch_request request;
	memcpy(&request, asked->word, sizeof request);
	const struct world_object *object = world_object(reply->handle[0]);
	need(asked->badge == VOUCHER && object);
	if (grant_count == GRANTS_MAX)
		return;
	grants[grant_count++] = (struct grant){ .badge = object->badge,
		.id = object->id,
		.key = request.key,
		.ways = request.ways,
		.pid = request.pid,
		.user = request.user,
		.group = request.group };
}

static void need_same(const struct grant *grant, u32 pid, u32 user, u32 group)
{
	need(grant->pid == pid && grant->user == user && grant->group == group);
}

// What was answered OK must have been vouched for. lines: numbers of what came along, of before.
static void check(const struct message *asked, const struct message *reply, const u64 *ids)
{
	struct grant *own = grant_by(asked->badge);
	switch ((u32)asked->tag) {
	case (u32)MEET_VOUCH_TAG: vouched(asked, reply); break;
	case (u32)MEET_SPEAK_TAG: need(asked->badge == VOUCHER); break;
	case (u32)MEET_FIFO_TAG:
		need(own && asked->word[0] && (own->ways & asked->word[0] & 3) == (asked->word[0] & 3));
		break;
	case (u32)MEET_LISTEN_TAG: need(own && own->ways & MEET_WAY_LISTEN); break;
	case (u32)MEET_CONNECT_TAG:
		need(own && own->ways & MEET_WAY_CONNECT && !own->line);
		own->line = ids[0];
		break;
	case (u32)MEET_CONNECTED_TAG: {
		struct meet_connected_reply told;
		struct grant *shown = nullptr;
		memcpy(&told, reply->word, sizeof told);
		for (u32 i = 0; i < grant_count; i++)
			shown = grants[i].id == ids[0] ? &grants[i] : shown;
		need(shown && shown->line && shown->line == ids[1] && shown->key == told.key);
		need_same(shown, told.pid, told.user, told.group);
		break;
	}
	case (u32)MEET_INTRODUCED_TAG: {
		struct meet_introduced_reply told;
		struct grant *card = nullptr;
		bool is_reader = false;
		memcpy(&told, reply->word, sizeof told);
		for (u32 i = 0; i < grant_count; i++)
			card = grants[i].id == ids[0] ? &grants[i] : card;
		need(card && !card->ways);
		need_same(card, told.pid, told.user, told.group);
		for (u32 i = 0; i < speaker_count; i++)
			is_reader |= speakers[i].badge == asked->badge &&
			             (speakers[i].user == card->key || speakers[i].effective_user == card->key);
		need(is_reader);
		break;
	}
	}
}

static const u64 tags[] = { MEET_FIFO_TAG, MEET_LEFT_TAG, MEET_LISTEN_TAG, MEET_CONNECT_TAG,
	MEET_SPEAK_TAG, MEET_QUEUE_OPEN_TAG, MEET_QUEUE_UNLINK_TAG, MEET_QUEUE_SEND_TAG,
	MEET_QUEUE_POST_TAG, MEET_QUEUE_RECEIVE_TAG, MEET_QUEUE_STATUS_TAG, MEET_QUEUE_NOTIFY_TAG,
	MEET_QUEUE_FORGET_TAG, MEET_QUEUE_NOTICED_TAG, MEET_IPC_GET_TAG, MEET_IPC_LOOK_AT_TAG,
	MEET_IPC_SURVEY_TAG, MEET_IPC_CHANGE_TAG, MEET_IPC_REMOVE_TAG, MEET_SEGMENT_ATTACH_TAG,
	MEET_SEMAPHORE_CONTROL_TAG, MEET_SEMAPHORE_VALUES_TAG, MEET_SEMAPHORE_SET_TAG,
	MEET_SEMAPHORE_OPERATE_TAG, MEET_MESSAGE_SEND_TAG, MEET_MESSAGE_RECEIVE_TAG, MEET_VOUCH_TAG,
	MEET_CONNECTED_TAG, MEET_INTRODUCED_TAG };

static u64 any_badge(void)
{
	u64 choice = world_take(1);
	if (choice < 40)
		return VOUCHER;
	if (choice < 50)
		return world_take(8);
	return world_badges() ? world_badge((u32)(choice % world_badges())) : 1;
}

// A handle that came with a call may be one that meet made: somebody got it with an answer.
static handle_t kept[256];
static u32 kept_count;

static void pass_kept(struct message *message, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		u64 choice = world_take(1);
		handle_t again;
		if (!kept_count || choice > 240 ||
			handle_duplicate(kept[choice % kept_count], ~0u, &again) != OK)
			continue;
		(void)handle_close(message->handle[i]);
		message->handle[i] = again;
	}
}

static void keep(handle_t handle)
{
	handle_t again;
	if (handle.raw && kept_count < COUNT(kept) && handle_duplicate(handle, ~0u, &again) == OK)
		kept[kept_count++] = again;
}

static void learn_speaker(u64 badge)
{
	struct meet_identity identity;
	memcpy(&identity, world_lent, sizeof identity);
	if (speaker_count < SPEAKERS_MAX)
		speakers[speaker_count++] =
			(struct speaker){ badge, identity.user, identity.effective_user };
}

// One of this kind that was seen, in the place of a fresh one.
static void pass_kind(handle_t *handle, u32 kind)
{
	u64 choice = world_take(1);
	handle_t again;
	for (u32 i = 0; i < kept_count; i++) {
		handle_t one = kept[(choice + i) % kept_count];
		if (world_object(one)->kind != kind || handle_duplicate(one, ~0u, &again) != OK)
			continue;
		(void)handle_close(*handle);
		*handle = again;
		return;
	}
}

// Every third call is about who may meet whom, with what could count.
static void meeting_call(struct message *message)
{
	static const u64 of_grants[] = { MEET_FIFO_TAG, MEET_LISTEN_TAG, MEET_CONNECT_TAG };
	static const u8 streams[MESSAGE_HANDLES] = { HANDLE_KIND_STREAM };
	u64 choice = world_take(1), which = world_take(1);
	u64 badge = grant_count ? grants[which % grant_count].badge : VOUCHER;
	if (choice < 60 || !grant_count) {
		world_call(message, MEET_VOUCH_TAG, VOUCHER, nullptr);
		const struct meet_vouch_request request = { .key = which & 3,
			.ways = (enum meet_way)(which >> 2 & 15),
			.holder = (u32)world_take(1) & 3,
			.pid = (u32)which,
			.user = (u32)world_take(1) & 3,
			.group = (u32)choice };
		memcpy(message->word, &request, sizeof request);
		return;
	}
	if (choice < 150) {
		world_call(message, of_grants[choice % COUNT(of_grants)], badge, streams);
		if ((u32)message->tag == (u32)MEET_FIFO_TAG)
			message->word[0] = which & 7;
	} else if (choice < 210 || !speaker_count) {
		world_call(message, MEET_CONNECTED_TAG, badge, nullptr);
		pass_kind(&message->handle[0], HANDLE_KIND_CONNECTION);
		pass_kind(&message->handle[1], HANDLE_KIND_STREAM);
	} else {
		u64 speaker = speakers[which % speaker_count].badge;
		world_call(message, MEET_INTRODUCED_TAG, speaker, nullptr);
		pass_kind(&message->handle[0], HANDLE_KIND_CONNECTION);
	}
}

static void any_call(struct message *message)
{
	if (world_take(1) < 120) {
		meeting_call(message);
		return;
	}
	static const u8 processes[MESSAGE_HANDLES] = { HANDLE_KIND_PROCESS };
	u64 tag = tags[world_take(1) % COUNT(tags)];
	world_call(message, tag, any_badge(), (u32)tag == (u32)MEET_SPEAK_TAG ? processes : nullptr);
	pass_kept(message, (u32)(tag >> TAG_HANDLES_SHIFT & 7));
}

static void call(void)
{
	struct message asked, message;
	u64 ids[MESSAGE_HANDLES] = {};
	any_call(&message);
	u32 count = (u32)(message.tag >> TAG_HANDLES_SHIFT & 7);
	for (u32 i = 0; i < count; i++) {
		keep(message.handle[i]);
		ids[i] = world_object(message.handle[i]) ? world_object(message.handle[i])->id : 0;
	}
	asked = message;
	world_was_put_aside = false;
	u32 badges = world_badges();
	bool is_answered = loop->dispatch(loop->ops, loop->self, &message);
	need(is_answered != world_was_put_aside);
	// It is put aside, and answered at once: who speaks is known by the connection made for it.
	if ((u32)asked.tag == (u32)MEET_SPEAK_TAG && world_badges() == badges + 1)
		learn_speaker(world_badge(badges));
	if (!is_answered || (i32)message.tag != 0)
		return;
	check(&asked, &message, ids);
	for (u32 i = 0; i < (message.tag >> TAG_HANDLES_SHIFT & 7); i++)
		keep(message.handle[i]);
}

static void event(void)
{
	switch (world_take(1) % 3) {
	case 0: loop->on_hangup(loop->self, any_badge()); break;
	case 1:
		if (world_replies())
			loop->on_cancel(
				loop->self, world_reply((u32)(world_take(1) % world_replies())), world_take(1) & 1);
		break;
	case 2: loop->on_event(loop->self, world_take(1) | world_take(1) << 32); break;
	}
}

// All clients end.
static void clear(void)
{
	for (u32 i = 0; i < 2 * MESSAGES_MAX && world_replies(); i++)
		loop->on_cancel(loop->self, world_reply(0), true);
	need(!world_replies());
	for (u32 i = 0; i < world_badges(); i++)
		loop->on_hangup(loop->self, world_badge(i));
}

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	world_begin(view_from(data, size));
	need(service_main() == 0);
	grant_count = speaker_count = kept_count = 0;
	for (u32 i = 0; i < MESSAGES_MAX && !world_is_over(); i++)
		if (world_take(1) < 230)
			call();
		else
			event();
	clear();
	return 0;
}

// SPDX-License-Identifier: MIT
// world.c - see world.h. Handles are numbers that are never used twice, so that one used after its
// end is seen.
#include "test/service/world.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/os/heap.h"
#include "lib/os/ledger.h"
#include "lib/os/log.h"
#include "lib/os/process.h"
#include "lib/os/scheme.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "test/service/world_answers.h"

constexpr u32 OBJECTS_MAX = 16384, HANDLES_MAX = 32768, BADGES_MAX = 4096, REPLIES_MAX = 4096;
constexpr u32 KIND_REPLY = 99;
constexpr usize DICE_MAX = 4096;
constexpr u64 TABLE_BYTES = 1 << 20; // what is mapped here

static view_t input;
static usize at;
static u64 dice;
static struct world_object objects[OBJECTS_MAX];
static u32 handles[HANDLES_MAX]; // number of the object; 0: closed
static u32 object_count, handle_count, open_count;
static u64 next_id, now;
static u64 badges[BADGES_MAX];
static u32 badge_count;
static handle_t replies[REPLIES_MAX];
static u32 reply_count;
static u8 mapped[TABLE_BYTES];
static handle_t passed; // owned; see handle_pass
static struct allocation {
	struct allocation *_Nullable next;
	alignas(16) u8 bytes[];
} *_Nullable allocations; // of the service
u8 world_lent[512];
bool world_may_close_twice;
view_t world_image;
bool world_was_put_aside;

static const char *const names[] = { "port", "ledger", "ramfs", "meet", "tty", "programs", "log" };
static handle_t started[COUNT(names)];

extern u8 __start_service_bss[], __stop_service_bss[], __start_service_data[],
	__stop_service_data[]; // by the linker; see section.h

// So that there is one of each.
[[gnu::used, gnu::section("service_data"), clang::no_sanitize("address")]] static u8 some_data = 1;

static void forget_allocations(void)
{
	while (allocations) {
		struct allocation *next = allocations->next;
		free(allocations);
		allocations = next;
	}
}

static void restart_service(void)
{
	static u8 *data; // as it was at first
	usize size = (usize)(__stop_service_data - __start_service_data);
	if (!data) {
		data = malloc(size + 1);
		memcpy(data, __start_service_data, size);
	}
	memcpy(__start_service_data, data, size);
	memset(__start_service_bss, 0, (usize)(__stop_service_bss - __start_service_bss));
	forget_allocations();
}

void world_begin(view_t bytes)
{
	restart_service();
	input = bytes;
	at = 0;
	dice = 1;
	memset(objects, 0, sizeof objects);
	memset(handles, 0, sizeof handles);
	memset(mapped, 0, sizeof mapped);
	object_count = handle_count = open_count = badge_count = reply_count = 0;
	passed = HANDLE_NONE;
	now = 1000;
	for (u32 i = 0; i < COUNT(names); i++)
		started[i] = world_make(HANDLE_KIND_CONNECTION, 0);
}

// Behind the input dice are thrown that it decides: few calls in a row say little.
static u8 next_byte(void)
{
	u8 byte = at < input.size ? view_at(input, at) : 0;
	at++;
	dice = hash_mix(dice + byte);
	return at <= input.size ? byte : (u8)(dice >> 32);
}

u64 world_take(u32 bytes)
{
	u64 value = 0;
	for (u32 i = 0; i < bytes; i++)
		value |= (u64)next_byte() << 8 * i;
	return value;
}

bool world_is_over(void)
{
	return at >= input.size + DICE_MAX;
}

static bool is_refused(void) // now and then there is no memory
{
	return world_take(1) == 255;
}

static handle_t handle_to(u32 object)
{
	if (handle_count + 1 >= HANDLES_MAX)
		return HANDLE_NONE;
	handles[++handle_count] = object;
	objects[object].handles++;
	open_count++;
	return (handle_t){ handle_count };
}

handle_t world_make(u32 kind, u64 badge)
{
	if (object_count + 1 >= OBJECTS_MAX)
		return HANDLE_NONE;
	objects[++object_count] =
		(struct world_object){ .kind = kind, .id = ++next_id, .badge = badge };
	return handle_to(object_count);
}

struct world_object *_Nullable world_object(handle_t handle)
{
	u32 object = handle.raw <= handle_count ? handles[handle.raw] : 0;
	return object ? &objects[object] : nullptr;
}

u32 world_handles(void)
{
	return open_count;
}

u64 world_badge(u32 index)
{
	return index < badge_count ? badges[index] : 0;
}

u32 world_badges(void)
{
	return badge_count;
}

err_t handle_close(handle_t target)
{
	struct world_object *object = world_object(target);
	need(object || world_may_close_twice);
	if (!object)
		return ERR_BAD_HANDLE;
	handles[target.raw] = 0;
	object->handles--;
	open_count--;
	return OK;
}

err_t handle_duplicate(handle_t source, u32 rights, handle_t *out)
{
	(void)rights;
	need(world_object(source));
	if (is_refused())
		return ERR_QUOTA;
	*out = handle_to(handles[source.raw]);
	return out->raw ? OK : ERR_QUOTA;
}

static void tell_process(const struct world_object *object, span_t data)
{
	struct process_info info = { .exit_reason = object->has_ended ? EXIT_RETURNED : EXIT_RUNNING,
		.exit_code = world_take(2),
		.mapped_pages = world_take(2) };
	(void)span_copy(data, view_clamp(view_of(info), 0, data.size));
}

err_t handle_info(handle_t target, enum info_topic topic, span_t data, u64 *out_size)
{
	const struct world_object *object = world_object(target);
	if (!object)
		return ERR_BAD_HANDLE;
	struct object_info info = { object->kind, ~0u, object->id, object->signals, object->handles };
	struct quota_info quota = { .pages = 10000, .pages_used = world_take(2) };
	*out_size = data.size;
	span_fill(data, 0);
	if (topic == INFO_TOPIC_OBJECT)
		(void)span_copy(data, view_of(info));
	else if (topic == INFO_TOPIC_PROCESS)
		tell_process(object, data);
	else if (topic == INFO_TOPIC_QUOTA)
		(void)span_copy(data, view_clamp(view_of(quota), 0, data.size));
	return OK;
}

err_t object_signal(handle_t target, u32 clear, u32 set)
{
	struct world_object *object = world_object(target);
	need(object);
	object->signals = (object->signals & ~clear) | set;
	return OK;
}

err_t object_wait(handle_t target, u32 bits, u64 deadline, u32 *out_observed)
{
	need(world_object(target) && !deadline);
	u32 holds = world_take(1) == 7 ? bits : 0;
	*out_observed = holds;
	return holds ? OK : ERR_TIMED_OUT;
}

err_t port_bind(handle_t port, handle_t target, u32 bits, u64 key, enum bind_mode mode)
{
	(void)key;
	(void)mode;
	need(world_object(port));
	if (!world_object(target))
		return ERR_BAD_HANDLE;
	return bits && is_refused() ? ERR_QUOTA : OK;
}

static err_t make(u32 kind, u64 badge, handle_t *out)
{
	if (is_refused())
		return ERR_QUOTA;
	*out = world_make(kind, badge);
	return out->raw ? OK : ERR_QUOTA;
}

err_t connection_create(handle_t port, u64 badge, handle_t *out)
{
	need(world_object(port));
	TRY(make(HANDLE_KIND_CONNECTION, badge, out));
	badges[badge_count++ % BADGES_MAX] = badge;
	badge_count = badge_count < BADGES_MAX ? badge_count : BADGES_MAX;
	return OK;
}

err_t stream_create(u64 capacity, enum stream_flags flags, handle_t *first, handle_t *second)
{
	(void)capacity;
	(void)flags;
	TRY(make(HANDLE_KIND_STREAM, 0, first));
	err_t err = make(HANDLE_KIND_STREAM, 0, second);
	if (err != OK)
		(void)handle_close(*first);
	return err;
}

err_t world_memory_create(handle_t *out)
{
	return make(HANDLE_KIND_MEMORY, 0, out);
}

err_t memory_read(handle_t source, u64 offset, span_t data, u64 *out_done)
{
	(void)offset;
	if (!world_object(source) || is_refused())
		return ERR_RANGE;
	if (data.size == world_image.size)
		(void)span_copy(data, world_image);
	for (usize i = 0; data.size != world_image.size && i < data.size && i < 64; i++)
		*span_at(data, i) = (u8)world_take(1);
	*out_done = data.size;
	return OK;
}

err_t memory_write(handle_t target, u64 offset, view_t data, u64 *out_done)
{
	(void)offset;
	need(world_object(target));
	*out_done = data.size;
	return is_refused() ? ERR_QUOTA : OK;
}

err_t world_memory_map(handle_t process, handle_t memory, u64 address, u64 size, u64 *out_mapped)
{
	need(world_object(memory));
	*out_mapped = process.raw ? address : (u64)(uintptr_t)mapped;
	need(process.raw || size <= sizeof mapped);
	return process.raw && is_refused() ? ERR_QUOTA : OK;
}

err_t memory_control(handle_t memory, enum memory_operation operation, u64 a, u64 b, u64 *out)
{
	(void)operation;
	(void)a;
	(void)b;
	need(world_object(memory));
	*out = 0;
	return OK;
}

err_t process_create(handle_t quota, u64 identity, u32 level, handle_t *out)
{
	(void)identity;
	(void)level;
	need(world_object(quota));
	return make(HANDLE_KIND_PROCESS, 0, out);
}

err_t process_control(handle_t process, enum process_operation operation, u64 a, u64 b)
{
	struct world_object *object = world_object(process);
	(void)a;
	(void)b;
	if (!object)
		return ERR_BAD_HANDLE;
	object->has_ended |= operation == PROCESS_OPERATION_KILL;
	return OK;
}

err_t process_give(handle_t process, handle_t thing, u32 rights, u32 *out_value)
{
	(void)rights;
	need(world_object(process) && world_object(thing));
	*out_value = 1;
	return is_refused() ? ERR_QUOTA : OK;
}

err_t world_thread_create(handle_t process, handle_t *out)
{
	need(world_object(process));
	return make(HANDLE_KIND_THREAD, 0, out);
}

err_t thread_notify(handle_t target, u64 bits)
{
	(void)bits;
	return world_object(target) && !is_refused() ? OK : ERR_STATE;
}

// What clients lent: whatever the input says, the rest zeros.
err_t lease_get(lease_t lease, u64 offset, span_t to)
{
	(void)lease;
	(void)offset;
	if (is_refused())
		return ERR_FAULT;
	span_fill(to, 0);
	u64 given = world_take(1);
	for (usize i = 0; i < to.size && i < given; i++)
		*span_at(to, i) = (u8)world_take(1);
	memset(world_lent, 0, sizeof world_lent);
	(void)span_copy(span_of(world_lent), view_clamp(span_view(to), 0, sizeof world_lent));
	return OK;
}

err_t lease_put(lease_t lease, u64 offset, view_t from)
{
	(void)lease;
	(void)offset;
	(void)from;
	return is_refused() ? ERR_FAULT : OK;
}

err_t later_take(later_t *out)
{
	need(!world_was_put_aside);
	if (reply_count == REPLIES_MAX || is_refused())
		return ERR_QUOTA;
	out->reply = world_make(KIND_REPLY, 0);
	if (!out->reply.raw)
		return ERR_QUOTA;
	replies[reply_count++] = out->reply;
	world_was_put_aside = true;
	return OK;
}

u32 world_replies(void)
{
	return reply_count;
}

handle_t world_reply(u32 index)
{
	need(index < reply_count);
	return replies[index];
}

void later_finish(later_t later, struct message *message)
{
	u32 index = 0;
	(void)message;
	while (index < reply_count && replies[index].raw != later.reply.raw)
		index++;
	need(index < reply_count); // answered once, and what was put aside
	replies[index] = replies[--reply_count];
	(void)handle_close(later.reply);
}

// Goes with the answer, and is closed once that is out: at the next one, at the latest.
handle_t handle_pass(handle_t handle)
{
	if (passed.raw)
		(void)handle_close(passed);
	passed = handle;
	return handle;
}

static u32 count_of(u64 tag)
{
	u32 count = tag >> TAG_HANDLES_SHIFT & 7;
	return count < MESSAGE_HANDLES ? count : MESSAGE_HANDLES;
}

void message_drop_handles(struct message *message)
{
	for (u32 i = 0; i < count_of(message->tag); i++)
		if (message->handle[i].raw)
			(void)handle_close(message->handle[i]);
}

err_t handle_expect(handle_t handle, enum handle_kind kind, u32 rights)
{
	const struct world_object *object = world_object(handle);
	(void)rights;
	if (!object)
		return ERR_BAD_HANDLE;
	return kind == HANDLE_KIND_ANY || object->kind == (u32)kind ? OK : ERR_WRONG_TYPE;
}

void world_call(struct message *message, u64 tag, u64 badge, const u8 *_Nullable wanted)
{
	static const u32 kinds[] = { HANDLE_KIND_PROCESS, HANDLE_KIND_CONNECTION, HANDLE_KIND_STREAM,
		HANDLE_KIND_MEMORY };
	*message = (struct message){ .tag = tag, .badge = badge };
	u64 words = world_take(2), small = world_take(2); // which are large, which are there
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		if (small >> i & 1)
			message->word[i] = world_take(words >> i & 1 ? 8 : 1);
	u64 strange = world_take(1);
	for (u32 i = 0; i < count_of(tag); i++) {
		bool is_wanted = wanted && wanted[i] && strange != 250 + i;
		u32 kind = is_wanted ? wanted[i] : kinds[world_take(1) % COUNT(kinds)];
		message->handle[i] = world_make(kind, 0);
	}
}

// Another service: an error, or an answer of the right form with any words and fresh handles.
static err_t answer(u64 *tag, u64 *word, handle_t *handle)
{
	u64 form = world_answer_to(*tag);
	u64 choice = world_take(1);
	if (!form || choice > 200) {
		static const err_t errors[] = { ERR_NOT_FOUND, ERR_RIGHTS, ERR_STATE, ERR_RESTARTED,
			ERR_QUOTA, ERR_CLOSED };
		return errors[choice % COUNT(errors)];
	}
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		word[i] = choice & 1 ? world_take(4) : world_take(1);
	for (u32 i = 0; i < count_of(form) && handle; i++)
		handle[i] = world_make(HANDLE_KIND_CONNECTION, 0);
	*tag = form & ~(1ull << 63);
	return OK;
}

err_t connection_call_words(handle_t connection, u64 *tag, struct message_words *words)
{
	handle_t got[MESSAGE_HANDLES] = {};
	if (!connection.raw)
		return ERR_BAD_HANDLE;
	need(world_object(connection));
	return answer(tag, words->word, got);
}

err_t connection_invoke(handle_t connection, struct message *message)
{
	if (!connection.raw)
		return ERR_BAD_HANDLE;
	need(world_object(connection));
	for (u32 i = 0; i < count_of(message->tag); i++)
		need(world_object(message->handle[i]));
	return answer(&message->tag, message->word, message->handle);
}

void answer_drop(u64 tag)
{
	(void)tag;
}

handle_t start_handle(const char *name)
{
	for (u32 i = 0; i < COUNT(names); i++)
		if (strcmp(names[i], name) == 0)
			return started[i];
	return HANDLE_NONE;
}

const struct start_info *start_self(void)
{
	static const struct start_info info = { .random = { 1, 2 } };
	return &info;
}

u64 clock_read(void)
{
	return now += 1000;
}

void print(const char *format, ...)
{
	(void)format;
}

err_t heap_alloc(usize size, void *_Nullable *_Nonnull out)
{
	if (is_refused())
		return ERR_NO_MEMORY;
	struct allocation *allocation = calloc(1, sizeof(struct allocation) + size);
	if (!allocation)
		return ERR_NO_MEMORY;
	allocation->next = allocations;
	allocations = allocation;
	*out = allocation->bytes;
	return OK;
}

void heap_free(void *memory, usize size)
{
	(void)size;
	struct allocation **link = &allocations;
	while (*link && (*link)->bytes != memory)
		link = &(*link)->next;
	need(*link); // it was ours, and is freed once
	struct allocation *gone = *link;
	*link = gone->next;
	free(gone);
}

void service_ready(void)
{
}

void service_answer(void)
{
}

err_t service_watch(handle_t port, u64 key)
{
	(void)port;
	(void)key;
	return OK;
}

void log_line(enum log_severity severity, const char *format, ...)
{
	(void)severity;
	(void)format;
}

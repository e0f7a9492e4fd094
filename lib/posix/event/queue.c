// SPDX-License-Identifier: MIT
// queue.c - POSIX message queues. Names and letters are kept by servers/meet, which also decides
// who may open or take away one. Who waits for room waits for an event bit and tries again.
#include "lib/posix/event/queue.h"

#include "ifc/meet.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/voice.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/process/process.h"
#include "lib/posix/time/units.h"
#include "os/syscalls.h"

constexpr u32 MESSAGES_USUAL = 10, SIZE_USUAL = 8192; // what the unprivileged may have at most, too
constexpr u32 PRIORITIES = 32768;
constexpr u32 RLIMIT_MSGQUEUE = 12;
constexpr u32 FEW = 2048; // letters up to this size lie on the stack
constexpr u64 CAPABILITY_SYS_RESOURCE = 1u << 24;

static meet_t meet(void)
{
	return (meet_t){ posix_self()->events.meet };
}

static meet_t queue_of(const struct file *file)
{
	return (meet_t){ file->handle };
}

struct queue_name {
	u8 bytes[MEET_QUEUE_NAME_MAX + 2];
	view_t text;
};

// As the C library gives it: without the slash it began with.
static i64 take_name(u64 address, struct queue_name *out)
{
	i64 size = user_copy_string(span_of(out->bytes), address);
	if (size < 0)
		return size;
	if (size > MEET_QUEUE_NAME_MAX)
		return -ENAMETOOLONG;
	out->text = view_clamp(view_of(out->bytes), 0, (usize)size);
	bool is_dots = view_equal(out->text, VIEW_TEXT(".")) || view_equal(out->text, VIEW_TEXT(".."));
	return !size || is_dots || view_find(out->text, '/') < (usize)size ? -EACCES : 0;
}

struct opened {
	u32 size;
	handle_t handle;
};

static bool is_privileged(void)
{
	return posix_self()->identity.credentials.effective & CAPABILITY_SYS_RESOURCE;
}

static i64 check_attributes(const struct linux_mq_attr *asked)
{
	i64 messages_max = is_privileged() ? 65536 : MESSAGES_USUAL;
	i64 size_max = is_privileged() ? 1 << 24 : SIZE_USUAL;
	bool is_good = asked->messages_max > 0 && asked->messages_max <= messages_max &&
	               asked->size_max > 0 && asked->size_max <= size_max;
	return is_good ? 0 : -EINVAL;
}

static u32 byte_limit(void)
{
	u64 limit = process_limit(RLIMIT_MSGQUEUE).soft;
	return limit < UINT32_MAX ? (u32)limit : UINT32_MAX;
}

static enum meet_queue_how how_of(u32 flags)
{
	u32 access = flags & O_ACCMODE;
	return (enum meet_queue_how)((flags & O_CREAT ? MEET_QUEUE_HOW_MAKE : 0) |
								 (flags & O_EXCL ? MEET_QUEUE_HOW_EXCLUSIVE : 0) |
								 (access != O_WRONLY ? MEET_QUEUE_HOW_READ : 0) |
								 (access != O_RDONLY ? MEET_QUEUE_HOW_WRITE : 0));
}

// An existing one, by its rights, or a new one.
static i64 find_or_make(
	view_t name, u32 mode, const struct linux_mq_attr *asked, u32 flags, struct opened *out)
{
	struct voice voice = voice_begin();
	err_t err;
	do
		err = meet_queue_open(voice.meet, how_of(flags), mode, (u32)asked->messages_max,
			(u32)asked->size_max, byte_limit(), name, &out->size, &out->handle);
	while (voice_renew(&voice, err));
	return err == ERR_QUOTA ? -EMFILE : posix_error(err);
}

i64 call_mq_open(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_mq_attr asked = { .messages_max = MESSAGES_USUAL, .size_max = SIZE_USUAL };
	struct queue_name name UNINITIALIZED;
	struct opened opened = {};
	u32 flags = ARG_U32(1), mode = ARG_U32(2) & 0777 & ~posix_self()->files.umask;
	if (!meet().handle.raw)
		return -ENOSYS;
	if (flags & O_CREAT && ARG(3))
		TRY_POSIX(user_get(asked, ARG(3)));
	TRY_POSIX(take_name(ARG(0), &name));
	if ((flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	bool is_bad = flags & O_CREAT && ARG(3) && check_attributes(&asked) < 0;
	// Attributes count only for a new one.
	i64 answer = find_or_make(name.text, mode, &asked, is_bad ? flags & O_ACCMODE : flags, &opened);
	if (is_bad && answer == -ENOENT)
		return -EINVAL;
	if (is_bad && answer == 0 && flags & O_EXCL) {
		(void)handle_close(opened.handle);
		return -EEXIST;
	}
	if (answer < 0)
		return answer;
	return event_install(self, EVENT_QUEUE, opened.handle, (flags & O_NONBLOCK) | O_CLOEXEC,
		(const u64[2]){ flags & O_ACCMODE, opened.size });
}

i64 call_mq_unlink(struct posix_thread *self, const struct arguments *arguments)
{
	struct queue_name name UNINITIALIZED;
	err_t err;
	(void)self;
	if (!meet().handle.raw)
		return -ENOSYS;
	TRY_POSIX(take_name(ARG(0), &name));
	struct voice voice = voice_begin();
	do
		err = meet_queue_unlink(voice.meet, name.text);
	while (voice_renew(&voice, err));
	return err == ERR_NOT_OWNER ? -EPERM : posix_error(err);
}

i64 queue_get(struct posix_thread *self, i32 number, struct file *out)
{
	TRY_POSIX(file_get(self, number, out));
	if (event_is_queue(out))
		return 0;
	file_put(self, out);
	return -EBADF;
}

// One call that waits: its bytes in the library's own memory, its deadline.
struct exchange {
	struct file file;
	span_t bytes;
	u64 deadline; // 0: not at all
	u32 priority;
	u8 few[FEW];
};

// An absolute time of the program's; 0: for ever.
static i64 take_deadline(u64 address, u64 *out)
{
	struct linux_timespec given;
	u64 moment;
	*out = DEADLINE_NEVER;
	if (!address)
		return 0;
	TRY_POSIX(user_get(given, address));
	TRY_POSIX(time_of_timespec(&given, &moment));
	*out = time_to_monotonic(moment, true);
	return 0;
}

static i64 exchange_begin(
	struct posix_thread *self, struct exchange *exchange, i32 number, u32 refused)
{
	TRY_POSIX(queue_get(self, number, &exchange->file));
	if ((AT(exchange->file.description->detail, 0) & O_ACCMODE) == refused) {
		file_put(self, &exchange->file);
		return -EBADF;
	}
	if (file_flags(&exchange->file) & O_NONBLOCK)
		exchange->deadline = 0;
	return 0;
}

static i64 exchange_room(struct exchange *exchange, usize size)
{
	exchange->bytes = span_clamp(span_of(exchange->few), 0, size);
	if (size > FEW) {
		u8 *bytes = heap_take(size);
		if (!bytes)
			return -ENOMEM;
		exchange->bytes = span_from(bytes, size);
	}
	span_fill(exchange->bytes, 0); // touched: it is lent
	return 0;
}

static i64 exchange_end(struct posix_thread *self, struct exchange *exchange, i64 answer)
{
	if (exchange->bytes.data && exchange->bytes.data != exchange->few)
		heap_give(exchange->bytes.data, exchange->bytes.size);
	file_put(self, &exchange->file);
	return answer;
}

static i64 wait_for(struct posix_thread *self, const struct exchange *exchange, u32 bit)
{
	u32 observed;
	if (!exchange->deadline)
		return -EAGAIN;
	err_t err = wait_object(self, exchange->file.handle, bit, exchange->deadline, &observed);
	return posix_error(err);
}

static i64 queue_error(err_t err)
{
	return err == ERR_TOO_BIG ? -EMSGSIZE : err == ERR_NOT_FOUND ? -EBADF : posix_error(err);
}

// Whose letter it is has to be said only if somebody is told of it.
static err_t send_once(const struct exchange *exchange)
{
	meet_t queue = queue_of(&exchange->file);
	view_t text = span_view(exchange->bytes);
	err_t err = meet_queue_send(queue, exchange->priority, text);
	if (err != ERR_STATE)
		return err;
	struct voice voice = voice_begin();
	do
		err = meet_queue_post(queue, exchange->priority, voice.meet.handle, text);
	while (voice_renew(&voice, err));
	return err;
}

static i64 send(struct posix_thread *self, struct exchange *exchange, u64 address, u64 size)
{
	if (size > AT(exchange->file.description->detail, 1))
		return -EMSGSIZE;
	TRY_POSIX(exchange_room(exchange, size));
	TRY_POSIX(user_copy_in(exchange->bytes.data, address, size));
	for (;;) {
		err_t err = send_once(exchange);
		if (err != ERR_WOULD_BLOCK)
			return queue_error(err);
		TRY_POSIX(wait_for(self, exchange, MEET_EVENT_WRITABLE));
	}
}

i64 call_mq_timedsend(struct posix_thread *self, const struct arguments *arguments)
{
	struct exchange exchange UNINITIALIZED;
	exchange.bytes = (span_t){};
	exchange.priority = ARG_U32(3);
	TRY_POSIX(take_deadline(ARG(4), &exchange.deadline));
	if (exchange.priority >= PRIORITIES)
		return -EINVAL;
	TRY_POSIX(exchange_begin(self, &exchange, ARG_INT(0), O_RDONLY));
	return exchange_end(self, &exchange, send(self, &exchange, ARG(1), ARG(2)));
}

static err_t try_take(struct exchange *exchange, bool will_wait, u32 *size)
{
	return meet_queue_receive(
		queue_of(&exchange->file), will_wait, exchange->bytes, size, &exchange->priority);
}

// The first letter's size, once there is one. What is there is had also when time is over.
static i64 take(struct posix_thread *self, struct exchange *exchange, u32 *size)
{
	err_t err = ERR_WOULD_BLOCK;
	if (exchange->deadline != DEADLINE_NEVER)
		err = try_take(exchange, false, size);
	if (err != ERR_WOULD_BLOCK || !exchange->deadline)
		return queue_error(err);
	wait_open_until(self, exchange->deadline);
	err = try_take(exchange, true, size);
	wait_close(self);
	return queue_error(err);
}

static i64 receive(struct posix_thread *self, struct exchange *exchange, const struct transfer *to,
	u64 priority_address)
{
	u32 size = 0;
	if (to->size < AT(exchange->file.description->detail, 1))
		return -EMSGSIZE;
	TRY_POSIX(exchange_room(exchange, AT(exchange->file.description->detail, 1)));
	TRY_POSIX(take(self, exchange, &size));
	if (size > exchange->bytes.size)
		return -EIO;
	TRY_POSIX(user_copy_out(to->address, exchange->bytes.data, size));
	if (priority_address)
		TRY_POSIX(user_put(priority_address, exchange->priority));
	return size;
}

i64 call_mq_timedreceive(struct posix_thread *self, const struct arguments *arguments)
{
	struct exchange exchange UNINITIALIZED;
	exchange.bytes = (span_t){};
	TRY_POSIX(take_deadline(ARG(4), &exchange.deadline));
	TRY_POSIX(exchange_begin(self, &exchange, ARG_INT(0), O_WRONLY));
	const struct transfer to = { .address = ARG(1), .size = ARG(2) };
	return exchange_end(self, &exchange, receive(self, &exchange, &to, ARG(3)));
}

static i64 attributes_of(const struct file *file, struct linux_mq_attr *out)
{
	u32 messages_max, size_max, messages;
	err_t err = meet_queue_status(queue_of(file), &messages_max, &size_max, &messages);
	*out = (struct linux_mq_attr){ .flags = file_flags(file) & O_NONBLOCK,
		.messages_max = messages_max,
		.size_max = size_max,
		.messages = messages };
	return queue_error(err);
}

i64 call_mq_getsetattr(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_mq_attr wanted, before;
	struct file file;
	if (ARG(1)) {
		TRY_POSIX(user_get(wanted, ARG(1)));
		if (wanted.flags & ~(i64)O_NONBLOCK)
			return -EINVAL;
	}
	TRY_POSIX(queue_get(self, ARG_INT(0), &file));
	i64 answer = attributes_of(&file, &before);
	if (answer >= 0 && ARG(1)) {
		atomic_and_relaxed(&file.description->flags, ~(u32)O_NONBLOCK);
		atomic_or_relaxed(&file.description->flags, (u32)wanted.flags);
	}
	file_put(self, &file);
	if (answer >= 0 && ARG(2))
		answer = user_put(ARG(2), before);
	return answer;
}

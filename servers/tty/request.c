// SPDX-License-Identifier: MIT
// request.c - reads, writes and controls: tried at once with the call in hand; what has to wait is
// put aside and tried again when something about its terminal changed. A call that is made again
// after a restart is answered from the ledger if it was done.
#include "lib/base/time.h"
#include "lib/os/ledger.h"
#include "lib/os/process.h"
#include "os/syscalls.h"
#include "servers/tty/tty.h"

constexpr u32 WAITING_MAX = 256;

static struct request waiting[WAITING_MAX]; // in the order of their coming, as far as that matters
static u64 next_order;
static u64 orders[WAITING_MAX];

bool is_nonblocking(const struct request *request)
{
	return request->flags & TTY_NONBLOCK;
}

lease_t request_lease(const struct request *request, u32 index)
{
	u64 size = index ? request->output_size : request->size;
	return request->later.reply.raw ? later_lease(request->later, index, size)
	                                : call_lease(index, size);
}

static bool is_request(u32 tag)
{
	return tag == (u32)TTY_READ_TAG || tag == (u32)TTY_WRITE_TAG || tag == (u32)TTY_CONTROL_TAG;
}

static u64 expected_tag(u32 tag)
{
	return tag == (u32)TTY_READ_TAG    ? TTY_READ_TAG
	       : tag == (u32)TTY_WRITE_TAG ? TTY_WRITE_TAG
	                                   : TTY_CONTROL_TAG;
}

static void parse(const struct message *message, struct request *out)
{
	struct tty_read_request bytes; // write's is the same
	struct tty_control_request control;
	static_assert(sizeof(struct tty_write_request) == sizeof bytes);
	*out = (struct request){ .badge = message->badge, .tag = (u32)message->tag, .is_live = true };
	if (out->tag == (u32)TTY_CONTROL_TAG) {
		memory_copy(&control, message->word, sizeof control);
		out->serial = control.serial;
		out->who = control.who;
		out->flags = control.flags;
		out->code = control.code;
		out->argument = control.argument;
		out->size = control.input_size;
		out->output_size = control.output_size;
		return;
	}
	memory_copy(&bytes, message->word, sizeof bytes);
	out->serial = bytes.serial;
	out->who = bytes.who;
	out->flags = bytes.flags;
	out->size = bytes.data_size;
}

static void fill_answer(struct message *message, u32 tag, err_t err, u64 result)
{
	*message = (struct message){ .tag = (u32)err };
	if (err != OK)
		return;
	message->tag = tag == (u32)TTY_READ_TAG    ? TTY_READ_ANSWER
	               : tag == (u32)TTY_WRITE_TAG ? TTY_WRITE_ANSWER
	                                           : TTY_CONTROL_ANSWER;
	AT(message->word, 0) = result;
}

void answer_keep(struct answers *answers, u64 serial, u64 badge, u64 result)
{
	struct answered *place = &AT(answers->list, answers->next % ANSWERS);
	if (!serial)
		return;
	ledger_save(place, sizeof *place);
	ledger_save(&answers->next, sizeof answers->next);
	*place = (struct answered){ serial, badge, result };
	answers->next++;
}

const struct answered *_Nullable answer_find(const struct answers *answers, u64 serial, u64 badge)
{
	for (u32 i = 0; serial && i < ANSWERS; i++) {
		const struct answered *answered = &AT(answers->list, i);
		if (answered->serial == serial && answered->badge == badge)
			return answered;
	}
	return nullptr;
}

static struct answers *_Nullable answers_of(u64 badge)
{
	u32 index = (badge & 0xffff) >> 1;
	return index < TERMINALS ? &AT(AT(store->answers, index), badge & 1) : nullptr;
}

static const struct answered *_Nullable find_answer(const struct request *request)
{
	const struct answers *answers = answers_of(request->badge);
	return answers ? answer_find(answers, request->serial, request->badge) : nullptr;
}

// Of a terminal that hung up: nothing more to read, and nobody to write to.
static void answer_hung_up(const struct request *request, err_t *err, u64 *result)
{
	*err = request->tag == (u32)TTY_READ_TAG && !(request->badge & MASTER) ? OK : ERR_IO;
	*result = 0;
}

static bool try(struct request *request, err_t *err, u64 *result)
{
	enum end end;
	struct terminal *terminal = terminal_of(request->badge, &end);
	bool is_done = true;
	*result = 0;
	if (!terminal)
		answer_hung_up(request, err, result);
	else if (request->tag == (u32)TTY_READ_TAG)
		is_done = read_try(request, terminal, end, err, result);
	else if (request->tag == (u32)TTY_WRITE_TAG)
		is_done = write_try(request, terminal, end, err, result);
	else
		is_done = control_try(request, terminal, end, err, result);
	struct answers *answers = answers_of(request->badge);
	if (is_done && *err == OK && answers) // an error changed nothing: it may be met again
		answer_keep(answers, request->serial, request->badge, *result);
	return is_done;
}

static u64 order_of(const struct request *request)
{
	for (u32 i = 0; i < WAITING_MAX; i++)
		if (&AT(waiting, i) == request)
			return AT(orders, i);
	return UINT64_MAX;
}

bool request_has_elder(const struct request *request)
{
	u64 own = order_of(request);
	for (u32 i = 0; i < WAITING_MAX; i++) {
		const struct request *other = &AT(waiting, i);
		if (other->is_live && other->badge == request->badge && other->tag == request->tag &&
			AT(orders, i) < own)
			return true;
	}
	return false;
}

static err_t put_aside(struct request *request)
{
	for (u32 i = 0; i < WAITING_MAX; i++) {
		if (AT(waiting, i).is_live)
			continue;
		TRY(later_take(&request->later));
		AT(waiting, i) = *request;
		AT(orders, i) = next_order++;
		return OK;
	}
	return ERR_WOULD_BLOCK; // more callers than one can keep
}

static bool serve_request(struct message *message)
{
	struct request request;
	u64 result = 0;
	err_t err;
	if ((message->tag ^ expected_tag((u32)message->tag)) & TTY_REQUEST_COUNTS) {
		*message = (struct message){ .tag = (u32)ERR_INVALID };
		return true;
	}
	parse(message, &request);
	const struct answered *answered = find_answer(&request);
	if (answered) {
		fill_answer(message, request.tag, OK, answered->result);
		return true;
	}
	if (!(request.badge & BADGE_END)) {
		err = ERR_UNSUPPORTED;
	} else if (!try(&request, &err, &result)) {
		err = put_aside(&request);
		if (err == OK)
			return false;
	}
	fill_answer(message, request.tag, err, result);
	return true;
}

bool request_serve(struct message *message)
{
	if (is_request((u32)message->tag))
		return serve_request(message);
	return tty_dispatch(&tty_operations, nullptr, message);
}

static void finish(struct request *request, err_t err, u64 result)
{
	struct message message;
	fill_answer(&message, request->tag, err, result);
	request->is_live = false;
	commit();
	later_finish(request->later, &message);
}

// The oldest that was not tried in this round.
static struct request *_Nullable next_waiting(u64 *from)
{
	u64 best = UINT64_MAX;
	struct request *found = nullptr;
	for (u32 i = 0; i < WAITING_MAX; i++) {
		if (!AT(waiting, i).is_live || AT(orders, i) < *from || AT(orders, i) >= best)
			continue;
		best = AT(orders, i);
		found = &AT(waiting, i);
	}
	*from = best + 1;
	return found;
}

static bool has_looked[TERMINALS]; // in this round: filled by take_looks

static bool is_concerned(const struct request *request)
{
	u32 index = (request->badge & 0xffff) >> 1;
	return index < TERMINALS && AT(has_looked, index);
}

static void take_looks(void)
{
	for (u32 i = 0; i < TERMINALS; i++) {
		struct terminal *terminal = &AT(store->terminals, i);
		AT(has_looked, i) = terminal_take_look(terminal);
		if (AT(has_looked, i))
			device_pump(terminal);
	}
}

static void try_waiting(struct request *request)
{
	u64 result;
	err_t err;
	if (try(request, &err, &result))
		finish(request, err, result);
	else
		commit();
}

void request_settle(void)
{
	while (is_looked_for()) {
		u64 from = 0;
		struct request *request;
		take_looks();
		while ((request = next_waiting(&from)))
			if (is_concerned(request))
				try_waiting(request);
	}
}

void request_cancel(handle_t reply, bool is_abandoned)
{
	for (u32 i = 0; i < WAITING_MAX; i++) {
		struct request *request = &AT(waiting, i);
		enum end end;
		if (!request->is_live || request->later.reply.raw != reply.raw)
			continue;
		struct terminal *terminal = terminal_of(request->badge, &end);
		u64 done = request->tag == (u32)TTY_WRITE_TAG ? request->argument : 0;
		if (terminal)
			terminal_look(terminal); // the next in the row may go on
		if (is_abandoned) {
			request->is_live = false;
			(void)handle_close(reply);
			return;
		}
		finish(request, done ? OK : ERR_CANCELLED, done);
		return;
	}
}

u64 request_deadline(void)
{
	u64 first = DEADLINE_NEVER;
	for (u32 i = 0; i < WAITING_MAX; i++) {
		const struct request *request = &AT(waiting, i);
		if (request->is_live && request->deadline && request->deadline < first)
			first = request->deadline;
	}
	return first;
}

void request_overdue(void)
{
	u64 now = clock_read();
	for (u32 i = 0; i < WAITING_MAX; i++)
		if (AT(waiting, i).is_live && AT(waiting, i).deadline && AT(waiting, i).deadline <= now)
			try_waiting(&AT(waiting, i));
}

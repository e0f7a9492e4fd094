// SPDX-License-Identifier: MIT
// main.c - lines from everybody into the ring; from there to who reads, and the important ones to
// the machine's console. Flow: call log.write, or the supervisor's stream -> ring -> console,
// readers. Authority: the console to write, the supervisor's stream to read.
#include "abi/signals.h"
#include "lib/base/format.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/os/ledger.h"
#include "lib/os/process.h"
#include "lib/os/scheme.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/log/ring.h"

constexpr u64 BADGE_SCHEME = 2; // image/log.svc
constexpr u32 READERS_MAX = 16;

struct log_server {
	struct ring *ring;      // the ledger
	enum log_severity echo; // lines from here on go to the console
	struct log_read_call readers[READERS_MAX];
	u32 reader_count;
};

static usize put_line(const struct log_server *log, span_t to, const struct ring_line *line)
{
	view_t name = ring_name_of(log->ring, line->record.identity);
	u64 ms = line->record.time_ns / NS_PER_MS;
	if (name.size)
		return format(to, "[%5lu.%03lu] %v: %v\n", ms / 1000, ms % 1000, &name, &line->text);
	return format(
		to, "[%5lu.%03lu] %lu: %v\n", ms / 1000, ms % 1000, line->record.identity, &line->text);
}

static void echo(const struct log_server *log, const struct log_record *record, view_t text)
{
	static u8 room[LOG_LINE_MAX + 100];
	struct ring_line line = { *record, text };
	if (record->severity < log->echo)
		return;
	usize size = put_line(log, span_of(room), &line);
	print_view(view_clamp(view_of(room), 0, size));
}

// Whole records from sequence on into lent memory. ERR_TOO_BIG: not even the first fits.
static err_t hand_out(const struct log_server *log, u64 sequence, lease_t to, u64 *next, u32 *bytes)
{
	struct ring_line line;
	u64 at = log->ring->head, done = 0;
	*next = sequence;
	while (ring_next(log->ring, &at, &line)) {
		u64 whole = sizeof line.record + ((line.text.size + 7) & ~7ull);
		if (line.record.sequence < sequence)
			continue;
		if (whole > to.size - done) {
			*bytes = (u32)done;
			return done ? OK : ERR_TOO_BIG;
		}
		TRY(lease_put(to, done, view_of(line.record)));
		TRY(lease_put(to, done + sizeof line.record, line.text));
		done += whole;
		*next = line.record.sequence + 1;
	}
	*bytes = (u32)done;
	return OK;
}

static void answer(const struct log_server *log, struct log_read_call call)
{
	u64 next = 0;
	u32 bytes = 0;
	err_t err = hand_out(log, call.sequence, call.records, &next, &bytes);
	log_read_done(call, err, next, bytes);
}

static void answer_readers(struct log_server *log)
{
	u32 count = log->reader_count;
	log->reader_count = 0;
	for (u32 i = 0; i < count; i++)
		answer(log, AT(log->readers, i));
}

// A line is one line of text: what would move a terminal's cursor, or begin a line that looks like
// somebody else's, is no part of it.
static void make_plain(span_t text)
{
	for (usize i = 0; i < text.size; i++) {
		u8 *byte = span_at(text, i);
		if ((*byte < ' ' && *byte != '\t') || *byte == 0x7f)
			*byte = '?';
	}
}

static void add(struct log_server *log, const struct log_record *record, span_t raw)
{
	make_plain(raw);
	view_t text = span_view(raw);
	ring_append(log->ring, record, text);
	echo(log, record, text);
	answer_readers(log);
}

static err_t operation_write(
	void *self, struct caller caller, enum log_severity severity, lease_t lease)
{
	struct log_server *log = self;
	u8 room[LOG_LINE_MAX];
	struct log_record record = {
		.time_ns = clock_read(), .identity = caller.identity, .severity = severity
	};
	if (lease.size > sizeof room)
		return ERR_TOO_BIG;
	span_t text = span_clamp(span_of(room), 0, lease.size);
	TRY(lease_get(lease, 0, text));
	add(log, &record, text);
	return OK;
}

static void operation_read(void *self, struct log_read_call call)
{
	struct log_server *log = self;
	if (!call.wait || call.sequence < log->ring->next || log->reader_count == READERS_MAX)
		answer(log, call);
	else
		AT(log->readers, log->reader_count++) = call;
}

static void on_cancel(void *self, handle_t reply, bool is_abandoned)
{
	struct log_server *log = self;
	for (u32 i = 0; i < log->reader_count; i++) {
		struct log_read_call call = AT(log->readers, i);
		if (call.later.reply.raw != reply.raw)
			continue;
		AT(log->readers, i) = AT(log->readers, --log->reader_count);
		(void)is_abandoned;
		log_read_done(call, ERR_CANCELLED, 0, 0);
		return;
	}
}

// One record of the supervisor's: it writes them whole, so its text stands behind its head.
static bool take_message(struct log_server *log, handle_t stream)
{
	static u8 room[LOG_LINE_MAX];
	struct log_record record;
	u64 done;
	u32 handles;
	if (stream_read(stream, span_of(record), 0, &done, &handles) != OK || done != sizeof record ||
		record.size > sizeof room)
		return false;
	span_t text = span_clamp(span_of(room), 0, record.size);
	if (text.size && (stream_read(stream, text, 0, &done, &handles) != OK || done != text.size))
		return false;
	if (record.sequence == LOG_NAMING)
		ring_name(log->ring, record.identity, span_view(text));
	else
		add(log, &record, text);
	return true;
}

static void on_messages(void *self, u32 bits)
{
	(void)bits;
	while (take_message(self, start_handle("supervisor")))
		;
}

static usize read_all(void *self, span_t to)
{
	const struct log_server *log = self;
	struct ring_line line;
	u64 at = log->ring->head;
	usize whole = 0, skip, size;
	while (ring_next(log->ring, &at, &line))
		whole += put_line(log, (span_t){}, &line);
	skip = whole > to.size ? whole - to.size : 0; // the newest are kept
	whole = 0;
	at = log->ring->head;
	while (ring_next(log->ring, &at, &line)) {
		size = put_line(log, (span_t){}, &line);
		if (skip) {
			skip -= size < skip ? size : skip;
			continue;
		}
		whole += put_line(log, span_from_offset(to, whole), &line);
	}
	return whole;
}

static const struct scheme_file files[] = { { "all", SCHEME_READ, read_all, nullptr } };

static bool dispatch(const void *ops, void *_Nullable self, struct message *message)
{
	struct scheme scheme = {
		files,
		COUNT(files),
		BADGE_SCHEME,
		start_handle("port"),
		self,
	};
	if ((u16)(message->tag >> TAG_PROTOCOL_SHIFT) == LOG_PROTOCOL)
		return log_dispatch(ops, self, message);
	return scheme_dispatch(nullptr, &scheme, message);
}

// `log=WORD` on the kernel's command line; a program's own output is not mixed with our lines
// unless they matter.
static enum log_severity echo_from(view_t line)
{
	static const char *const words[] = { "debug", "info", "warning", "error", "fatal" };
	view_t word;
	bool is_exec = false;
	if (text_option(line, VIEW_TEXT("log"), &word))
		for (u32 i = 0; i < COUNT(words); i++)
			if (view_equal(word, view_cstring(AT(words, i))))
				return (enum log_severity)i;
	for (usize i = 0; i < line.size; i++)
		is_exec |= view_starts_with(view_from_offset(line, i), VIEW_TEXT("exec="));
	return is_exec ? LOG_SEVERITY_ERROR : LOG_SEVERITY_WARNING;
}

int main(void)
{
	static struct log_server log;
	static const struct log_ops ops = { .write = operation_write, .read = operation_read };
	static struct loop loop;
	void *contents;
	err_t err = ledger_open(start_handle("ledger"), sizeof(struct ring), &contents);
	if (err == OK)
		err = service_begin(&loop);
	if (err != OK) {
		print("log: %e\n", err);
		return 1;
	}
	log.ring = contents;
	log.echo = echo_from(view_cstring(start_argument(start_argument_count() - 1)));
	loop_serve(&loop, dispatch, &ops, &log);
	loop.on_cancel = on_cancel;
	handle_t messages = start_handle("supervisor");
	if (messages.raw && loop_watch(&loop, messages, SIGNAL_READABLE, on_messages, &log) != OK)
		return 1;
	service_ready();
	return loop_run(&loop) == ERR_CLOSED ? 0 : 1;
}

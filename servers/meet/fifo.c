// SPDX-License-Identifier: MIT
// fifo.c - see fifo.h. An opener is a record whose number is the badge of its holder.
#include "servers/meet/fifo.h"

#include "os/syscalls.h"
#include "servers/meet/grant.h"

static_assert(MEET_MODE_READ == (u32)MEET_WAY_READ && MEET_MODE_WRITE == (u32)MEET_WAY_WRITE);

constexpr u32 FIFOS_MAX = 256, OPENERS_MAX = 2048;
constexpr u64 CAPACITY = 65536;

handle_t fifo_port;

struct fifo {
	u64 key;                // 0: free
	handle_t input, output; // owned; HANDLE_NONE once all openers of that kind are gone
	u32 readers, writers;
	u32 serial; // openers of an older stream under this key do not count
};

struct opener {
	bool is_used, is_waiting;
	u32 fifo, serial;
	u32 use; // of this record: the high half of the badge
	struct meet_fifo_call call;
};

static struct fifo fifos[FIFOS_MAX];
static struct opener openers[OPENERS_MAX];

static void close_end(handle_t *end)
{
	if (end->raw)
		(void)handle_close(*end);
	*end = HANDLE_NONE;
}

static void fifo_free(struct fifo *fifo)
{
	close_end(&fifo->input);
	close_end(&fifo->output);
	*fifo = (struct fifo){ .serial = fifo->serial + 1 };
}

static err_t fifo_find(u64 key, u32 *out)
{
	u32 found = FIFOS_MAX, unused = FIFOS_MAX;
	for (u32 i = 0; i < FIFOS_MAX; i++) {
		if (AT(fifos, i).key == key)
			found = i;
		else if (!AT(fifos, i).key)
			unused = i;
	}
	if (found < FIFOS_MAX && AT(fifos, found).input.raw && AT(fifos, found).output.raw) {
		*out = found;
		return OK;
	}
	if (found < FIFOS_MAX)
		fifo_free(&AT(fifos, found)); // broken on one side: a new stream for who comes now
	u32 index = found < FIFOS_MAX ? found : unused;
	if (index == FIFOS_MAX)
		return ERR_QUOTA;
	struct fifo *fifo = &AT(fifos, index);
	TRY(stream_create(CAPACITY, 0, &fifo->input, &fifo->output));
	fifo->key = key;
	*out = index;
	return OK;
}

static err_t opener_find(u32 *out)
{
	for (u32 i = 0; i < OPENERS_MAX; i++)
		if (!AT(openers, i).is_used) {
			*out = i;
			return OK;
		}
	return ERR_QUOTA;
}

static void count(const struct opener *opener, bool is_more)
{
	struct fifo *fifo = &AT(fifos, opener->fifo);
	u32 mode = opener->call.mode, step = is_more ? 1 : UINT32_MAX;
	fifo->readers += mode & MEET_MODE_READ ? step : 0;
	fifo->writers += mode & MEET_MODE_WRITE ? step : 0;
}

// The record goes, and with the last of its kind our own end.
static void opener_end(struct opener *opener)
{
	struct fifo *fifo = &AT(fifos, opener->fifo);
	opener->is_used = false;
	if (fifo->serial != opener->serial)
		return;
	count(opener, false);
	if (!fifo->readers && !fifo->writers)
		fifo_free(fifo);
	else if (!fifo->readers && opener->call.mode & MEET_MODE_READ)
		close_end(&fifo->input);
	else if (!fifo->writers && opener->call.mode & MEET_MODE_WRITE)
		close_end(&fifo->output);
}

static void answer(u32 number)
{
	struct opener *opener = &AT(openers, number);
	const struct fifo *fifo = &AT(fifos, opener->fifo);
	handle_t holder;
	u32 mode = opener->call.mode;
	opener->is_waiting = false;
	u64 badge = (u64)opener->use << 32 | number;
	err_t err = connection_create(fifo_port, badge, &holder);
	if (err != OK) {
		opener_end(opener);
		meet_fifo_done(opener->call, err, HANDLE_NONE, HANDLE_NONE, HANDLE_NONE);
		return;
	}
	meet_fifo_done(opener->call, OK, holder, mode & MEET_MODE_READ ? fifo->input : HANDLE_NONE,
		mode & MEET_MODE_WRITE ? fifo->output : HANDLE_NONE);
	(void)handle_close(holder); // from here on only the opener has it
}

// Those who waited for the other end of this FIFO.
static void wake(u32 fifo)
{
	for (u32 i = 0; i < OPENERS_MAX; i++) {
		const struct opener *opener = &AT(openers, i);
		if (opener->is_used && opener->is_waiting && opener->fifo == fifo &&
			opener->serial == AT(fifos, fifo).serial)
			answer(i);
	}
}

void fifo_open(void *_Nullable self, struct meet_fifo_call call)
{
	u32 number, index, ways = call.mode & (MEET_WAY_READ | MEET_WAY_WRITE);
	struct grant *grant;
	(void)self;
	err_t err = ways ? grant_find(call.caller, ways, &grant) : ERR_RIGHTS;
	if (err == OK)
		err = opener_find(&number);
	if (err == OK)
		err = fifo_find(grant->key, &index);
	if (err != OK) {
		meet_fifo_done(call, err, HANDLE_NONE, HANDLE_NONE, HANDLE_NONE);
		return;
	}
	struct fifo *fifo = &AT(fifos, index);
	struct opener *opener = &AT(openers, number);
	// A new use: the hang-up of the record's last holder may still be on its way.
	*opener = (struct opener){ .is_used = true,
		.use = (opener->use + 1) & 0xff'ffff,
		.fifo = index,
		.serial = fifo->serial,
		.call = call };
	count(opener, true);
	bool is_met = fifo->readers && fifo->writers, is_at_once = call.mode & MEET_MODE_AT_ONCE;
	if (is_met) {
		opener->is_waiting = true;
		wake(index);
	} else if (is_at_once && call.mode & MEET_MODE_READ) {
		answer(number);
	} else if (is_at_once) {
		opener_end(opener);
		meet_fifo_done(call, ERR_CLOSED, HANDLE_NONE, HANDLE_NONE, HANDLE_NONE);
	} else {
		opener->is_waiting = true;
	}
}

void fifo_hangup(u64 badge)
{
	u32 number = (u32)badge;
	if (number >= OPENERS_MAX)
		return;
	struct opener *opener = &AT(openers, number);
	if (opener->is_used && !opener->is_waiting && opener->use == badge >> 32)
		opener_end(opener);
}

void fifo_cancel(handle_t reply)
{
	for (u32 i = 0; i < OPENERS_MAX; i++) {
		struct opener *opener = &AT(openers, i);
		if (!opener->is_used || !opener->is_waiting || opener->call.later.reply.raw != reply.raw)
			continue;
		opener_end(opener);
		meet_fifo_done(opener->call, ERR_CANCELLED, HANDLE_NONE, HANDLE_NONE, HANDLE_NONE);
	}
}

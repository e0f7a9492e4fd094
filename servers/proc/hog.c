// SPDX-License-Identifier: MIT
// hog.c - one session or program does not take all that others need to be answered: a session's
// processes are counted, and when the memory of all programs is used up the biggest of them ends:
// as it says itself in oom_score_adj, smaller or bigger than it is.
#include "abi/info.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/os/log.h"
#include "lib/os/process.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/proc/node.h"
#include "servers/proc/operations.h"

constexpr u64 PAGES_OF_PROCESS = 64;      // half of the memory for so big ones of one session
constexpr u64 SESSION_MIN = 64;           // may always be
constexpr u64 SHORT_PARTS = 16;           // less than this part free: memory is short
constexpr u64 BIG_PAGES = 256;            // who has less does not help
constexpr i32 BIAS_MAX = 1000;            // of oom_score_adj; its negative: never to be ended
constexpr u64 APART_NS = 200 * NS_PER_MS; // between two that are ended for it

static bool read_quota(struct quota_info *out)
{
	u64 size;
	handle_t quota = start_handle("programs");
	return quota.raw && handle_info(quota, INFO_TOPIC_QUOTA, span_of(*out), &size) == OK;
}

// The first process's own session, in which the system starts and ends, has no limit.
bool session_is_full(const struct process *parent)
{
	struct quota_info quota = {};
	if (parent->session <= INIT_PID || store->count < SESSION_MIN || !read_quota(&quota))
		return false;
	u64 limit = quota.pages / 2 / PAGES_OF_PROCESS, count = 0;
	limit = limit > SESSION_MIN ? limit : SESSION_MIN;
	if (store->count < limit)
		return false;
	for (u32 slot = INIT_SLOT; slot < store->fresh; slot++) {
		const struct process *process = process_at((slot_t)slot);
		count += process->state != PROCESS_FREE && process->session == parent->session;
	}
	return count >= limit;
}

static bool is_short(void)
{
	struct quota_info quota = {};
	if (!read_quota(&quota))
		return false;
	return quota.pages - quota.pages_used < quota.pages / SHORT_PARTS ||
	       quota.objects - quota.objects_used < quota.objects / SHORT_PARTS ||
	       quota.handles - quota.handles_used < quota.handles / SHORT_PARTS;
}

// is_ending: its memory is on its way back.
static u64 pages_of(const struct process *process, bool *is_ending)
{
	struct process_info info = {};
	u64 size;
	*is_ending = false;
	if (process->state != PROCESS_ALIVE || !process->process.raw || process->pid == INIT_PID ||
		handle_info(process->process, INFO_TOPIC_PROCESS, span_of(info), &size) != OK)
		return 0;
	*is_ending = info.exit_reason != EXIT_RUNNING;
	return info.mapped_pages;
}

// In pages: thousandths of all memory are added to what it has, or taken away.
static i64 weight_of(const struct process *process, u64 pages, u64 all)
{
	return (i64)pages + process->memory_bias * (i64)(all / BIAS_MAX);
}

// The one that weighs most, of those that are big and may be ended; null: there is none. false: one
// that was big is ending, so that nobody else has to.
static bool find_biggest(struct process *_Nullable *biggest, u64 *pages)
{
	struct quota_info quota = {};
	i64 most = INT64_MIN;
	*biggest = nullptr;
	*pages = 0;
	(void)read_quota(&quota);
	for (u32 slot = INIT_SLOT; slot < store->fresh; slot++) {
		struct process *process = process_at((slot_t)slot);
		bool is_ending;
		u64 own = pages_of(process, &is_ending);
		if (own > BIG_PAGES && is_ending)
			return false;
		i64 weight = weight_of(process, own, quota.pages);
		if (own <= BIG_PAGES || process->memory_bias == -BIAS_MAX || weight <= most)
			continue;
		most = weight;
		*pages = own;
		*biggest = process;
	}
	return true;
}

// As Linux puts it: two thirds of the weight in thousandths of all memory, from 1000 on.
void tell_memory_score(struct words *words, const struct process *process)
{
	struct quota_info quota = {};
	bool is_ending;
	(void)read_quota(&quota);
	i64 all = quota.pages ? (i64)quota.pages : 1;
	i64 weight = weight_of(process, pages_of(process, &is_ending), quota.pages);
	i64 score = (BIAS_MAX + weight * BIAS_MAX / all) * 2 / 3;
	words_add(words, "%ld\n", process->memory_bias == -BIAS_MAX || score < 0 ? 0 : score);
}

void tell_memory_bias(struct words *words, const struct process *process)
{
	words_add(words, "%d\n", (i32)process->memory_bias);
}

err_t memory_bias_take(struct process *process, view_t text, bool is_able)
{
	u64 size;
	text = text_trim(text);
	bool is_negative = text.size && view_at(text, 0) == '-';
	if (is_negative || (text.size && view_at(text, 0) == '+'))
		text = view_from_offset(text, 1);
	if (text_u64(text, &size) != OK || size > BIAS_MAX)
		return ERR_INVALID;
	i16 bias = (i16)(is_negative ? -(i32)size : (i32)size);
	if (bias < process->memory_bias_min && !is_able)
		return ERR_RIGHTS;
	SET(process->memory_bias, bias);
	if (is_able)
		SET(process->memory_bias_min, bias);
	return OK;
}

// What a process had is free some time after it is seen to have ended: OK until then, since asking
// for memory again may help. Asked again after a restart it looks again.
err_t operation_relieve(void *_Nullable self, struct caller caller)
{
	struct process *biggest;
	u64 pages;
	(void)self;
	(void)caller;
	if (!is_short())
		return ERR_NOT_FOUND;
	bool is_early = store->relieved_ns && clock_read() - store->relieved_ns < APART_NS;
	if (is_early || !find_biggest(&biggest, &pages))
		return OK;
	if (!biggest)
		return ERR_NOT_FOUND;
	SET(store->relieved_ns, clock_read());
	log_line(LOG_SEVERITY_WARNING, "memory is short: process %u, the biggest (%lu pages), ends",
		biggest->pid, pages);
	return process_control(biggest->process, PROCESS_OPERATION_KILL, SIG_KILL, 0);
}

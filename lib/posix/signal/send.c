// SPDX-License-Identifier: MIT
// send.c - signals that arise in the process itself: see send.h.
#include "lib/posix/signal/send.h"

#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process.h"
#include "lib/posix/signal/signal_local.h"
#include "os/syscalls.h"

constexpr u32 NOTES_MAX = 4096;   // real-time signals that may queue: EAGAIN beyond
constexpr u32 LIMIT_PENDING = 11; // RLIMIT_SIGPENDING: no more than that, either

// One that waits already and takes the place of another: of a signal below SIGRTMIN any, of a timer
// its own.
static struct signal_note *_Nullable find_note(
	struct actions *actions, const struct linux_siginfo *info, i32 thread)
{
	for (struct signal_note *note = actions->notes; note; note = note->next) {
		bool is_timers = note->info.code == SI_TIMER && note->info.timer == info->timer;
		bool is_same = info->code == SI_TIMER ? is_timers : info->signal < (i32)SIGRTMIN;
		if (note->info.signal == info->signal && note->thread == thread && is_same)
			return note;
	}
	return nullptr;
}

// Each expiry of a timer while its signal waits is an overrun of that signal.
static void count_overruns(struct signal_note *note, const struct linux_siginfo *info)
{
	i64 sum = (i64)note->info.overrun + info->overrun + 1;
	if (info->code == SI_TIMER)
		note->info.overrun = (i32)min_u64((u64)sum, INT32_MAX);
}

// A real-time signal of kill or a timer comes whatever the limit is.
static u64 notes_max(const struct linux_siginfo *info)
{
	bool is_free = (u32)info->signal < SIGRTMIN || info->code == SI_USER || info->code == SI_TIMER;
	return is_free ? NOTES_MAX : min_u64(process_limit(LIMIT_PENDING).soft, NOTES_MAX);
}

// A signal below SIGRTMIN that waits already keeps what came first. False: no room.
static bool note_add(const struct linux_siginfo *info, i32 thread)
{
	struct actions *actions = actions_self();
	struct signal_note *note = heap_take(sizeof *note);
	if (!note)
		return false;
	note->thread = thread;
	note->info = *info;
	u64 most = notes_max(info);
	posix_lock_take(&actions->lock);
	struct signal_note *before = find_note(actions, info, thread);
	bool is_wanted = !before;
	bool is_full = is_wanted && (u32)info->signal >= SIGRTMIN && actions->notes_count >= most;
	if (before)
		count_overruns(before, info);
	if (is_wanted && !is_full) {
		struct signal_note *_Nullable *link = &actions->notes;
		while (*link)
			link = &(*link)->next;
		*link = note;
		actions->notes_count++;
	}
	posix_lock_give(&actions->lock);
	if (!is_wanted || is_full)
		heap_give(note, sizeof *note);
	return !is_full;
}

static bool is_member(const struct posix_thread *self)
{
	return list_node_is_linked(&self->node);
}

// For the process: this thread if it takes it, else one that does, else it waits.
static i64 send_process(const struct linux_siginfo *info)
{
	struct posix_thread *self = thread_self();
	struct actions *actions = actions_self();
	u64 bit = SIGNAL_BIT(info->signal);
	if (!note_add(info, 0))
		return -EAGAIN;
	atomic_or_seq_cst(&actions->pending, bit);
	if (is_member(self) && !(self->mask & bit)) {
		self->slow |= SLOW_SIGNALS;
		return 0;
	}
	struct core_state *core = &posix_self()->core;
	posix_lock_take(&core->threads_lock);
	LIST_EACH(node, &core->threads) {
		struct posix_thread *thread = container_of(node, struct posix_thread, node);
		if (thread == self || atomic_load_seq_cst(&thread->mask) & bit)
			continue;
		(void)thread_notify(thread->handle, POKE);
		break;
	}
	posix_lock_give(&core->threads_lock);
	return 0;
}

void signal_send_process(const struct linux_siginfo *info)
{
	(void)send_process(info);
}

void signal_poke_all(void)
{
	struct core_state *core = &posix_self()->core;
	posix_lock_take(&core->threads_lock);
	LIST_EACH(node, &core->threads) {
		struct posix_thread *thread = container_of(node, struct posix_thread, node);
		if (thread->handle.raw)
			(void)thread_notify(thread->handle, POKE);
	}
	posix_lock_give(&core->threads_lock);
}

static struct posix_thread *_Nullable find(struct core_state *core, i32 id)
{
	LIST_EACH(node, &core->threads) {
		struct posix_thread *thread = container_of(node, struct posix_thread, node);
		if (thread->id == id)
			return thread;
	}
	return nullptr;
}

static bool exists(struct core_state *core, i32 id)
{
	posix_lock_take(&core->threads_lock);
	bool is_there = find(core, id) != nullptr;
	posix_lock_give(&core->threads_lock);
	return is_there;
}

// 0, -ESRCH, -EAGAIN.
static i64 send_thread(i32 id, const struct linux_siginfo *info)
{
	struct posix_thread *self = thread_self();
	struct core_state *core = &posix_self()->core;
	if (!exists(core, id))
		return -ESRCH;
	if (!info->signal)
		return 0;
	if (!note_add(info, id))
		return -EAGAIN;
	posix_lock_take(&core->threads_lock);
	struct posix_thread *thread = find(core, id);
	if (thread) {
		atomic_or_seq_cst(&thread->directed, SIGNAL_BIT(info->signal));
		if (thread == self)
			self->slow |= SLOW_SIGNALS;
		else
			(void)thread_notify(thread->handle, POKE);
	}
	posix_lock_give(&core->threads_lock);
	return thread ? 0 : -ESRCH;
}

bool signal_send_thread(i32 id, const struct linux_siginfo *info)
{
	return send_thread(id, info) != -ESRCH;
}

static struct linux_siginfo info_of(u32 signal, i32 code)
{
	const struct identity *identity = &posix_self()->identity;
	return (struct linux_siginfo){ .signal = (i32)signal,
		.code = code,
		.pid = identity->pid,
		.user = identity->credentials.user };
}

void signal_raise(struct posix_thread *self, u32 signal)
{
	struct linux_siginfo info = info_of(signal, SI_USER);
	(void)signal_send_thread(self->id, &info);
}

// SIGKILL and SIGSTOP are proc's affair even for oneself.
i64 signal_send_self(struct posix_thread *self, u32 signal, const struct linux_siginfo *info)
{
	(void)self;
	if (signal == SIGKILL)
		signal_die(self, SIGKILL);
	if (signal == SIGSTOP) {
		process_stop_self(signal, process_continued(&posix_self()->identity));
		return 0;
	}
	return send_process(info);
}

static i64 send_to_thread(struct posix_thread *self, i32 id, const struct linux_siginfo *info)
{
	u32 signal = (u32)info->signal;
	if (signal == SIGKILL || signal == SIGSTOP)
		return signal_send_self(self, signal, info);
	return send_thread(id, info);
}

// A thread of another process is not known by its id; its first one has the process's.
static i64 send_elsewhere(i32 group, i32 id, const struct linux_siginfo *info)
{
	if (group > 0 && group != id)
		return -ESRCH;
	err_t err = proc_kill((proc_t){ posix_self()->identity.connection }, PROC_KILL_TO_PROCESS,
		(u32)id, (u32)info->signal, info->code, info->value, process_serial());
	if (err == ERR_NOT_FOUND)
		return -ESRCH;
	return err == ERR_BUSY ? -EAGAIN : posix_error(err);
}

static i64 thread_kill(
	struct posix_thread *self, i32 group, i32 id, const struct linux_siginfo *info)
{
	u32 signal = (u32)info->signal;
	if (id <= 0 || signal > SIGNALS)
		return -EINVAL;
	i32 pid = (i32)posix_self()->identity.pid;
	if (group > 0 && group != pid)
		return send_elsewhere(group, id, info);
	i64 answer = send_to_thread(self, id, info);
	return answer == -ESRCH && group < 0 ? send_elsewhere(group, id, info) : answer;
}

i64 call_tgkill(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_siginfo info = info_of(ARG_U32(2), SI_TKILL);
	return ARG_INT(0) <= 0 ? -EINVAL : thread_kill(self, ARG_INT(0), ARG_INT(1), &info);
}

i64 call_tkill(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_siginfo info = info_of(ARG_U32(1), SI_TKILL);
	return thread_kill(self, -1, ARG_INT(0), &info);
}

i64 call_rt_tgsigqueueinfo(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_siginfo info;
	TRY_POSIX(user_get(info, ARG(3)));
	info.signal = ARG_INT(2);
	if (ARG_INT(0) <= 0)
		return -EINVAL;
	if ((info.code >= 0 || info.code == SI_TKILL) && ARG_U32(0) != posix_self()->identity.pid)
		return -EPERM;
	return thread_kill(self, ARG_INT(0), ARG_INT(1), &info);
}

// SPDX-License-Identifier: MIT
// begun.c - the first thing that happens in a new program: its library, a copy of the old
// program's, leaves behind what does not survive exec. And the first program of all, which no exec
// began.
#include "lib/base/atomic.h"
#include "lib/posix/core/log.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/start.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/exec/exec.h"
#include "lib/posix/exec/first.h"
#include "lib/posix/exec/hand_over.h"
#include "lib/posix/exec/shared.h"
#include "lib/posix/ipc/segment.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process.h"
#include "lib/posix/thread/thread.h"
#include "lib/posix/time/getrandom.h"
#include "lib/posix/time/timers.h"
#include "os/syscalls.h"

constexpr u64 CODE_NOT_STARTED = 127; // as shells have it

// The locks were held while the copy was made.
static void forget_locks(struct posix *posix)
{
	posix_lock_init(&posix->identity.lock);
	posix_lock_init(&posix->files.lock);
	posix_lock_init(&posix->areas.lock);
	posix_lock_init(&posix->actions.lock);
	posix_lock_init(&posix->events.lock);
	posix_lock_init(&posix->core.threads_lock);
	posix_lock_init(&posix->core.heap.lock);
}

static void set_program(struct identity *identity, const struct exec_record *record)
{
	struct program_text *text = &identity->program;
	UNSAFE_BEGIN("the old program's path, in the process area")
	heap_give((void *)text->path, text->path_size);
	UNSAFE_END(void)
	span_copy(span_of(text->name), view_of(record->name));
	text->path = (u64)(uintptr_t)record->path.data;
	text->path_size = record->path.size;
	text->stack = record->space.stack.pointer;
	text->auxiliary = record->space.stack.auxiliary;
	text->auxiliary_size = record->space.stack.auxiliary_size;
	text->arguments = record->space.stack.arguments;
	text->arguments_size = record->arguments_size;
	text->environment = record->space.stack.environment;
	text->environment_size = record->environment_size;
	text->executed = 1;
}

void program_begun(struct posix_thread *self)
{
	u64 result;
	if (self->affinity) // of a vfork child the thread is a fresh one
		(void)thread_control(
			HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, self->affinity, 0, &result);
	struct posix *posix = posix_self();
	struct exec_record *record = posix->areas.starting;
	forget_locks(posix);
	areas_start(&posix->areas, &record->space);
	set_program(&posix->identity, record);
	waits_forget(&posix->core);
	exec_close_files();
	attachments_forget();
	exec_reset_actions();
	timers_begun();
	generator_begun();
	if (posix->identity.connection.raw)
		process_executed();
	if (record->space.process.raw)
		posix->identity.is_changed = 0; // a fresh space
	if (record->space.process.raw)
		(void)handle_close(record->space.process); // the old space, about to be taken apart
	heap_give(record, sizeof *record);
}

// Takes one text off the front of what is left.
static view_t take_text(view_t *rest)
{
	view_t text = view_clamp(*rest, 0, view_find(*rest, 0));
	*rest = view_from_offset(*rest, text.size + 1);
	return text;
}

static i64 gather_first(struct exec_plan *plan, const struct exec_first *first)
{
	view_t rest = view_clamp(view_of(first->text), 0, first->text_size);
	view_t path = take_text(&rest);
	plan->path_size = path.size;
	plan->texts_max = COUNT(first->text) * sizeof(u64);
	if (span_copy(span_of(plan->path), path) != OK)
		return -ENAMETOOLONG;
	for (u32 i = 0; i < first->arguments; i++)
		TRY_POSIX(gather(&plan->arguments, take_text(&rest), plan->texts_max));
	for (u32 i = 0; i < first->environment; i++)
		TRY_POSIX(gather(&plan->environment, take_text(&rest), plan->texts_max));
	return 0;
}

// Its place is the heap's once the texts are read; otherwise all processes would copy it for ever.
static void give_back(const struct exec_first *first)
{
	u64 *used = &posix_self()->used, start = (u64)(uintptr_t)first - PROCESS_AREA;
	if (*used == start + sizeof *first)
		*used = start;
}

static i64 exec_first_program(struct posix_thread *self, struct exec_first *first)
{
	struct exec_plan plan UNINITIALIZED;
	plan_init(&plan);
	i64 error =
		first->contents.raw ? exec_taken_over(self, &plan, first) : gather_first(&plan, first);
	give_back(first);
	if (!error)
		error = exec_plan_run(self, &plan, EXEC_HERE, 0);
	plan_fini(&plan);
	return error;
}

void program_first_wait(void)
{
	struct exec_first *first = exec_first();
	while (atomic_load_acquire(&first->starting)) // the kernel stores 0 at that thread's end
		(void)futex_wait((u64)(uintptr_t)&first->starting, 1, DEADLINE_NEVER, HANDLE_NONE);
}

void program_first(struct posix_thread *self)
{
	struct exec_first *first = exec_first();
	bool is_taken_over = first->contents.raw != 0;
	i64 error = exec_first_program(self, first);
	if (is_taken_over)
		(void)task_exit(
			EXIT_SCOPE_PROCESS, SIGKILL, 0); // as any exec that fails when it is too late
	posix_log("the first program cannot be started: error %ld", -error);
	(void)task_exit(EXIT_SCOPE_PROCESS, CODE_NOT_STARTED << 8, 0);
}

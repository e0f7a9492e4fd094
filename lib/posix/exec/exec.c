// SPDX-License-Identifier: MIT
// exec.c - execve and execveat: gather the texts, find the program, prepare its memory; then either
// build a fresh space beside the old one and replace, or, when this thread is alone in a space of
// its own, unmap the old program and map the new one in its place: the library's own memory, half
// of all, stays as it is. All that can fail comes before that; what must change in the library's
// state is changed afterwards, in the copy that the new program has (begun.c).
#include "lib/posix/exec/exec.h"

#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/entry.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/start.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/exec/hand_over.h"
#include "lib/posix/exec/random.h"
#include "lib/posix/exec/shared.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/signal.h"
#include "lib/posix/process/process.h"
#include "lib/posix/signal/send.h"
#include "lib/posix/signal/signal.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

constexpr u32 LEVEL_PROGRAM = 15;
constexpr u32 MODE_GROUP_EXECUTE = 00010;
constexpr u32 SET_ID_USER = 1, SET_ID_GROUP = 2;                // process_become
constexpr u32 POWER_SETGID = 6, POWER_SETUID = 7;               // capabilities
constexpr u64 TEXTS_MIN = 128 * 1024, TEXTS_MAX = (u64)6 << 20; // as Linux has it
constexpr u64 TEXTS_SHARE = 4;                                  // of the stack's limit

static u64 texts_limit(void)
{
	u64 stack = AT(posix_self()->identity.limits, EXEC_LIMIT_STACK).soft;
	return max_u64(TEXTS_MIN, min_u64(stack / TEXTS_SHARE, TEXTS_MAX));
}

static const struct posix_image *image_header(void)
{
	UNSAFE_BEGIN("the library's own image is mapped there")
	return (const struct posix_image *)POSIX_IMAGE;
	UNSAFE_END
}

// The new program's only thread: this one, with what Linux keeps of it.
static void prepare_thread(const struct posix_thread *self, const struct exec_record *record,
	u64 entry, struct posix_thread *next)
{
	u64 random[2];
	random_bytes(span_of(random));
	thread_prepare(next, image_header(), 0, random);
	next->begin = BEGIN_PROGRAM;
	next->mask = self->mask;
	next->affinity = self->affinity;
	next->directed = self->directed;
	next->handle = self->handle;
	next->id = (i32)posix_self()->identity.pid;
	next->registers.rip = entry;
	next->registers.rsp = record->space.stack.pointer;
}

// Other threads must not change what is being copied; they end with the old space.
static void hold_state(struct posix *posix) NO_THREAD_SAFETY_ANALYSIS
{
	posix_lock_take(&posix->identity.lock);
	posix_lock_take(&posix->files.lock);
	posix_lock_take(&posix->areas.lock);
	posix_lock_take(&posix->actions.lock);
	posix_lock_take(&posix->events.lock);
	posix_lock_take(&posix->core.threads_lock);
	posix_lock_take(&posix->core.heap.lock);
}

static void release_state(struct posix *posix) NO_THREAD_SAFETY_ANALYSIS
{
	posix_lock_give(&posix->core.heap.lock);
	posix_lock_give(&posix->core.threads_lock);
	posix_lock_give(&posix->events.lock);
	posix_lock_give(&posix->actions.lock);
	posix_lock_give(&posix->areas.lock);
	posix_lock_give(&posix->files.lock);
	posix_lock_give(&posix->identity.lock);
}

static err_t replace(struct posix_thread *self, struct exec_record *record, u64 entry)
{
	struct posix *posix = posix_self();
	struct posix_thread next = {};
	prepare_thread(self, record, entry, &next);
	thread_release_robust(self);
	(void)signal_pending(self); // of the mailboxes of threads that end now nothing is lost
	hold_state(posix);
	posix->areas.starting = record;
	err_t err = space_copy_library(&record->space, &next);
	if (err == OK)
		err = process_replace(record->space.process, image_header()->start, thread_stack_top(0),
			thread_address(0), thread_address(0));
	posix->areas.starting = nullptr;
	release_state(posix);
	return err;
}

// Of a half-built program, and of one that is no program after all.
static i64 build_error(err_t err)
{
	return err == ERR_TOO_BIG ? -E2BIG : err == ERR_RANGE || err == ERR_EXISTS ? -ENOEXEC : -ENOMEM;
}

static u32 set_id_of(const struct exec_file *file)
{
	u32 set_id = file->mode & MODE_SET_USER ? SET_ID_USER : 0;
	if (posix_self()->files.is_bound)
		return 0; // who may name what the program reads must not lend it powers
	if ((file->mode & MODE_SET_GROUP) && (file->mode & MODE_GROUP_EXECUTE))
		set_id |= SET_ID_GROUP;
	return set_id;
}

// More than this process could take by itself.
static bool is_lent_powers(const struct exec_file *file)
{
	const struct identity *identity = &posix_self()->identity;
	u64 able = identity->credentials.effective;
	u32 set_id = identity->connection.raw ? set_id_of(file) : 0;
	return (set_id & SET_ID_USER && !(able >> POWER_SETUID & 1)) ||
	       (set_id & SET_ID_GROUP && !(able >> POWER_SETGID & 1));
}

// As the file's set-id bits say. From here on the old program must not run any more.
static i64 become(const struct exec_file *file)
{
	return posix_self()->identity.connection.raw
	           ? process_become(file->user, file->group, set_id_of(file))
	           : 0;
}

// What became of the credentials cannot be taken back.
[[noreturn]] static void end(void)
{
	(void)task_exit(EXIT_SCOPE_PROCESS, SIGKILL, 0);
	__builtin_trap();
}

static void set_name(struct exec_record *record, view_t path)
{
	usize start = 0;
	for (usize i = 0; i < path.size; i++)
		if (view_at(path, i) == '/')
			start = i + 1;
	(void)span_copy(span_of(record->name), view_clamp(path, start, sizeof record->name - 1));
}

static i64 set_texts(struct exec_record *record, const struct exec_plan *plan)
{
	view_t path = view_clamp(view_of(plan->file_path), 0, plan->file.path_size);
	record->path = span_from(heap_take(path.size), path.size);
	if (!record->path.data)
		return -ENOMEM;
	(void)span_copy(record->path, path);
	set_name(record, plan_path(plan));
	record->arguments_size = plan->arguments.used;
	record->environment_size = plan->environment.used;
	return 0;
}

enum other_slots { SLOTS_NONE, SLOTS_FREE, SLOTS_USED };

// A thread that has just ended is on its stack until the kernel says so.
static enum other_slots other_slots(const struct thread_slots *slots)
{
	enum other_slots found = SLOTS_NONE;
	for (u32 i = 0; i < COUNT(slots->mapped); i++)
		for (u64 bits = AT(slots->mapped, i); bits; bits &= bits - 1) {
			u32 slot = i * 64 + bits_lowest(bits);
			if (slot && atomic_load_acquire(&AT(slots->used, slot)))
				return SLOTS_USED;
			found = slot ? SLOTS_FREE : found;
		}
	return found;
}

// Nobody else runs in this space: no thread of the program, not the timers' helper, no parent that
// waits for what it lent. The stack must be the first thread's, as a fresh space would have it.
// What the library's memory still holds of calls before goes to programs of the same credentials
// only; its stack protector's word is new.
static bool may_stay(const struct posix_thread *self, const struct exec_file *file)
{
	const struct posix *posix = posix_self();
	bool has_helper = posix->time.port.raw && posix->time.pid == posix->identity.pid;
	return !self->slot && self->begin == BEGIN_THREAD && posix->core.thread_count == 1 &&
	       !has_helper && !posix->identity.loan && other_slots(&posix->slots) != SLOTS_USED &&
	       !posix->identity.is_changed && !set_id_of(file);
}

// The old program, and the stacks of threads that it had.
static err_t unmap_old(void)
{
	TRY(memory_unmap(HANDLE_NONE, LOWER_HALF_START, LOWER_HALF_END - LOWER_HALF_START));
	return other_slots(&posix_self()->slots) == SLOTS_NONE
	           ? OK
	           : memory_unmap(HANDLE_NONE, THREAD_AREA, POSIX_IMAGE - THREAD_AREA);
}

// The old program is gone in any case.
[[noreturn]] static void stay(struct posix_thread *self, struct exec_plan *plan,
	struct exec_record *record, struct pieces *pieces)
{
	u64 entry = plan->loader.memory.raw ? record->space.loader.entry : record->space.program.entry;
	struct program_text *old = &posix_self()->identity.program;
	old->arguments_size = old->environment_size = old->auxiliary_size =
		0; // for who reads /proc meanwhile
	thread_release_robust(self);
	err_t err = unmap_old();
	if (err == OK)
		err = pieces_map(pieces, HANDLE_NONE);
	if (err != OK)
		end();
	pieces_fini(pieces);
	plan_fini(plan);
	thread_renew(self, entry, record->space.stack.pointer);
	posix_self()->areas.starting = record;
	posix_begin(self);
	if (signal_float_reset() < 0)
		end();
	self->slow |= SLOW_REGISTERS;
	posix_leave_fresh(guard_of(random_word()));
}

static i64 build_in(struct posix_thread *self, struct exec_plan *plan, struct exec_record *record,
	struct pieces *pieces)
{
	struct exec_space *space = &record->space;
	err_t err = space_fill(plan, space, pieces);
	if (err != OK)
		return build_error(err);
	struct proc_credentials before = posix_self()->identity.credentials;
	TRY_POSIX(set_texts(record, plan));
	TRY_POSIX(become(&plan->file));
	err = space_fill_stack(plan, space, pieces);
	if (err == OK && !space->process.raw) {
		stay(self, plan, record, pieces);
	}
	u64 entry = plan->loader.memory.raw ? space->loader.entry : space->program.entry;
	pieces_fini(pieces);
	plan_fini(plan); // what it holds must not be copied
	if (err == OK)
		err = replace(self, record, entry);
	const struct proc_credentials *now = &posix_self()->identity.credentials;
	if (!view_equal(view_of(before), view_of(*now)))
		end();
	return build_error(err);
}

static i64 build(struct posix_thread *self, struct exec_plan *plan, struct exec_record *record)
{
	handle_t *process = &record->space.process;
	struct pieces pieces UNINITIALIZED;
	pieces.count = pieces.mapped = 0;
	if (!may_stay(self, &plan->file) &&
		process_create(HANDLE_NONE, 0, LEVEL_PROGRAM, process) != OK)
		return -EAGAIN;
	i64 error = build_in(self, plan, record, &pieces);
	pieces_fini(&pieces);
	heap_give(record->path.data, record->path.size);
	if (process->raw) {
		(void)process_control(*process, PROCESS_OPERATION_KILL, 0, 0);
		(void)handle_close(*process);
	}
	return error;
}

i64 exec_plan_run(struct posix_thread *self, struct exec_plan *plan, i32 directory, u32 flags)
{
	TRY_POSIX(plan_find(self, plan, directory, flags));
	if (is_lent_powers(&plan->file))
		TRY_POSIX(exec_hand_over(self, plan));
	struct exec_record *record = heap_take(sizeof *record);
	if (!record)
		return -ENOMEM;
	i64 error = build(self, plan, record);
	heap_give(record, sizeof *record);
	return error;
}

struct exec_arguments {
	i32 directory;
	u32 flags;
	u64 path, arguments, environment; // in the program's memory
};

static i64 gather_all(struct exec_plan *plan, const struct exec_arguments *from)
{
	i64 size = user_copy_string(span_of(plan->path), from->path);
	if (size < 0)
		return size;
	if (!size && !(from->flags & EXEC_OPEN_EMPTY_PATH))
		return -ENOENT;
	plan->path_size = (u64)size;
	plan->texts_max = texts_limit();
	TRY_POSIX(gather_user(&plan->arguments, from->arguments, plan->texts_max));
	u64 left = plan->texts_max - plan->arguments.used;
	TRY_POSIX(gather_user(&plan->environment, from->environment, left));
	return plan->arguments.count ? 0 : gather(&plan->arguments, (view_t){}, plan->texts_max);
}

static i64 exec_once(struct posix_thread *self, const struct exec_arguments *from)
{
	struct exec_plan plan UNINITIALIZED;
	plan_init(&plan);
	i64 error = gather_all(&plan, from);
	if (!error)
		error = exec_plan_run(self, &plan, from->directory, from->flags);
	plan_fini(&plan);
	return error;
}

static i64 exec(struct posix_thread *self, const struct exec_arguments *from)
{
	i64 error = exec_once(self, from);
	bool may_help = true;
	for (u32 i = 0; (error == -ENOMEM || error == -EAGAIN) && may_help && i < RELIEVE_TRIES; i++) {
		may_help = process_relieved();
		error = exec_once(self, from);
	}
	return error;
}

i64 call_execve(struct posix_thread *self, const struct arguments *arguments)
{
	return exec(self,
		&(struct exec_arguments){
			.directory = EXEC_HERE, .path = ARG(0), .arguments = ARG(1), .environment = ARG(2) });
}

i64 call_execveat(struct posix_thread *self, const struct arguments *arguments)
{
	u32 flags = ARG_U32(4);
	if (flags & ~(EXEC_OPEN_EMPTY_PATH | EXEC_OPEN_NO_FOLLOW))
		return -EINVAL;
	return exec(self, &(struct exec_arguments){ .directory = ARG_INT(0),
						  .flags = flags,
						  .path = ARG(1),
						  .arguments = ARG(2),
						  .environment = ARG(3) });
}

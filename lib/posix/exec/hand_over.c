// SPDX-License-Identifier: MIT
// hand_over.c - see hand_over.h. The old process writes down what exec keeps and asks servers/proc,
// which ends it; the fresh one reads that as it would a program's arguments.
#include "lib/posix/exec/hand_over.h"

#include "abi/info.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/stream.h"
#include "lib/posix/exec/exec.h"
#include "lib/posix/exec/first.h"
#include "lib/posix/exec/handed.h"
#include "lib/posix/exec/shared.h"
#include "lib/posix/file/handed.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "lib/posix/linux/signal.h"
#include "lib/posix/process/process.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

constexpr u64 NEVER_BLOCKED = (u64)1 << (SIGKILL - 1) | (u64)1 << (SIGSTOP - 1);

static u64 ignored_signals(void)
{
	u64 ignored = 0;
	for (u32 i = 0; i < SIGNALS; i++)
		if (AT(posix_self()->actions.action, i).handler == SIG_IGN)
			ignored |= (u64)1 << i;
	return ignored;
}

static view_t texts_of(const struct gathered *gathered)
{
	return view_clamp(span_view(gathered->room), 0, gathered->used);
}

static err_t put(handle_t memory, u64 *offset, view_t bytes)
{
	TRY(exec_write(memory, *offset, bytes));
	*offset += bytes.size;
	return OK;
}

static err_t write_texts(
	handle_t memory, const struct handed *handed, view_t directory, const struct exec_plan *plan)
{
	static const u8 zero = 0;
	view_t path = view_clamp(view_of(plan->file_path), 0, plan->file.path_size);
	u64 offset = 0;
	TRY(put(memory, &offset, view_of(*handed)));
	TRY(put(memory, &offset, path));
	TRY(put(memory, &offset, view_of(zero)));
	TRY(put(memory, &offset, directory));
	TRY(put(memory, &offset, view_of(zero)));
	TRY(put(memory, &offset, texts_of(&plan->arguments)));
	return put(memory, &offset, texts_of(&plan->environment));
}

static i64 make_texts(struct posix_thread *self, const struct exec_plan *plan, handle_t *out)
{
	u8 room[TREE_PATH_MAX] UNINITIALIZED;
	view_t directory;
	TRY_POSIX(files_started_in(self, span_of(room), &directory));
	const struct handed handed = { .path_size = (u32)plan->file.path_size + 1,
		.directory_size = (u32)directory.size + 1,
		.arguments = (u32)plan->arguments.count,
		.environment = (u32)plan->environment.count,
		.arguments_size = plan->arguments.used,
		.environment_size = plan->environment.used,
		.ignored = ignored_signals(),
		.blocked = self->mask,
		.umask = posix_self()->files.umask };
	u64 size = sizeof handed + handed.path_size + handed.directory_size + handed.arguments_size +
	           handed.environment_size;
	TRY_ERR(memory_create(MEMORY_KIND_ANONYMOUS, size, HANDLE_NONE, 0, 0, out));
	err_t err = write_texts(*out, &handed, directory, plan);
	if (err != OK)
		(void)handle_close(*out);
	return posix_error(err);
}

static i64 make_stream(struct posix_thread *self, handle_t *out)
{
	handle_t input;
	TRY_ERR(stream_create(PIPE_SIZE, 0, out, &input));
	i64 answer = files_hand_over(self, input);
	(void)handle_close(input);
	if (answer < 0)
		(void)handle_close(*out);
	return answer;
}

static i64 answer_of(err_t err)
{
	switch (err) {
	case ERR_STATE:
	case ERR_UNSUPPORTED: return 0;
	case ERR_RIGHTS: return -EACCES;
	case ERR_QUOTA:
	case ERR_NO_MEMORY:
	case ERR_NO_SPACE: return -ENOMEM;
	default: return -EAGAIN;
	}
}

i64 exec_hand_over(struct posix_thread *self, const struct exec_plan *plan)
{
	const struct exec_file *file = &plan->file;
	proc_t proc = { posix_self()->identity.connection };
	handle_t texts, descriptors;
	if (file->tree || !file->entry || !file->path_size)
		return 0;
	i64 answer = make_texts(self, plan, &texts);
	if (answer == -EPERM || answer == -ENOENT)
		return 0; // with another root, or in a directory without a path, nothing is lent
	TRY_POSIX(answer);
	answer = make_stream(self, &descriptors);
	if (answer >= 0) {
		answer = answer_of(
			proc_become(proc, file->inode, file->generation, file->entry, texts, descriptors));
		files_take_back(self, descriptors); // a life of proc's that ended with it may have a handle
		(void)handle_close(descriptors);
	}
	(void)handle_close(texts);
	return answer;
}

// The next text of what was handed over.
static view_t take(view_t *rest, u64 size)
{
	view_t text = view_clamp(*rest, 0, size);
	*rest = view_from_offset(*rest, text.size);
	return view_clamp(text, 0, view_find(text, 0));
}

static i64 take_texts(struct gathered *to, view_t texts, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		usize size = view_find(texts, 0);
		if (size == texts.size)
			return -EINVAL;
		TRY_POSIX(gather(to, view_clamp(texts, 0, size), HANDED_TEXTS_MAX));
		texts = view_from_offset(texts, size + 1);
	}
	return 0;
}

static void take_signals(struct posix_thread *self, const struct handed *handed)
{
	self->mask = handed->blocked & ~NEVER_BLOCKED;
	for (u32 i = 0; i < SIGNALS; i++)
		if (handed->ignored & ~NEVER_BLOCKED & (u64)1 << i)
			AT(posix_self()->actions.action, i).handler = SIG_IGN;
}

static i64 take_handed(
	struct posix_thread *self, struct exec_plan *plan, const struct handed *handed, view_t rest)
{
	view_t path = take(&rest, handed->path_size), directory = take(&rest, handed->directory_size);
	if (path.size >= sizeof plan->path)
		return -ENAMETOOLONG;
	plan->path_size = path.size;
	plan->texts_max = HANDED_TEXTS_MAX;
	(void)span_copy(span_of(plan->path), path);
	view_t arguments = view_clamp(rest, 0, handed->arguments_size);
	rest = view_from_offset(rest, arguments.size);
	TRY_POSIX(take_texts(&plan->arguments, arguments, handed->arguments));
	if (!plan->arguments.count) // as in any exec: programs rely on a first one
		TRY_POSIX(gather(&plan->arguments, (view_t){}, plan->texts_max));
	TRY_POSIX(take_texts(
		&plan->environment, view_clamp(rest, 0, handed->environment_size), handed->environment));
	take_signals(self, handed);
	posix_self()->files.umask = handed->umask & 0777;
	TRY_POSIX(files_take_over(self, exec_first()->descriptors));
	files_start_in(self, directory);
	return 0;
}

// All is read once, into memory of our own.
static i64 read_handed(struct posix_thread *self, struct exec_plan *plan, handle_t memory)
{
	struct handed handed;
	struct memory_info info = {};
	u64 done, size;
	TRY_ERR(handle_info(memory, INFO_TOPIC_MEMORY, span_of(info), &size));
	if (info.size < sizeof handed || info.size > HANDED_TEXTS_MAX + 4 * EXEC_PATH_MAX)
		return -E2BIG;
	if (info.kind != MEMORY_KIND_ANONYMOUS)
		return -EINVAL; // pages that somebody serves may never come
	span_t all = scratch_take(info.size);
	if (!all.size)
		return -ENOMEM;
	err_t err = memory_read(memory, 0, all, &done);
	i64 answer = posix_error(err);
	view_t rest = view_clamp(span_view(all), 0, err == OK ? done : 0);
	if (!answer)
		answer = view_load(rest, 0, span_of(handed)) == OK ? 0 : -EINVAL;
	if (!answer)
		answer = take_handed(self, plan, &handed, view_from_offset(rest, sizeof handed));
	scratch_give(all);
	return answer;
}

// Is this process what proc remembers? If proc died while it made us it is not: the caller goes on
// instead, and we must not run.
static i64 confirm(void)
{
	return posix_error(proc_known((proc_t){ posix_self()->identity.connection }));
}

i64 exec_taken_over(struct posix_thread *self, struct exec_plan *plan, struct exec_first *first)
{
	u64 handle = 0;
	TRY_POSIX(confirm());
	plan->approved = (struct exec_file){
		.memory = first->contents, .inode = first->inode, .generation = first->generation
	};
	TRY_ERR(thread_control(HANDLE_NONE, THREAD_OPERATION_OPEN, 0, 0, &handle));
	self->handle = (handle_t){ (u32)handle };
	i64 answer = read_handed(self, plan, first->texts);
	(void)handle_close(first->texts);
	(void)handle_close(first->descriptors);
	process_narrow();
	return answer;
}

// SPDX-License-Identifier: MIT
// plan.c - see plan.h. Reads of the file are copies of its headers: it may be cut or changed while
// we look, which then is a broken program and nothing worse.
#include "lib/posix/exec/plan.h"

#include "abi/info.h"
#include "lib/base/bits.h"
#include "lib/base/format.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/exec/script.h"
#include "lib/posix/linux/errno.h"
#include "lib/tree/tree.h"
#include "os/syscalls.h"

constexpr usize START_SIZE = 1024; // holds the table of headers of nearly every program

static_assert(SCRIPT_LINE_SIZE <= START_SIZE && PROGRAM_START_SIZE <= START_SIZE);
static_assert(PROGRAM_HEADERS_MAX * PROGRAM_HEADER_SIZE <= EXEC_PATH_MAX); // scratch

void plan_init(struct exec_plan *plan)
{
	plan->file = (struct exec_file){ .room = span_of(plan->file_path) };
	plan->loader = plan->approved = (struct exec_file){};
	plan->program.interpreter_size = 0;
	plan->texts_max = plan->path_size = 0;
	gathered_init(&plan->arguments);
	gathered_init(&plan->environment);
}

static void close_file(struct exec_file *file)
{
	if (file->memory.raw)
		(void)handle_close(file->memory);
	file->memory = HANDLE_NONE;
}

void plan_fini(struct exec_plan *plan)
{
	close_file(&plan->file);
	close_file(&plan->loader);
	close_file(&plan->approved);
	gathered_free(&plan->arguments);
	gathered_free(&plan->environment);
}

// As much as there is.
static view_t read_at(handle_t memory, u64 offset, span_t room)
{
	u64 done = 0;
	if (memory_read(memory, offset, room, &done) != OK)
		done = 0;
	return view_clamp(span_view(room), 0, done);
}

static view_t read_start(const struct exec_file *file, span_t room)
{
	return read_at(file->memory, 0, span_clamp(room, 0, min_u64(file->size, room.size)));
}

static i64 read_program(
	struct exec_plan *plan, const struct exec_file *file, view_t start, struct program *program)
{
	if (!program_begin(program, start, file->size))
		return -ENOEXEC;
	usize size = (usize)program->headers * PROGRAM_HEADER_SIZE;
	view_t table = view_clamp(start, program->headers_offset, size);
	if (table.size < size)
		table = read_at(
			file->memory, program->headers_offset, span_clamp(span_of(plan->scratch), 0, size));
	return program_finish(program, table, file->size) ? 0 : -ENOEXEC;
}

// The path that PT_INTERP names, in scratch.
static i64 read_loader_path(struct exec_plan *plan, view_t *out)
{
	const struct program *program = &plan->program;
	span_t room = span_clamp(span_of(plan->scratch), 0, program->interpreter_size);
	view_t path = read_at(plan->file.memory, program->interpreter_offset, room);
	usize size = view_find(path, 0);
	if (!size || size == path.size)
		return -ENOEXEC;
	*out = view_clamp(path, 0, size);
	return 0;
}

// A loader that wants a loader itself is taken as it is, as Linux does.
static i64 find_loader(struct posix_thread *self, struct exec_plan *plan)
{
	u8 room[START_SIZE] UNINITIALIZED;
	view_t path;
	if (!plan->program.interpreter_size)
		return 0;
	i64 error = read_loader_path(plan, &path);
	if (!error)
		error = exec_open(self, EXEC_HERE, path, 0, &plan->loader);
	if (error)
		return error;
	view_t start = read_start(&plan->loader, span_of(room));
	return read_program(plan, &plan->loader, start, &plan->loader_program) ? -ELIBBAD : 0;
}

// Texts from behind the first one of old.
static i64 gather_rest(struct gathered *to, const struct gathered *old, u64 limit)
{
	view_t rest = view_clamp(span_view(old->room), 0, old->used);
	i64 error = 0;
	for (u64 i = 0; i < old->count && !error; i++) {
		usize size = view_find(rest, 0);
		if (i)
			error = gather(to, view_clamp(rest, 0, size), limit);
		rest = view_from_offset(rest, size + 1);
	}
	return error;
}

// argv becomes: interpreter, its argument if there is one, the script's path, the old argv from 1
// on.
static i64 take_script(struct exec_plan *plan, const struct script *script, view_t path)
{
	struct gathered arguments UNINITIALIZED;
	u64 limit = plan->texts_max;
	gathered_init(&arguments);
	i64 error = gather(&arguments, script->interpreter, limit);
	if (!error && script->argument.size)
		error = gather(&arguments, script->argument, limit);
	if (!error)
		error = gather(&arguments, path, limit);
	if (!error)
		error = gather_rest(&arguments, &plan->arguments, limit);
	if (error) {
		gathered_free(&arguments);
		return error;
	}
	gathered_move(&plan->arguments, &arguments);
	return 0;
}

// Not a script: the program that it is.
static i64 find_program(struct posix_thread *self, struct exec_plan *plan, view_t start)
{
	i64 error = read_program(plan, &plan->file, start, &plan->program);
	return error ? error : find_loader(self, plan);
}

// What begins at a descriptor is known to the program, and to a script's interpreter, by that.
static void name_by_descriptor(struct exec_plan *plan, i32 directory)
{
	view_t path = plan_path(plan);
	if (directory == EXEC_HERE || (path.size && view_at(path, 0) == '/'))
		return;
	view_t name = format_view(
		span_of(plan->scratch), path.size ? "/dev/fd/%d/%v" : "/dev/fd/%d", directory, &path);
	if (name.size >= sizeof plan->path)
		return;
	(void)span_copy(span_of(plan->path), name);
	plan->path_size = name.size;
}

// What servers/proc let us run. What it lends, this process has already.
static i64 take_approved(struct exec_plan *plan)
{
	struct exec_file *file = &plan->file, *approved = &plan->approved;
	struct memory_info info = {};
	u64 size;
	if (file->tree != approved->tree || file->inode != approved->inode ||
		file->generation != approved->generation)
		return -EACCES;
	TRY_ERR(handle_info(approved->memory, INFO_TOPIC_MEMORY, span_of(info), &size));
	close_file(file);
	file->memory = approved->memory;
	approved->memory = HANDLE_NONE;
	file->size = info.size;
	file->mode &= ~(u32)(MODE_SET_USER | MODE_SET_GROUP);
	return 0;
}

i64 plan_find(struct posix_thread *self, struct exec_plan *plan, i32 directory, u32 flags)
{
	u8 room[START_SIZE] UNINITIALIZED, interpreter[SCRIPT_LINE_SIZE] UNINITIALIZED;
	view_t path = plan_path(plan);
	for (u32 depth = 0; depth <= SCRIPT_NESTING; depth++) {
		struct script script;
		close_file(&plan->file);
		i64 error = exec_open(self, directory, path, flags, &plan->file);
		if (error)
			return error;
		bool is_approved = plan->approved.memory.raw;
		if (is_approved)
			TRY_POSIX(take_approved(plan));
		if (!depth) {
			name_by_descriptor(plan, directory);
			path = plan_path(plan);
		}
		view_t start = read_start(&plan->file, span_of(room));
		if (!script_is(start))
			return find_program(self, plan, start);
		if (is_approved || !script_parse(start, &script))
			return -ENOEXEC;
		if (plan->file.is_closing)
			return -ENOENT; // its interpreter could not open it
		error = take_script(plan, &script, path);
		if (error)
			return error;
		(void)span_copy(span_of(interpreter), script.interpreter); // shorter than the line
		path = view_clamp(view_of(interpreter), 0, script.interpreter.size);
		directory = EXEC_HERE;
		flags = 0;
	}
	return -ELOOP;
}

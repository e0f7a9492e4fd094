// SPDX-License-Identifier: MIT
// main.c - see README.md.
#include "cmd/birth/library.h"

#include "lib/os/process.h"
#include "lib/os/start.h"
#include "os/syscalls.h"

constexpr u64 CODE_NOT_STARTED = 127; // as shells have it

static const char *const DEFAULT_ENVIRONMENT[] = {
	"HOME=/",
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"TERM=linux",
};

static err_t add(struct exec_first *first, view_t text)
{
	span_t room = span_from_offset(span_of(first->text), first->text_size);
	if (room.size <= text.size)
		return ERR_TOO_BIG;
	TRY(span_copy(room, text));
	first->text_size += (u32)text.size + 1; // the zero is there already
	return OK;
}

// Words that came apart, as one text again.
static err_t add_joined(struct exec_first *first, u32 from)
{
	u32 start = first->text_size;
	for (u32 i = from; i < start_argument_count(); i++) {
		if (i > from)
			AT(first->text, first->text_size - 1) = ' ';
		TRY(add(first, view_cstring(start_argument(i))));
	}
	return first->text_size == start ? add(first, (view_t){}) : OK;
}

static err_t add_shell(struct exec_first *first, u32 from)
{
	first->arguments = 3;
	TRY(add(first, VIEW_TEXT("/bin/sh")));
	TRY(add(first, VIEW_TEXT("sh")));
	TRY(add(first, VIEW_TEXT("-c")));
	return add_joined(first, from);
}

static err_t add_init(struct exec_first *first)
{
	first->arguments = 1;
	TRY(add(first, VIEW_TEXT("/sbin/init")));
	return add(first, VIEW_TEXT("/sbin/init"));
}

static err_t add_arguments(struct exec_first *first, u32 from)
{
	u32 count = start_argument_count();
	if (from >= count)
		return add_init(first);
	if (view_equal(view_cstring(start_argument(from)), VIEW_TEXT("-c")))
		return add_shell(first, from + 1);
	TRY(add(first, view_cstring(start_argument(from))));
	for (u32 i = from; i < count; i++, first->arguments++)
		TRY(add(first, view_cstring(start_argument(i))));
	return OK;
}

static bool is_assignment(view_t text)
{
	return view_find(text, '=') < text.size;
}

static err_t fill(struct exec_first *first)
{
	u32 from = 1;
	while (from < start_argument_count() && is_assignment(view_cstring(start_argument(from))))
		from++;
	TRY(add_arguments(first, from));
	for (u32 i = 0; i < COUNT(DEFAULT_ENVIRONMENT); i++, first->environment++)
		TRY(add(first, view_cstring(AT(DEFAULT_ENVIRONMENT, i))));
	for (u32 i = 1; i < from; i++, first->environment++)
		TRY(add(first, view_cstring(start_argument(i))));
	return OK;
}

int main(void)
{
	err_t err = library_map();
	if (err == OK)
		err = fill(exec_first());
	if (err == OK) {
		exec_first()->starting = 1;
		err = library_start();
	}
	if (err != OK) {
		return CODE_NOT_STARTED;
	}
	(void)task_exit(EXIT_SCOPE_THREAD, 0, (u64)(uintptr_t)&exec_first()->starting);
	return 0;
}

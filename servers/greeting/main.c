// SPDX-License-Identifier: MIT
// main.c - the example of a scheme: any program that has a connection to servers/name may serve
// one. `cat /scheme/hello/greeting` greets; `echo NAME > /scheme/hello/name` says whom. Authority:
// a connection to name, nothing else.
#include "ifc/name.h"
#include "lib/base/format.h"
#include "lib/base/text.h"
#include "lib/os/scheme.h"
#include "lib/os/start.h"
#include "os/syscalls.h"

constexpr u64 BADGE = 1;

struct greeting {
	u8 name[64];
	view_t whom; // in name
};

static usize read_greeting(void *self, span_t to)
{
	const struct greeting *greeting = self;
	return format(to, "Hello, %v!\n", &greeting->whom);
}

static err_t write_name(void *self, view_t text)
{
	struct greeting *greeting = self;
	view_t name = text_trim(text);
	TRY(span_copy(span_of(greeting->name), name));
	greeting->whom = view_clamp(view_of(greeting->name), 0, name.size);
	return OK;
}

static const struct scheme_file files[] = {
	{ "greeting", SCHEME_READ, read_greeting, nullptr },
	{ "name", SCHEME_WRITE, nullptr, write_name },
};

int main(void)
{
	static struct greeting greeting = { .whom = VIEW_TEXT("world") };
	struct loop loop;
	handle_t end;
	if (service_begin(&loop) != OK)
		return 1;
	struct scheme scheme = { files, COUNT(files), BADGE, loop.port, &greeting };
	loop_serve(&loop, scheme_dispatch, &scheme, &scheme);
	name_t name = { start_handle("name") };
	if (loop_connection(&loop, BADGE, &end) != OK)
		return 1;
	err_t err = name_provide(name, VIEW_TEXT("hello"), end);
	if (err != OK && err != ERR_EXISTS) // there already: by a former life, at the same port
		return 1;
	service_ready();
	return loop_run(&loop) == ERR_CLOSED ? 0 : 1;
}

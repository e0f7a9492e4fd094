// SPDX-License-Identifier: MIT
// main.c - `hello [NAME]`: starts the example service with a port of ours, calls it through a
// connection, prints what it answers.
#include "abi/rights.h"
#include "ifc/hello.h"
#include "lib/os/boot_image.h"
#include "lib/os/process.h"
#include "lib/os/spawn.h"
#include "lib/os/start.h"
#include "os/syscalls.h"

constexpr u32 PROGRAM_LEVEL = 15; // as ours: a child cannot have a lower one

static err_t start_service(handle_t *connection)
{
	static struct spawn spawn = { .arguments = VIEW_TEXT("hello"), .level = PROGRAM_LEVEL };
	handle_t port, process;
	TRY(boot_file("service/hello", &spawn.image));
	TRY(port_create(0, &port));
	TRY(connection_create(port, 1, connection));
	TRY(spawn_give(&spawn, "port", port, RIGHT_SERVE));
	return spawn_start(&spawn, &process);
}

static err_t run(void)
{
	handle_t connection;
	u8 text[HELLO_TEXT_MAX];
	u32 length;
	const char *name = start_argument_count() > 1 ? start_argument(1) : "world";
	TRY(start_service(&connection));
	TRY(hello_greet((hello_t){ connection }, view_cstring(name), span_of(text), &length));
	view_t answer = view_clamp(view_of(text), 0, length);
	print("%v\n", &answer);
	return OK;
}

int main(void)
{
	err_t err = run();
	if (err != OK)
		print("hello: %s\n", err_name(err));
	return err == OK ? 0 : 1;
}

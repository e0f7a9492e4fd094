// SPDX-License-Identifier: MIT
// slice.c - a POSIX program on the services it needs and nothing else: ramfs with the boot image,
// proc, birth with the rest of the command line. What the program prints is the result.
#include "lib/base/text.h"
#include "lib/os/boot_image.h"
#include "lib/os/ledger.h"
#include "lib/os/spawn.h"
#include "test/guest/harness/guest.h"

constexpr u32 LEVEL = 15;
constexpr u64 LEDGER_SIZE = 64 << 20;
constexpr u32 RIGHTS_TIME = RIGHT_READ | RIGHT_MAP | RIGHT_DUP | RIGHT_TRANSFER; // as init gives it

struct service {
	struct spawn spawn;
	handle_t process, port;
};

static err_t service_begin(struct service *service, handle_t process)
{
	service->spawn.process = process;
	return spawn_start(&service->spawn, &service->process);
}

static err_t service_process(handle_t *out)
{
	TRY(process_create(start_handle("quota"), 0, LEVEL, out));
	return process_control(*out, PROCESS_OPERATION_KEEP_HANDLES, 1, 0);
}

// files: a connection to ramfs, for who stands above it.
static err_t service_start(struct service *service, view_t name, const char *path, handle_t files)
{
	handle_t ledger, process;
	struct spawn *spawn = &service->spawn;
	*spawn = (struct spawn){ .arguments = name, .level = LEVEL };
	TRY(boot_file(path, &spawn->image));
	TRY(port_create(0, &service->port));
	TRY(guest_memory(LEDGER_SIZE, &ledger));
	TRY(spawn_give(spawn, "port", service->port, RIGHTS_ALL));
	TRY(spawn_give(spawn, "ledger", ledger, RIGHTS_ALL));
	TRY(spawn_give(spawn, "quota", start_handle("quota"), RIGHTS_ALL));
	TRY(spawn_give(spawn, "boot", start_handle("boot"), RIGHTS_ALL));
	TRY(spawn_give(spawn, "console", start_handle("console"), RIGHTS_ALL));
	TRY(spawn_give(spawn, "time", start_handle("time"), RIGHT_READ | RIGHT_MAP));
	if (files.raw)
		TRY(spawn_give(spawn, "ramfs", files, RIGHTS_ALL));
	TRY(service_process(&process));
	return service_begin(service, process);
}

// Ends it where it is; the next life gets its handles.
static err_t service_replace(struct service *service)
{
	u32 observed;
	handle_t next, former = service->process;
	TRY(process_control(former, PROCESS_OPERATION_KILL, 0, 0));
	TRY(object_wait(former, SIGNAL_EXITED, guest_soon(), &observed));
	TRY(service_process(&next));
	TRY(process_control(next, PROCESS_OPERATION_INHERIT, former.raw, 0));
	service->spawn.former = service->spawn.self;
	TRY(service_begin(service, next));
	return handle_close(former);
}

// kill=N as the first argument: ramfs is killed every N milliseconds.
static u64 kill_every_ms(void)
{
	u64 every = 0;
	view_t word = view_cstring(start_argument(1));
	if (view_starts_with(word, VIEW_TEXT("kill=")) &&
		text_u64(view_from_offset(word, 5), &every) == OK)
		return every;
	return 0;
}

static view_t arguments(span_t room)
{
	usize size = 0;
	u32 first = kill_every_ms() ? 2 : 1;
	(void)span_copy(room, VIEW_TEXT("birth "));
	size = 6;
	for (u32 i = first; i < start_argument_count(); i++) {
		view_t word = view_cstring(start_argument(i));
		(void)span_copy(span_from_offset(room, size), word);
		size += word.size;
		if (size < room.size)
			*span_at(room, size++) = ' ';
	}
	return view_clamp(span_view(room), 0, size - 1);
}

// Until the program ends, or for ever.
static err_t wait(handle_t process, struct service *victim, u64 *code)
{
	u64 every = kill_every_ms();
	u32 observed, kills = 0;
	while (every && object_wait(process, SIGNAL_EXITED, guest_after(every), &observed) != OK) {
		TRY(service_replace(victim));
		kills++;
	}
	if (every)
		print("slice: ramfs was killed %u times\n", kills);
	return spawn_wait(process, DEADLINE_NEVER, code);
}

static err_t run(u64 *code)
{
	static struct spawn spawn;
	static struct service ramfs, proc;
	static u8 text[2048];
	handle_t files, processes, process;
	TRY(service_start(&ramfs, VIEW_TEXT("ramfs"), "service/ramfs", HANDLE_NONE));
	TRY(connection_create(ramfs.port, 0, &files));
	TRY(service_start(&proc, VIEW_TEXT("proc"), "service/proc", files));
	TRY(connection_create(proc.port, 1, &processes));
	spawn = (struct spawn){ .arguments = arguments(span_of(text)), .level = LEVEL };
	TRY(boot_file("native/birth", &spawn.image));
	TRY(spawn_give(&spawn, "ramfs", files, RIGHTS_ALL));
	TRY(spawn_give(&spawn, "proc", processes, RIGHTS_ALL));
	TRY(spawn_give(&spawn, "quota", start_handle("quota"), RIGHTS_ALL));
	TRY(spawn_give(&spawn, "boot", start_handle("boot"), RIGHTS_ALL));
	TRY(spawn_give(&spawn, "console", start_handle("console"), RIGHTS_ALL));
	TRY(spawn_give(&spawn, "time", start_handle("time"), RIGHTS_TIME));
	TRY(spawn_start(&spawn, &process));
	return wait(process, &ramfs, code);
}

int main(void)
{
	u64 code = 0;
	err_t err = run(&code);
	if (err != OK)
		print("slice: %e\n", err);
	return err != OK || code;
}

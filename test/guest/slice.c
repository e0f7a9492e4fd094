// SPDX-License-Identifier: MIT
// slice.c - a POSIX program on the services it needs and nothing else: ramfs with the boot image,
// proc, birth with the rest of the command line. What the program prints is the result.
#include "lib/os/boot_image.h"
#include "lib/os/ledger.h"
#include "lib/os/spawn.h"
#include "test/guest/harness/guest.h"

constexpr u32 LEVEL = 15;
constexpr u64 LEDGER_SIZE = 64 << 20;

static err_t start_service(view_t name, const char *path, u64 badge, handle_t *out)
{
	static struct spawn spawn;
	handle_t port, ledger, process;
	spawn = (struct spawn){ .arguments = name, .level = LEVEL };
	TRY(boot_file(path, &spawn.image));
	TRY(port_create(0, &port));
	TRY(guest_memory(LEDGER_SIZE, &ledger));
	TRY(spawn_give(&spawn, "port", port, RIGHTS_ALL));
	TRY(spawn_give(&spawn, "ledger", ledger, RIGHTS_ALL));
	TRY(spawn_give(&spawn, "quota", start_handle("quota"), RIGHTS_ALL));
	TRY(spawn_give(&spawn, "boot", start_handle("boot"), RIGHTS_ALL));
	TRY(spawn_give(&spawn, "console", start_handle("console"), RIGHTS_ALL));
	TRY(spawn_give(&spawn, "time", start_handle("time"), RIGHT_READ | RIGHT_MAP));
	TRY(spawn_start(&spawn, &process));
	return connection_create(port, badge, out);
}

static view_t arguments(span_t room)
{
	usize size = 0;
	for (u32 i = 0; i < start_argument_count(); i++) {
		view_t word = i ? view_cstring(start_argument(i)) : VIEW_TEXT("birth");
		(void)span_copy(span_from_offset(room, size), word);
		size += word.size;
		if (size < room.size)
			*span_at(room, size++) = ' ';
	}
	return view_clamp(span_view(room), 0, size - 1);
}

static err_t run(u64 *code)
{
	static struct spawn spawn;
	static u8 text[2048];
	handle_t ramfs, proc, process;
	TRY(start_service(VIEW_TEXT("ramfs"), "service/ramfs", 0, &ramfs));
	TRY(start_service(VIEW_TEXT("proc"), "service/proc", 1, &proc));
	spawn = (struct spawn){ .arguments = arguments(span_of(text)), .level = LEVEL };
	TRY(boot_file("native/birth", &spawn.image));
	TRY(spawn_give(&spawn, "ramfs", ramfs, RIGHTS_ALL));
	TRY(spawn_give(&spawn, "proc", proc, RIGHTS_ALL));
	TRY(spawn_give(&spawn, "quota", start_handle("quota"), RIGHTS_ALL));
	TRY(spawn_give(&spawn, "boot", start_handle("boot"), RIGHTS_ALL));
	TRY(spawn_give(&spawn, "console", start_handle("console"), RIGHTS_ALL));
	TRY(spawn_give(&spawn, "time", start_handle("time"), RIGHT_READ | RIGHT_MAP));
	TRY(spawn_start(&spawn, &process));
	return spawn_wait(process, DEADLINE_NEVER, code);
}

int main(void)
{
	u64 code = 0;
	err_t err = run(&code);
	if (err != OK)
		print("slice: %e\n", err);
	return err != OK || code;
}

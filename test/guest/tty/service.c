// SPDX-License-Identifier: MIT
// service.c - starts, kills and starts again, with the estate handed on.
#include "lib/os/boot_image.h"
#include "lib/os/ledger.h"
#include "test/guest/tty/tty_test.h"

constexpr u32 LEVEL = 15;

struct service uart, ps2, console, tty;
tty_t opener;

err_t service_make(struct service *service, const char *path, u64 ledger_size)
{
	service->path = path;
	service->spawn = (struct spawn){ .arguments = view_cstring(path), .level = LEVEL };
	TRY(port_create(LEVEL, &service->port));
	TRY(guest_memory(ledger_memory_size(ledger_size), &service->ledger));
	TRY(spawn_give(&service->spawn, "port", service->port, RIGHTS_ALL));
	TRY(spawn_give(&service->spawn, "ledger", service->ledger, RIGHTS_ALL));
	TRY(spawn_give(&service->spawn, "console", start_handle("console"), RIGHTS_ALL));
	return spawn_give(&service->spawn, "time", start_handle("time"), RIGHTS_ALL);
}

err_t service_start(struct service *service)
{
	handle_t process;
	TRY(boot_file(service->path, &service->spawn.image));
	TRY(process_create(HANDLE_NONE, 0, LEVEL, &process));
	if (service->lives++) {
		TRY(process_control(process, PROCESS_OPERATION_INHERIT, service->process.raw, 0));
		(void)handle_close(service->process);
	}
	service->spawn.process = process;
	TRY(spawn_start(&service->spawn, &service->process));
	return process_control(service->process, PROCESS_OPERATION_KEEP_HANDLES, 1, 0);
}

err_t service_kill(struct service *service)
{
	u32 observed;
	TRY(process_control(service->process, PROCESS_OPERATION_KILL, 0, 0));
	return object_wait(service->process, SIGNAL_EXITED, guest_soon(), &observed);
}

err_t service_call(struct service *user, const char *name, struct service *provider, u64 badge)
{
	handle_t connection;
	TRY(connection_create(provider->port, badge, &connection));
	return spawn_give(&user->spawn, name, connection, RIGHTS_ALL);
}

static err_t make_uart(void)
{
	handle_t ports, interrupts;
	handle_t all = start_handle("resource");
	TRY(service_make(&uart, "service/uart16550", 64));
	TRY(resource_derive(all, RESOURCE_KIND_PORTS, 0x3f8, 8, &ports));
	TRY(resource_derive(all, RESOURCE_KIND_INTERRUPTS, 4, 1, &interrupts));
	TRY(spawn_give(&uart.spawn, "registers", ports, RIGHTS_ALL));
	TRY(spawn_give(&uart.spawn, "irq", interrupts, RIGHTS_ALL));
	return service_start(&uart);
}

static err_t make_tty(void)
{
	TRY(service_make(&tty, "service/tty", 2 * 1024 * 1024));
	TRY(service_call(&tty, "serial", &uart, 1));
	TRY(service_start(&tty));
	return connection_create(tty.port, 2, &opener.handle);
}

bool tty_ready(void)
{
	if (tty.lives)
		return true;
	err_t err = make_uart();
	if (err == OK)
		err = make_tty();
	if (err != OK)
		print("not ok services: %e\n", err);
	return err == OK;
}

u64 next_serial(void)
{
	static u64 last;
	return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

err_t terminal_open(u32 device, tty_t *out, u32 *number)
{
	return tty_open(opener, device, 0, next_serial(), number, &out->handle);
}

err_t pty_open(tty_t *master, tty_t *slave)
{
	u32 device, unlocked = 0;
	TRY(terminal_open(TTY_DEVICE_MULTIPLEXER, master, &device));
	TRY(control(*master, 0x4004'5431, 0, view_of(unlocked), (span_t){}));
	return terminal_open(device, slave, &device);
}

err_t put(tty_t end, view_t bytes)
{
	u64 done;
	TRY(tty_write(end, next_serial(), 0, 0, bytes, &done));
	return done == bytes.size ? OK : ERR_TOO_BIG;
}

bool arrives(tty_t end, view_t wanted)
{
	static u8 memory[8192];
	usize count = 0;
	while (count < wanted.size) {
		u64 done = 0;
		span_t room = span_clamp(span_of(memory), count, wanted.size - count);
		if (tty_read(end, next_serial(), 0, 0, room, &done) != OK || !done)
			break;
		count += done;
	}
	bool is_so = view_equal(view_clamp(view_of(memory), 0, count), wanted);
	if (!is_so)
		for (usize i = 0; i < count; i++)
			print("%x%s", AT(memory, i), i + 1 < count ? " " : "\n");
	return is_so;
}

bool has_nothing(tty_t end)
{
	u8 byte;
	u64 done;
	return tty_read(end, next_serial(), 0, TTY_NONBLOCK, span_of(byte), &done) == ERR_WOULD_BLOCK;
}

err_t control(tty_t end, u32 code, u64 argument, view_t in, span_t out)
{
	u64 result;
	return tty_control(end, next_serial(), 0, code, 0, argument, in, out, &result);
}

err_t set_local(tty_t end, u32 input, u32 output, u32 local, u32 timing)
{
	u8 settings[44];
	TRY(control(end, 0x802c'542a, 0, (view_t){}, span_of(settings)));
	u32 flags[3] = { input, output, 0 };
	(void)!span_copy(span_of(settings), view_clamp(view_of(flags), 0, 8));
	(void)!span_copy(span_clamp(span_of(settings), 12, 4), view_of(local));
	AT(settings, 17 + 6) = (u8)(timing >> 8);
	AT(settings, 17 + 5) = (u8)timing;
	return control(end, 0x402c'542b, 0, view_of(settings), (span_t){});
}

bool has_bits(tty_t end, u32 set, u32 clear)
{
	struct object_info info = {};
	u64 size;
	for (u64 until = guest_soon(); clock_read() < until;) {
		if (handle_info(end.handle, INFO_TOPIC_OBJECT, span_of(info), &size) == OK &&
			(info.signals & set) == set && !(info.signals & clear))
			return true;
		(void)sleep_until(clock_read() + NS_PER_MS);
	}
	return false;
}

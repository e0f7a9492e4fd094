// SPDX-License-Identifier: MIT
// power.c - QEMU's isa-debug-exit device: a value written there ends the emulator with 2 * value
// + 1. On other machines nothing answers at this port. Real power-off needs ACPI and is init's
// task.
#include "servers/root/power.h"

#include "lib/os/start.h"
#include "os/syscalls.h"

constexpr u32 EXIT_PORT = 0xf4;
constexpr u64 EXIT_PORT_SIZE = 4;

void power_off(u64 code)
{
	handle_t port;
	u32 result;
	if (resource_derive(
			start_handle("resource"), RESOURCE_KIND_PORTS, EXIT_PORT, EXIT_PORT_SIZE, &port) != OK)
		return;
	(void)resource_io(port, EXIT_PORT, IO_OPERATION_WRITE32, (u32)code, &result);
	(void)handle_close(port);
}

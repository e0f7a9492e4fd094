// SPDX-License-Identifier: MIT
// power.c - off. First QEMU's isa-debug-exit device, which hands the code to the host: a value
// written there ends the emulator with 2 * value + 1; on other machines nothing answers at this
// port. Then ACPI's soft off: FADT and DSDT say which ports and values (sleep.c). All tables are
// read where firmware left them, as physical memory. Not done: machines without the PM1 registers
// ("hardware-reduced ACPI"), and firmware that computes \_S5 or wants \_PTS run before.
#include "servers/root/power.h"

#include "lib/base/checked.h"
#include "lib/base/reader.h"
#include "lib/base/time.h"
#include "lib/os/process.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/root/sleep.h"
#include "servers/root/start.h"

constexpr u32 EXIT_PORT = 0xf4;
constexpr u64 HEADER_BYTES = 36, TABLE_BYTES_MAX = 1024 * 1024;
constexpr u32 TABLES_MAX = 256;
constexpr u64 LOOK_NS = NS_PER_MS, LOOKS_MAX = 3000; // for firmware to hand over
constexpr u64 OFF_NS = NS_PER_SECOND;                // what the machine may take to go off

static err_t port_io(u32 port, u32 size, enum io_operation operation, u32 value, u32 *result)
{
	handle_t range;
	TRY(resource_derive(start_handle("resource"), RESOURCE_KIND_PORTS, port, size, &range));
	err_t err = resource_io(range, port, operation, value, result);
	(void)handle_close(range);
	return err;
}

// It stays mapped: the machine is about to end.
static err_t map_physical(u64 paddr, u64 size, view_t *out)
{
	handle_t memory;
	u64 end, address, first = paddr & ~PAGE_MASK;
	TRY(checked_add(paddr, size, &end));
	TRY(checked_align_up(end, PAGE_SIZE, &end));
	TRY(memory_create(
		MEMORY_KIND_PHYSICAL, end - first, start_handle("resource"), first, 0, &memory));
	err_t err = memory_map(HANDLE_NONE, memory, 0, end - first, 0, MAP_FLAGS_READ, &address);
	(void)handle_close(memory);
	TRY(err);
	UNSAFE_BEGIN("the kernel mapped it there")
	*out = view_from((const void *)(address + (paddr & PAGE_MASK)), size);
	UNSAFE_END
	return OK;
}

// A whole table, if it has this signature. The loader has checked the sums of those it knows.
static err_t map_table(u64 paddr, view_t signature, view_t *out)
{
	u32 size;
	TRY(map_physical(paddr, HEADER_BYTES, out));
	if (!view_starts_with(*out, signature))
		return ERR_NOT_FOUND;
	TRY(view_load(*out, 4, span_of(size)));
	return size >= HEADER_BYTES && size <= TABLE_BYTES_MAX ? map_physical(paddr, size, out)
	                                                       : ERR_CORRUPT;
}

static err_t find_fadt(view_t *out)
{
	view_t table;
	usize entry_size = 8;
	u64 root = root_self()->acpi_root, paddr;
	err_t err = root ? map_table(root, VIEW_TEXT("XSDT"), &table) : ERR_NOT_FOUND;
	if (err == ERR_NOT_FOUND && root) {
		entry_size = 4;
		err = map_table(root, VIEW_TEXT("RSDT"), &table);
	}
	TRY(err);
	reader_t reader = { table, HEADER_BYTES };
	for (u32 i = 0; i < TABLES_MAX; i++) {
		TRY(reader_take_number(&reader, entry_size, &paddr));
		if (map_table(paddr, VIEW_TEXT("FACP"), out) == OK)
			return OK;
	}
	return ERR_NOT_FOUND;
}

// Until the machine is in ACPI mode, firmware listens to the registers and not the hardware.
static err_t take_registers(const struct sleep *sleep)
{
	u32 value = 0, unused;
	TRY(port_io(sleep->ports[0], 2, IO_OPERATION_READ16, 0, &value));
	if ((value & SLEEP_IS_OURS) || !sleep->command_port)
		return OK;
	TRY(port_io(sleep->command_port, 1, IO_OPERATION_WRITE8, sleep->command, &unused));
	for (u64 i = 0; i < LOOKS_MAX && !(value & SLEEP_IS_OURS); i++) {
		(void)sleep_until(clock_read() + LOOK_NS);
		TRY(port_io(sleep->ports[0], 2, IO_OPERATION_READ16, 0, &value));
	}
	return OK;
}

static err_t soft_off(void)
{
	view_t table;
	struct sleep sleep;
	TRY(find_fadt(&table));
	TRY(sleep_read_fadt(table, &sleep));
	TRY(map_table(sleep.dsdt, VIEW_TEXT("DSDT"), &table));
	TRY(sleep_read_dsdt(table, &sleep));
	TRY(take_registers(&sleep));
	for (u32 i = SLEEP_PORTS; i > 0; i--) { // PM1a last: most machines go by it
		u32 port = AT(sleep.ports, i - 1), was, unused;
		if (!port)
			continue;
		TRY(port_io(port, 2, IO_OPERATION_READ16, 0, &was));
		TRY(port_io(port, 2, IO_OPERATION_WRITE16, sleep_value(&sleep, i - 1, was), &unused));
	}
	return OK;
}

void power_off(u64 code)
{
	u32 unused;
	(void)port_io(EXIT_PORT, 4, IO_OPERATION_WRITE32, (u32)code, &unused);
	err_t err = soft_off();
	(void)sleep_until(clock_read() + OFF_NS);
	print("root: this machine does not turn off: %e\n", err);
}

// SPDX-License-Identifier: MIT
// driver.c - grants are named handles: a narrow resource, or memory.
#include "lib/driver/driver.h"

#include "abi/rights.h"
#include "abi/signals.h"
#include "lib/base/text.h"
#include "lib/os/service.h"
#include "lib/os/start.h"
#include "os/syscalls.h"

u64 driver_number(const char *name, u64 usual)
{
	view_t key = view_cstring(name);
	for (u32 i = 1; i < start_argument_count(); i++) {
		view_t argument = view_cstring(start_argument(i));
		view_t value = view_from_offset(argument, key.size);
		u64 number;
		if (view_starts_with(argument, key) && view_starts_with(value, VIEW_TEXT("=")) &&
			text_u64(view_from_offset(value, 1), &number) == OK)
			return number;
	}
	return usual;
}

err_t ports_claim(const char *name, u32 usual, struct ports *out)
{
	handle_t resource = start_handle(name);
	if (!resource.raw)
		return ERR_NOT_FOUND;
	*out = (struct ports){ resource, (u32)driver_number(name, usual) };
	return OK;
}

u8 port_read(const struct ports *ports, u32 offset)
{
	u32 value;
	err_t err = resource_io(ports->resource, ports->base + offset, IO_OPERATION_READ8, 0, &value);
	return err == OK ? (u8)value : 0xff;
}

void port_write(const struct ports *ports, u32 offset, u8 value)
{
	u32 unused;
	(void)!resource_io(ports->resource, ports->base + offset, IO_OPERATION_WRITE8, value, &unused);
}

err_t ports_fetch(const struct ports *ports, u32 offset, span_t out)
{
	u64 done;
	return memory_read(ports->resource, ports->base + offset, out, &done);
}

err_t ports_store(const struct ports *ports, view_t pairs)
{
	u64 done;
	return memory_write(ports->resource, ports->base, pairs, &done);
}

err_t irq_claim(const char *name, u32 usual, handle_t *kept, struct irq *out)
{
	handle_t resource = start_handle(name);
	u32 line = (u32)driver_number(name, usual);
	u64 route;
	if (!resource.raw)
		return ERR_NOT_FOUND;
	if (!kept->raw || handle_expect(*kept, HANDLE_KIND_INTERRUPT, RIGHT_SIGNAL) != OK)
		TRY(interrupt_create(resource, line, 0, kept, &route));
	out->interrupt = *kept;
	return OK;
}

void irq_acknowledge(const struct irq *irq)
{
	(void)object_signal(irq->interrupt, SIGNAL_RAISED, 0);
}

err_t mmio_claim(const char *name, u64 size, u32 flags, span_t *out)
{
	handle_t memory = start_handle(name);
	u64 address;
	if (!memory.raw)
		return ERR_NOT_FOUND;
	TRY(memory_map(HANDLE_NONE, memory, 0, size, 0, flags, &address));
	UNSAFE_BEGIN("the kernel mapped that much there")
	*out = span_from((u8 *)address, size);
	UNSAFE_END
	return OK;
}

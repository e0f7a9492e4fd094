// SPDX-License-Identifier: MIT
// driver.h - what a driver may touch: I/O ports, memory of its device, interrupts, each claimed by
// the name of a grant. Where they are says an argument of that name (`registers=0x3f8`), or what is
// usual on a PC. Without a grant the claim fails: a driver finds nothing by itself.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

// Both live as long as the process.
struct ports {
	handle_t resource; // owned
	u32 base;
};

struct irq {
	handle_t interrupt; // borrowed from what is kept
};

// A number from an argument NAME=NUMBER; what is usual if there is none.
u64 driver_number(const char *name, u64 usual);

err_t ports_claim(const char *name, u32 usual, struct ports *out);
u8 port_read(const struct ports *ports, u32 offset); // 0xff outside the grant, as an empty bus says
void port_write(const struct ports *ports, u32 offset, u8 value);

// One byte of each of out.size ports from offset on; and bytes to ports. All of it happens or none,
// also if the driver is killed: out lies in memory that the next life looks at.
err_t ports_fetch(const struct ports *ports, u32 offset, span_t out);
struct port_pair {
	u8 offset, value;
};
err_t ports_store(const struct ports *ports, view_t pairs);

// ISA lines are edges; it starts masked until first acknowledged. kept: where the driver's ledger
// keeps the handle, which outlives it (docs/decisions/015): a line can be taken once.
err_t irq_claim(const char *name, u32 usual, handle_t *kept, struct irq *out);
void irq_acknowledge(const struct irq *irq); // and open for the next

// Maps device memory that was granted as a memory object.
err_t mmio_claim(const char *name, u64 size, u32 flags, span_t *out);

NONNULL_END

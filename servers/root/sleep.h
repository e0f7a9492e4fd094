// SPDX-License-Identifier: MIT
// sleep.h - how a machine with ACPI is turned off, out of two of its tables. Only reads bytes.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 SLEEP_PORTS = 2; // registers PM1a and PM1b; most machines have only the first

struct sleep {
	u32 ports[SLEEP_PORTS]; // 0: there is none
	u8 types[SLEEP_PORTS];  // what to write there for S5, soft off
	u32 command_port;       // takes `command` to give the registers to us; 0: we have them
	u8 command;
	u64 dsdt; // physical address of the table with the types
};

constexpr u32 SLEEP_IS_OURS = 1; // in PM1a: the operating system owns the registers

err_t sleep_read_fadt(view_t fadt, struct sleep *out);      // all but the types
err_t sleep_read_dsdt(view_t dsdt, struct sleep *out);      // the types
u32 sleep_value(const struct sleep *sleep, u32 i, u32 was); // what to write instead of `was`

NONNULL_END

// SPDX-License-Identifier: MIT
// system.h - Linux's uname, sysinfo, getrandom, reboot: structs and numbers.
#pragma once

#include "abi/types.h"

struct linux_utsname {
	u8 system[65], node[65], release[65], version[65], machine[65], domain[65];
};
static_assert(sizeof(struct linux_utsname) == 390);

struct linux_sysinfo {
	i64 uptime;
	u64 loads[3];
	u64 ram_total, ram_free, ram_shared, ram_buffers, swap_total, swap_free;
	u16 processes, reserved;
	u64 high_total, high_free;
	u32 unit;
};
static_assert(sizeof(struct linux_sysinfo) == 112);

enum getrandom_flag : u32 { GRND_NONBLOCK = 1, GRND_RANDOM = 2, GRND_INSECURE = 4, GRND_ALL = 7 };

enum reboot_command : u32 {
	REBOOT_MAGIC_1 = 0xfee1dead,
	REBOOT_MAGIC_2 = 672274793,
	REBOOT_MAGIC_2A = 85072278,
	REBOOT_MAGIC_2B = 369367448,
	REBOOT_MAGIC_2C = 537993216,
	REBOOT_RESTART = 0x01234567,
	REBOOT_HALT = 0xcdef0123,
	REBOOT_CAD_ON = 0x89abcdef,
	REBOOT_CAD_OFF = 0,
	REBOOT_POWER_OFF = 0x4321fedc,
};

// SPDX-License-Identifier: MIT
// power.c - the end of the system. Off: init ends with the code; servers/root prints it and turns
// the machine off. Again: the reset register that PC chipsets have had since 1996 (Intel PIIX3
// datasheet, RC register), then the keyboard controller's reset line.
#include "abi/root.h"
#include "lib/os/process.h"
#include "servers/init/hardware.h"

constexpr u32 RESET_PORT = 0xcf9, RESET_FULL = 0x06;
constexpr u32 KEYBOARD_PORT = 0x64, KEYBOARD_RESET = 0xfe;

[[noreturn]] void system_end(u64 code)
{
	system->is_ending = true;
	program_exit(ROOT_SYSTEM_END | (code & 0xff)); // any other end is a death of ours
}

[[noreturn]] void system_reboot(void)
{
	system->is_ending = true;
	(void)hardware_out(RESET_PORT, RESET_FULL, 1);
	(void)hardware_out(KEYBOARD_PORT, KEYBOARD_RESET, 1);
	say(LOG_SEVERITY_FATAL, "this machine has no reset that we know");
	system_end(1);
}

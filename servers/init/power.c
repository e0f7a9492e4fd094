// SPDX-License-Identifier: MIT
// power.c - the end of the system. Off: init ends with the code; servers/root prints it and turns
// the machine off. Again: the reset register that PC chipsets have had since 1996 (Intel PIIX3
// datasheet, RC register), then the keyboard controller's reset line. Before either, what was
// written last goes out: until the services have nothing to do any more, but not for ever.
#include "abi/root.h"
#include "lib/base/time.h"
#include "lib/os/process.h"
#include "os/syscalls.h"
#include "servers/init/hardware.h"

constexpr u32 RESET_PORT = 0xcf9, RESET_FULL = 0x06;
constexpr u32 KEYBOARD_PORT = 0x64, KEYBOARD_RESET = 0xfe;
constexpr u64 LOOK_NS = 10 * NS_PER_MS, LOOKS_MAX = 300;
constexpr u32 QUIET_LOOKS = 3; // one after the other without work

void system_end(u64 code, bool is_reboot)
{
	if (system->is_ending)
		return;
	system->is_ending = true;
	system->is_reboot = is_reboot;
	system->end_code = code;
	system->end_due_ns = clock_read() + LOOK_NS;
}

// Processor time of all services but who started programs.
static u64 work_done(void)
{
	u64 sum = 0;
	for (u32 i = 0; i < system->services; i++) {
		struct supervisor_status status;
		status_fill(i, &status);
		if (manifest_at(i)->restart != MANIFEST_ENDS_SYSTEM)
			sum += status.processor_ns;
	}
	return sum;
}

[[noreturn]] static void end_now(void)
{
	if (system->is_reboot) {
		(void)hardware_out(RESET_PORT, RESET_FULL, 1);
		(void)hardware_out(KEYBOARD_PORT, KEYBOARD_RESET, 1);
		say(LOG_SEVERITY_FATAL, "this machine has no reset that we know");
	}
	program_exit(ROOT_SYSTEM_END | (system->end_code & 0xff)); // any other end is a death of ours
}

void system_due(u64 now)
{
	if (!system->is_ending || system->end_due_ns > now)
		return;
	u64 work = work_done();
	system->quiet = work == system->work ? system->quiet + 1 : 0;
	system->work = work;
	if (system->quiet >= QUIET_LOOKS || ++system->looks >= LOOKS_MAX)
		end_now();
	system->end_due_ns = now + LOOK_NS;
}

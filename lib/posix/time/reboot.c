// SPDX-License-Identifier: MIT
// reboot.c - the end of the system, by order: a word to the supervisor (/scheme/svc/power).
#include "ifc/file.h"
#include "ifc/name.h"
#include "lib/base/time.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/file/request.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/linux/system.h"
#include "lib/posix/process/process.h"
#include "os/syscalls.h"

constexpr u32 CAPABILITY_SYS_BOOT = 22;
constexpr u64 WAIT_NS = 10 * NS_PER_SECOND;

static err_t tell(view_t word)
{
	name_t name = { posix_self()->files.name };
	file_t tree, power;
	u64 inode, done;
	u32 generation, mode, object;
	if (!name.handle.raw)
		return ERR_UNSUPPORTED;
	TRY(name_open(name, VIEW_TEXT("svc"), &tree.handle));
	err_t err = file_open(tree, 0, O_WRONLY, 0, 0, VIEW_TEXT("power"), &inode, &generation, &mode,
		&object, &power.handle);
	(void)handle_close(tree.handle);
	if (err != OK)
		return err;
	err = file_write(power, 0, 0, word, &done);
	(void)handle_close(power.handle);
	u32 observed;
	if (err == OK) // what comes now is the end
		(void)object_wait(HANDLE_NONE, 0, posix_clock() + WAIT_NS, &observed);
	return err;
}

static bool is_magic(u32 value)
{
	return value == REBOOT_MAGIC_2 || value == REBOOT_MAGIC_2A || value == REBOOT_MAGIC_2B ||
	       value == REBOOT_MAGIC_2C;
}

// Nothing is synced here: that is what sync is for.
i64 call_reboot(struct posix_thread *, const struct arguments *arguments)
{
	if (!(posix_self()->identity.credentials.effective >> CAPABILITY_SYS_BOOT & 1))
		return -EPERM;
	if (ARG_U32(0) != REBOOT_MAGIC_1 || !is_magic(ARG_U32(1)))
		return -EINVAL;
	switch (ARG_U32(2)) {
	case REBOOT_CAD_ON:
	case REBOOT_CAD_OFF: return 0; // no key does it
	case REBOOT_RESTART: return request_error(tell(VIEW_TEXT("reboot")));
	case REBOOT_HALT:
	case REBOOT_POWER_OFF: return request_error(tell(VIEW_TEXT("off")));
	}
	return -EINVAL;
}

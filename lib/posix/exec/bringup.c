// SPDX-License-Identifier: MIT
// bringup.c - what stands in for file/ and signal/ while they are not there: programs come from the
// boot image, standard output is the debug console. Every function is weak: the real one wins.
#include "abi/info.h"
#include "lib/base/cpio.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/entry.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/exec/open.h"
#include "lib/posix/exec/shared.h"
#include "lib/posix/file/operations.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process.h"
#include "os/syscalls.h"

#define WEAK [[gnu::weak]]

constexpr u32 LINKS_MAX = 8;

static err_t map_boot(view_t *out)
{
	handle_t boot = posix_self()->areas.boot;
	struct memory_info info = {};
	u64 size, address;
	TRY(handle_info(boot, INFO_TOPIC_MEMORY, span_of(info), &size));
	TRY(memory_map(HANDLE_NONE, boot, 0, info.size, 0, MAP_FLAGS_READ | MAP_FLAGS_HIGH, &address));
	UNSAFE_BEGIN("the kernel mapped the archive there")
	*out = view_from((const void *)address, info.size);
	UNSAFE_END
	return OK;
}

static i64 find(view_t archive, view_t path, struct cpio_entry *out)
{
	for (u32 i = 0; i < LINKS_MAX; i++) {
		if (cpio_find(archive, path, out) != OK)
			return -ENOENT;
		if ((out->mode & CPIO_TYPE_MASK) == CPIO_FILE)
			return 0;
		if ((out->mode & CPIO_TYPE_MASK) != CPIO_LINK)
			return -EACCES;
		path = out->data;
	}
	return -ELOOP;
}

static i64 copy_out(const struct cpio_entry *entry, struct exec_file *out)
{
	u64 size = (entry->data.size + PAGE_MASK) & ~PAGE_MASK;
	if (!size)
		return -ENOEXEC;
	if (memory_create(MEMORY_KIND_ANONYMOUS, size, HANDLE_NONE, 0, 0, &out->memory) != OK ||
		exec_write(out->memory, 0, entry->data) != OK)
		return -ENOMEM;
	out->size = entry->data.size;
	out->mode = entry->mode;
	return 0;
}

WEAK i64 exec_open(
	struct posix_thread *self, i32 directory, view_t path, u32 flags, struct exec_file *out)
{
	struct cpio_entry entry;
	view_t archive;
	(void)self;
	(void)directory;
	(void)flags;
	*out = (struct exec_file){ .path_size = path.size };
	(void)span_copy(span_of(out->path), path);
	if (map_boot(&archive) != OK)
		return -ENOENT;
	i64 error = find(archive, path, &entry);
	if (!error)
		error = copy_out(&entry, out);
	u64 size = (archive.size + PAGE_MASK) & ~PAGE_MASK;
	(void)memory_unmap(HANDLE_NONE, (u64)archive.data, size);
	return error;
}

WEAK err_t exec_map_files(handle_t process)
{
	(void)process;
	return OK;
}

WEAK void exec_close_files(void)
{
}

WEAK void exec_reset_actions(void)
{
}

WEAK i64 call_write(struct posix_thread *self, const struct arguments *arguments)
{
	view_t bytes;
	(void)self;
	i64 error = user_view(ARG(1), ARG(2), &bytes);
	if (error)
		return error;
	if (ARG(0) != 1 && ARG(0) != 2)
		return -EBADF;
	bytes = view_clamp(bytes, 0, PAGE_SIZE);
	TRY_ERR(console_write(posix_self()->core.console, bytes));
	return (i64)bytes.size;
}

struct vector {
	u64 address, size;
};

WEAK i64 call_writev(struct posix_thread *self, const struct arguments *arguments)
{
	i64 all = 0;
	for (u64 i = 0; i < ARG(2); i++) {
		struct vector vector;
		TRY_POSIX(user_get(vector, ARG(1) + i * sizeof vector));
		struct arguments one = { { ARG(0), vector.address, vector.size } };
		i64 done = vector.size ? call_write(self, &one) : 0;
		TRY_POSIX(done);
		all += done;
	}
	return all;
}

WEAK i64 call_exit_group(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	(void)task_exit(EXIT_SCOPE_PROCESS, (ARG(0) & 0xff) << 8, 0);
	__builtin_trap();
}

WEAK i64 call_arch_prctl(struct posix_thread *self, const struct arguments *arguments)
{
	constexpr u64 ARCH_SET_FS = 0x1002;
	(void)self;
	if (ARG(0) != ARCH_SET_FS)
		return -EINVAL;
	fs_base_write(ARG(1));
	return 0;
}

WEAK void process_executed(void)
{
}

WEAK i64 file_get(struct posix_thread *self, i32 number, struct file *out)
{
	(void)self;
	(void)number;
	(void)out;
	return -EBADF;
}

WEAK void file_put(struct posix_thread *self, const struct file *file)
{
	(void)self;
	(void)file;
}

WEAK const struct operations *operations_of(const struct file *file)
{
	static const struct operations none;
	(void)file;
	return &none;
}

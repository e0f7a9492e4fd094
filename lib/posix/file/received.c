// SPDX-License-Identifier: MIT
// received.c - see received.h. The sender's library is the sender's, so a message may say that its
// handle is any file's, any user's, sealed. Believed is what the file's server says of a handle; a
// handle that nobody vouches for has no name, and is nobody's. Otherwise who looks at a file's
// owner, or changes its mode, by a descriptor that it was sent, could be led to another file.
#include "lib/posix/file/received.h"

#include "lib/os/service.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/device.h"
#include "lib/posix/file/path.h"
#include "lib/posix/file/request.h"
#include "lib/posix/file/seals.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/linux/stat.h"
#include "os/syscalls.h"

constexpr u64 NOBODY = (u64)65534 << 32;

static bool is_of_inode(const struct opening *opening)
{
	err_t err;
	tree_t server = { mount_connection(opening->tree) };
	err = tree_is_contents(server, opening->inode, opening->generation, opening->handle);
	return err == OK;
}

static bool has_type(const struct opening *opening, u32 type, struct tree_inode *out)
{
	return mount_connection(opening->tree).raw &&
	       inode_read(opening->tree, opening->inode, opening->generation, out) == 0 &&
	       (out->mode & MODE_TYPE) == type;
}

static void lose_name(struct opening *opening, u32 mode)
{
	opening->tree = 0;
	opening->inode = opening->generation = 0;
	AT(opening->detail, 0) = NOBODY | mode;
}

// The sender may have more handles to it: the seals bind this process, and no other.
static i64 check_contents(struct opening *opening)
{
	u64 seals = opening->kind == FILE_MEMORY ? AT(opening->detail, 1) : 0;
	u32 mode = opening->kind == FILE_MEMORY ? (u32)AT(opening->detail, 0) & MODE_ALL : 0600;
	if (handle_expect(opening->handle, HANDLE_KIND_MEMORY, 0) != OK)
		return -EBADF;
	if (opening->kind == FILE_REGULAR && is_of_inode(opening))
		return 0;
	opening->kind = FILE_MEMORY;
	lose_name(opening, S_IFREG | mode);
	AT(opening->detail, 1) = (seals & SEALS_ALL) | F_SEAL_SEAL | SEALS_UNPROVEN;
	return 0;
}

static i64 check_device(struct opening *opening)
{
	struct tree_inode inode;
	if (!has_type(opening, MODE_CHARACTER, &inode) || !device_is_ours(inode.device))
		return -EBADF;
	AT(opening->detail, 1) = inode.device;
	return 0;
}

static i64 check_directory(struct opening *opening)
{
	struct tree_inode inode;
	if (!has_type(opening, MODE_DIRECTORY, &inode))
		return -EBADF;
	AT(opening->detail, 0) = S_IFDIR | RECEIVED;
	return 0;
}

i64 received_check(struct opening *opening)
{
	switch (opening->kind) {
	case FILE_REGULAR:
	case FILE_MEMORY: return check_contents(opening);
	case FILE_NULL: return check_device(opening);
	case FILE_DIRECTORY: return check_directory(opening);
	case FILE_PATH: opening->flags |= O_PATH; return 0;
	case FILE_TERMINAL: lose_name(opening, S_IFCHR | 0620); return 0;
	case FILE_PIPE: AT(opening->detail, 0) = 0; return 0; // of a FIFO a handle, by another's number
	case FILE_NONE:
	case FILE_SOCKET:
	case FILE_SCHEME:
	case FILE_EVENT:
	case FILE_PROCESS:
	case FILE_EPOLL:
	case FILE_KINDS: return 0;
	}
	return -EBADF;
}

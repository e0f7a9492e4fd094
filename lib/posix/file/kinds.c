// SPDX-License-Identifier: MIT
// kinds.c - which operations a kind of open file has. Those of other folders are weak: a library
// without them still links, and such files can do nothing.
#include "lib/posix/file/kinds.h"

[[gnu::weak]] extern const struct operations pipe_operations, socket_operations, event_operations,
	epoll_operations, terminal_operations, process_operations;

static const struct operations none;

const struct operations *operations_of(const struct file *file)
{
	const struct operations *found = nullptr;
	switch ((enum file_kind)file->description->kind) {
	case FILE_REGULAR: found = &regular_operations; break;
	case FILE_DIRECTORY: found = &directory_operations; break;
	case FILE_PATH: found = &path_operations; break;
	case FILE_NULL: found = &device_operations; break;
	case FILE_PIPE: found = &pipe_operations; break;
	case FILE_SOCKET: found = &socket_operations; break;
	case FILE_TERMINAL: found = &terminal_operations; break;
	case FILE_SCHEME: found = &scheme_operations; break;
	case FILE_EVENT: found = &event_operations; break;
	case FILE_EPOLL: found = &epoll_operations; break;
	case FILE_MEMORY: found = &memory_operations; break;
	case FILE_PROCESS: found = &process_operations; break;
	case FILE_NONE:
	case FILE_KINDS: break;
	}
	return found ? found : &none;
}

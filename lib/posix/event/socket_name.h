// SPDX-License-Identifier: MIT
// socket_name.h - sockets with names.
#pragma once

#include "lib/posix/event/socket.h"

NONNULL_BEGIN

i64 socket_take_name(u64 address, u32 size, struct socket_name *out); // -EINVAL, -EFAULT
i64 socket_put_name(const struct socket_name *name, u64 address, u64 size_address);
// sendto: to whoever has the name now (datagrams).
i64 socket_send_to(struct posix_thread *self, const struct file *file,
	struct socket_transfer *transfer, u64 address, u32 size);

NONNULL_END

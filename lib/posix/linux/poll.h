// SPDX-License-Identifier: MIT
// poll.h - Linux's poll, select and epoll: events and structs.
#pragma once

#include "abi/types.h"

enum poll_event : u32 {
	POLLIN = 0x001,
	POLLPRI = 0x002,
	POLLOUT = 0x004,
	POLLERR = 0x008, // told unasked, as the next two
	POLLHUP = 0x010,
	POLLNVAL = 0x020,
	POLLRDNORM = 0x040,
	POLLRDBAND = 0x080,
	POLLWRNORM = 0x100,
	POLLWRBAND = 0x200,
	POLLRDHUP = 0x2000,
	POLL_UNASKED = POLLERR | POLLHUP,
	POLL_IN = POLLIN | POLLRDNORM,
	POLL_OUT = POLLOUT | POLLWRNORM,
	EPOLLEXCLUSIVE = 1u << 28,
	EPOLLWAKEUP = 1u << 29,
	EPOLLONESHOT = 1u << 30,
	EPOLLET = 1u << 31,
	EPOLL_FLAGS = EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET,
};

struct linux_pollfd {
	i32 number;
	u16 events;
	u16 revents;
};
static_assert(sizeof(struct linux_pollfd) == 8);

// Packed on x86_64 only, as there.
struct [[gnu::packed]] linux_epoll_event {
	u32 events;
	u64 data;
};
static_assert(sizeof(struct linux_epoll_event) == 12);

enum epoll_operation : i32 { EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3 };

constexpr u32 FD_SETSIZE_MAX = 65536; // bits of a set that select looks at, at most

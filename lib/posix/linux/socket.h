// SPDX-License-Identifier: MIT
// socket.h - Linux's sockets: families, types, options, messages.
#pragma once

#include "abi/types.h"

enum socket_family : u16 {
	AF_UNSPEC = 0,
	AF_UNIX = 1,
	AF_INET = 2,
	AF_INET6 = 10,
	AF_NETLINK = 16
};

enum socket_type : u32 {
	SOCK_STREAM = 1,
	SOCK_DGRAM = 2,
	SOCK_RAW = 3,
	SOCK_SEQPACKET = 5,
	SOCK_TYPE_MASK = 0xf,
};

enum socket_level : i32 { SOL_SOCKET = 1 };

enum socket_option : i32 {
	SO_DEBUG = 1,
	SO_REUSEADDR = 2,
	SO_TYPE = 3,
	SO_ERROR = 4,
	SO_DONTROUTE = 5,
	SO_BROADCAST = 6,
	SO_SNDBUF = 7,
	SO_RCVBUF = 8,
	SO_KEEPALIVE = 9,
	SO_OOBINLINE = 10,
	SO_PRIORITY = 12,
	SO_LINGER = 13,
	SO_REUSEPORT = 15,
	SO_PASSCRED = 16,
	SO_PEERCRED = 17,
	SO_RCVLOWAT = 18,
	SO_SNDLOWAT = 19,
	SO_RCVTIMEO = 20,
	SO_SNDTIMEO = 21,
	SO_ACCEPTCONN = 30,
	SO_SNDBUFFORCE = 32,
	SO_RCVBUFFORCE = 33,
	SO_PROTOCOL = 38,
	SO_DOMAIN = 39,
};

enum message_flag : u32 {
	MSG_OOB = 0x1,
	MSG_PEEK = 0x2,
	MSG_CTRUNC = 0x8,
	MSG_TRUNC = 0x20,
	MSG_DONTWAIT = 0x40,
	MSG_EOR = 0x80,
	MSG_WAITALL = 0x100,
	MSG_NOSIGNAL = 0x4000,
	MSG_CMSG_CLOEXEC = 0x40000000,
};

enum shutdown_how : i32 { SHUT_RD = 0, SHUT_WR = 1, SHUT_RDWR = 2 };

enum control_type : i32 { SCM_RIGHTS = 1, SCM_CREDENTIALS = 2 };

constexpr u32 UNIX_PATH_MAX = 108;
constexpr u32 SCM_MAX_FD = 253;

struct linux_sockaddr_un {
	u16 family;
	u8 path[UNIX_PATH_MAX];
};
static_assert(sizeof(struct linux_sockaddr_un) == 110);

struct linux_ucred {
	i32 pid;
	u32 user, group;
};

struct linux_iovec {
	u64 address, size;
};

struct linux_msghdr {
	u64 name;
	u32 name_size, reserved;
	u64 parts, part_count;
	u64 control, control_size;
	u32 flags, reserved_2;
};
static_assert(sizeof(struct linux_msghdr) == 56);

struct linux_cmsghdr {
	u64 size; // this head included
	i32 level, type;
};
static_assert(sizeof(struct linux_cmsghdr) == 16);

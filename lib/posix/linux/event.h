// SPDX-License-Identifier: MIT
// event.h - Linux's eventfd, timerfd, signalfd, pidfd, pipes: flags and structs.
#pragma once

#include "abi/types.h"

// eventfd2, signalfd4, timerfd_create, epoll_create1, pidfd_open and pipe2 call O_NONBLOCK and
// O_CLOEXEC by those numbers.
enum eventfd_flag : u32 { EFD_SEMAPHORE = 1 };
enum timerfd_flag : u32 { TFD_TIMER_ABSTIME = 1, TFD_TIMER_CANCEL_ON_SET = 2 };
enum splice_flag : u32 {
	SPLICE_F_MOVE = 1,
	SPLICE_F_NONBLOCK = 2,
	SPLICE_F_MORE = 4,
	SPLICE_F_GIFT = 8
};

constexpr u32 PIPE_BUF = 4096;
constexpr u32 PIPE_SIZE = 65536;

struct linux_signalfd_siginfo {
	u32 signal;
	i32 error, code;
	u32 pid, user;
	i32 fd;
	u32 timer, band, overrun, trap;
	i32 status, value;
	u64 pointer, user_time, system_time, address;
	u16 address_lsb;
	u8 reserved[46];
};
static_assert(sizeof(struct linux_signalfd_siginfo) == 128);

struct linux_mq_attr {
	i64 flags, messages_max, size_max, messages;
	i64 reserved[4];
};
static_assert(sizeof(struct linux_mq_attr) == 64);

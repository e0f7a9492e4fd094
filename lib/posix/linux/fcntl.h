// SPDX-License-Identifier: MIT
// fcntl.h - Linux's flags of opening, commands of fcntl, and flags of the ...at calls.
#pragma once

#include "abi/types.h"

enum open_flag : u32 {
	O_RDONLY = 0,
	O_WRONLY = 1,
	O_RDWR = 2,
	O_ACCMODE = 3,
	O_CREAT = 0100,
	O_EXCL = 0200,
	O_NOCTTY = 0400,
	O_TRUNC = 01000,
	O_APPEND = 02000,
	O_NONBLOCK = 04000,
	O_DSYNC = 010000,
	O_ASYNC = 020000,
	O_DIRECT = 040000,
	O_LARGEFILE = 0100000,
	O_DIRECTORY = 0200000,
	O_NOFOLLOW = 0400000,
	O_NOATIME = 01000000,
	O_CLOEXEC = 02000000,
	O_SYNC = 04010000,
	O_PATH = 010000000,
	O_TMPFILE = 020200000,
};

enum fcntl_command : u32 {
	F_DUPFD = 0,
	F_GETFD = 1,
	F_SETFD = 2,
	F_GETFL = 3,
	F_SETFL = 4,
	F_GETLK = 5,
	F_SETLK = 6,
	F_SETLKW = 7,
	F_SETOWN = 8,
	F_GETOWN = 9,
	F_SETSIG = 10,
	F_GETSIG = 11,
	F_SETOWN_EX = 15,
	F_GETOWN_EX = 16,
	F_OFD_GETLK = 36,
	F_OFD_SETLK = 37,
	F_OFD_SETLKW = 38,
	F_SETLEASE = 1024,
	F_GETLEASE = 1025,
	F_NOTIFY = 1026,
	F_DUPFD_CLOEXEC = 1030,
	F_SETPIPE_SZ = 1031,
	F_GETPIPE_SZ = 1032,
	F_ADD_SEALS = 1033,
	F_GET_SEALS = 1034,
};

constexpr u32 FD_CLOEXEC = 1;

enum lock_type : u16 { F_RDLCK = 0, F_WRLCK = 1, F_UNLCK = 2 };

struct linux_flock {
	u16 type, whence;
	i64 start, size;
	i32 pid;
};
static_assert(sizeof(struct linux_flock) == 32);

enum flock_operation : u32 { LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4, LOCK_UN = 8 };

enum seal : u32 {
	F_SEAL_SEAL = 1,
	F_SEAL_SHRINK = 2,
	F_SEAL_GROW = 4,
	F_SEAL_WRITE = 8,
	F_SEAL_FUTURE_WRITE = 16,
};

enum seek_whence : u32 { SEEK_SET = 0, SEEK_CUR = 1, SEEK_END = 2, SEEK_DATA = 3, SEEK_HOLE = 4 };

constexpr i32 AT_FDCWD = -100;
enum at_flag : u32 {
	AT_SYMLINK_NOFOLLOW = 0x100,
	AT_REMOVEDIR = 0x200,
	AT_EACCESS = 0x200,
	AT_SYMLINK_FOLLOW = 0x400,
	AT_NO_AUTOMOUNT = 0x800,
	AT_EMPTY_PATH = 0x1000,
};

enum rename_flag : u32 { RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2, RENAME_WHITEOUT = 4 };

enum access_mode : u32 { F_OK = 0, X_OK = 1, W_OK = 2, R_OK = 4 };

// Controls (ioctl) that every kind of file may get.
enum file_control : u32 {
	FIONREAD = 0x541b,
	FIONBIO = 0x5421,
	FIONCLEX = 0x5450,
	FIOCLEX = 0x5451,
	FIOASYNC = 0x5452,
};

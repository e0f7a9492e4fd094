// SPDX-License-Identifier: MIT
// stat.h - Linux's attributes of files, x86_64: struct stat, statx, statfs, types and modes.
#pragma once

#include "lib/posix/linux/time.h"

enum file_mode : u32 {
	S_IFMT = 0170000,
	S_IFSOCK = 0140000,
	S_IFLNK = 0120000,
	S_IFREG = 0100000,
	S_IFBLK = 0060000,
	S_IFDIR = 0040000,
	S_IFCHR = 0020000,
	S_IFIFO = 0010000,
	S_ISUID = 04000,
	S_ISGID = 02000,
	S_ISVTX = 01000,
};

// d_type of directory entries.
enum directory_type : u8 {
	DT_UNKNOWN = 0,
	DT_FIFO = 1,
	DT_CHR = 2,
	DT_DIR = 4,
	DT_BLK = 6,
	DT_REG = 8,
	DT_LNK = 10,
	DT_SOCK = 12,
};

struct linux_stat {
	u64 device, inode, links;
	u32 mode, user, group, reserved;
	u64 special; // device number of a device node
	i64 size, block_size, blocks;
	struct linux_timespec accessed, modified, changed;
	i64 reserved_2[3];
};
static_assert(sizeof(struct linux_stat) == 144);

struct linux_statx_time {
	i64 seconds;
	u32 nanoseconds, reserved;
};

struct linux_statx {
	u32 mask, block_size;
	u64 attributes;
	u32 links, user, group;
	u16 mode, reserved;
	u64 inode, size, blocks, attributes_mask;
	struct linux_statx_time accessed, born, changed, modified;
	u32 special_major, special_minor, device_major, device_minor;
	u64 mount, reserved_2[13];
};
static_assert(sizeof(struct linux_statx) == 256);

constexpr u32 STATX_BASIC_STATS = 0x7ff;

struct linux_statfs {
	i64 type, block_size;
	u64 blocks, blocks_free, blocks_available, files, files_free;
	i32 id[2];
	i64 name_size, fragment_size, flags, reserved[4];
};
static_assert(sizeof(struct linux_statfs) == 120);

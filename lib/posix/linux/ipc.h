// SPDX-License-Identifier: MIT
// ipc.h - Linux's System V shared memory, semaphores and messages: codes and structs.
#pragma once

#include "abi/types.h"

enum ipc_code : u32 {
	IPC_RMID = 0,
	IPC_SET = 1,
	IPC_STAT = 2,
	IPC_INFO = 3,
	SHM_LOCK = 11,
	SHM_UNLOCK = 12,
	SHM_STAT = 13,
	SHM_INFO = 14,
	SHM_STAT_ANY = 15,
	GETPID = 11,
	GETVAL = 12,
	GETALL = 13,
	GETNCNT = 14,
	GETZCNT = 15,
	SETVAL = 16,
	SETALL = 17,
	SEM_STAT = 18,
	SEM_INFO = 19,
	SEM_STAT_ANY = 20,
	MSG_STAT = 11,
	MSG_INFO = 12,
	MSG_STAT_ANY = 13,
	IPC_64 = 0x100, // says nothing here
};

enum shmat_flag : u32 {
	SHM_RDONLY = 010000,
	SHM_RND = 020000,
	SHM_REMAP = 040000,
	SHM_EXEC = 0100000
};
constexpr u32 MSG_COPY = 040000;
constexpr u16 SEM_UNDO = 0x1000;
constexpr u32 SEMOPM = 500, MSGMAX = 8192, MSGMNB = 16384, SEMMSL = 32000, SEMVMX = 32767;
constexpr u16 IPC_NOWAIT = 04000;
constexpr u32 IPC_OBJECTS = 256; // of each kind

struct linux_ipc_perm {
	u32 key, user, group, creator, creator_group, mode;
	u16 serial, reserved;
	u32 reserved2;
	u64 reserved3[2];
};
static_assert(sizeof(struct linux_ipc_perm) == 48);

struct linux_shmid_ds {
	struct linux_ipc_perm perm;
	u64 size;
	i64 attached, detached, changed;
	u32 creator_pid, last_pid;
	u64 attachments, reserved[2];
};
static_assert(sizeof(struct linux_shmid_ds) == 112);

struct linux_semid_ds {
	struct linux_ipc_perm perm;
	i64 operated;
	u64 reserved;
	i64 changed;
	u64 reserved2, count, reserved3[2];
};
static_assert(sizeof(struct linux_semid_ds) == 104);

struct linux_msqid_ds {
	struct linux_ipc_perm perm;
	i64 sent, received, changed;
	u64 bytes, count, bytes_max;
	u32 sender, receiver;
	u64 reserved[2];
};
static_assert(sizeof(struct linux_msqid_ds) == 120);

struct linux_shminfo {
	u64 bytes_max, bytes_min, segments, segments_each, pages, reserved[4];
};
struct linux_shm_info {
	u32 used, reserved;
	u64 pages, resident, swapped, attempts, successes;
};
struct linux_seminfo {
	u32 map, sets, semaphores, undo, each, operations, undo_each, undo_size, value_max, adjust_max;
};
struct linux_msginfo {
	u32 pool, map, size_max, bytes_max, queues, segment_size, messages;
	u16 segments, reserved;
};

struct linux_sembuf {
	u16 number;
	i16 change;
	u16 flags;
};

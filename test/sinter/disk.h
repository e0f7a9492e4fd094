// SPDX-License-Identifier: MIT
// disk.h - a disk in memory that keeps a log of writes and flushes. While it works it is an honest
// device; from its log explore.h makes every state that a power cut could have left. It can also
// fail, lie, lose, misdirect and damage.
#pragma once

#include "lib/base/random.h"
#include "lib/sinter/device.h"

NONNULL_BEGIN

constexpr u32 DISK_UNIT = 4096;

struct disk_unit {
	u8 bytes[DISK_UNIT];
};

// One write of one unit. Its flush number says how many flushes of its slice had ended when it was
// issued.
struct disk_write {
	u64 unit;
	const struct disk_unit *data; // owned by the log
	u32 flushes;
	bool is_forced;
};

enum disk_fault : u8 {
	FAULT_NONE,
	FAULT_ERROR,     // answers ERR_IO
	FAULT_LOST,      // answers OK, nothing is written
	FAULT_MISPLACED, // written 8 units further on
};

enum { DISK_SLICES = 4 };

// A part of the units that is a device of its own: several devices with one log.
struct disk_slice {
	struct device device;
	struct disk *disk;
	u32 number;
	u32 flushes; // of this one
};

struct disk_flush {
	u32 writes; // so many were issued before it
	u32 slice;
};

struct disk {
	struct device device; // slice 0, all of the disk when there is only one
	u64 units;            // of all slices
	struct disk_slice slices[DISK_SLICES];
	u32 slice_count;
	struct disk_flush *_Nullable flush_log; // owned, flushes of them
	u32 flush_log_size;
	struct disk_unit *_Nullable *_Nonnull now; // what reads see; owned; null is zeros
	struct disk_write *_Nullable log;          // owned
	u32 writes, log_size;
	u32 flushes;
	bool is_logging;
	u64 requests, bytes_written, bytes_read; // so far
	// Faults: request number fault_at (counted from 1 in requests of fault_request) goes wrong.
	enum disk_fault fault;
	enum device_request fault_request;
	u64 fault_at, fault_seen;
	u32 fault_slices;     // bit a slice; 0: all
	bool is_fault_sticky; // and all of this request after it
	// Requests end in random order on wait, when set; at once otherwise.
	struct random *_Nullable order; // borrowed
	struct device_io *_Nullable pending[256];
	struct disk_slice *_Nullable pending_slices[256];
	u32 pendings;
	// Reads and writes go elsewhere, when set (explore.c).
	void *_Nullable view;
	const struct disk_unit *_Nullable (*view_read)(void *view, u64 unit); // null: zeros
	void (*view_write)(void *view, u64 unit, const struct disk_unit *data);
};

struct disk *disk_create(u64 units);
struct disk *disk_create_slices(u64 units, u32 slices); // of so many units each
void disk_grow(struct disk *disk, u64 units);
void disk_destroy(struct disk *disk);

// The log starts empty; what is on the disk now is durable.
void disk_start_log(struct disk *disk);

struct disk_unit *disk_unit_at(struct disk *disk, u64 unit); // of now; makes it when it is zeros
struct disk *disk_copy(const struct disk *disk);             // of now, without log

NONNULL_END

// SPDX-License-Identifier: MIT
// device.h - the seam to a block device: requests are submitted and end by a callback. A flush
// makes every write that ended before it was submitted durable; a forced write is durable when it
// ends. Between flushes writes may become durable in any order, or torn at 512 bytes.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

enum device_request : u8 { DEVICE_READ, DEVICE_WRITE, DEVICE_FLUSH, DEVICE_TRIM };

struct device_io {
	enum device_request request;
	bool is_forced; // a write that goes around the device's cache (FUA)
	u64 unit;       // of 4096 bytes
	u64 units;      // of a trim
	span_t bytes;   // of read or write: whole units; borrowed until done
	err_t result;   // set before done
	void (*done)(struct device_io *io);
};

// All functions are called by the thread that owns the pool, and call done in it: from submit
// itself, from wait, or while the owner looks for ended requests.
struct device_ops {
	void (*submit)(void *context, struct device_io *io);
	// Returns after at least one request ended. Called only while one is under way.
	void (*wait)(void *context);
	// How many units it has now: devices grow. Null: as many as at first.
	u64 (*_Nullable units)(void *context);
};

struct device {
	const struct device_ops *ops;
	void *context; // borrowed while the pool is open
	u64 units;     // its size; a rest below a unit is not used
};

NONNULL_END

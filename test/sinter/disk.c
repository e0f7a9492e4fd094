// SPDX-License-Identifier: MIT
// disk.c - the disk in memory: requests, their faults, the log.
#include "test/sinter/disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
	if (!memory) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return memory;
}

static struct disk_slice *slice_of(struct disk *disk, u64 unit)
{
	return &disk->slices[unit / disk->device.units];
}

static void log_flush(struct disk *disk, u32 slice)
{
	if (disk->is_logging) {
		if (disk->flushes == disk->flush_log_size) {
			disk->flush_log_size = disk->flush_log_size ? 2 * disk->flush_log_size : 64;
			disk->flush_log =
				must(realloc(disk->flush_log, disk->flush_log_size * sizeof *disk->flush_log));
		}
		disk->flush_log[disk->flushes] = (struct disk_flush){ disk->writes, slice };
	}
	disk->flushes++;
	disk->slices[slice].flushes++;
}

static void log_write(struct disk *disk, u64 unit, const u8 *data, bool is_forced)
{
	if (!disk->is_logging)
		return;
	if (disk->writes == disk->log_size) {
		disk->log_size = disk->log_size ? 2 * disk->log_size : 1024;
		disk->log = must(realloc(disk->log, disk->log_size * sizeof *disk->log));
	}
	struct disk_unit *copy = must(malloc(sizeof *copy));
	memcpy(copy, data, DISK_UNIT);
	disk->log[disk->writes++] =
		(struct disk_write){ unit, copy, slice_of(disk, unit)->flushes, is_forced };
}

struct disk_unit *disk_unit_at(struct disk *disk, u64 unit)
{
	if (unit >= disk->units)
		abort();
	if (!disk->now[unit])
		disk->now[unit] = must(calloc(1, sizeof(struct disk_unit)));
	return disk->now[unit];
}

static void write_unit(struct disk *disk, u64 unit, const u8 *data, bool is_forced)
{
	if (disk->view) {
		disk->view_write(disk->view, unit, (const struct disk_unit *)data);
		return;
	}
	log_write(disk, unit, data, is_forced);
	memcpy(disk_unit_at(disk, unit), data, DISK_UNIT);
}

static void read_unit(struct disk *disk, u64 unit, u8 *data)
{
	const struct disk_unit *from = disk->view ? disk->view_read(disk->view, unit) : disk->now[unit];
	if (from)
		memcpy(data, from, DISK_UNIT);
	else
		memset(data, 0, DISK_UNIT);
}

static enum disk_fault fault_of(
	struct disk *disk, const struct disk_slice *slice, const struct device_io *io)
{
	if (disk->fault == FAULT_NONE || io->request != disk->fault_request ||
		(disk->fault_slices && !(disk->fault_slices >> slice->number & 1)))
		return FAULT_NONE;
	disk->fault_seen++;
	bool hits = disk->is_fault_sticky ? disk->fault_seen >= disk->fault_at
	                                  : disk->fault_seen == disk->fault_at;
	return hits ? disk->fault : FAULT_NONE;
}

static err_t transfer(struct disk_slice *slice, struct device_io *io, enum disk_fault fault)
{
	struct disk *disk = slice->disk;
	u64 units = io->bytes.size / DISK_UNIT, all = disk->units / disk->slice_count;
	u64 first = io->unit + slice->number * all;
	if (io->bytes.size % DISK_UNIT || io->unit > all || units > all - io->unit) {
		fprintf(
			stderr, "disk: request beyond the device: unit %llu\n", (unsigned long long)io->unit);
		abort();
	}
	u64 shift = fault == FAULT_MISPLACED && io->unit + units + 8 <= all ? 8 : 0;
	for (u64 i = 0; i < units; i++) {
		assert(io->bytes.data); // of at least a unit
		u8 *data = io->bytes.data + i * DISK_UNIT;
		if (io->request == DEVICE_READ)
			read_unit(disk, first + i, data);
		else if (fault != FAULT_LOST)
			write_unit(disk, first + i + shift, data, io->is_forced);
	}
	*(io->request == DEVICE_READ ? &disk->bytes_read : &disk->bytes_written) += io->bytes.size;
	return OK;
}

// Contents of what is trimmed are anything: noise that depends on the place.
static void trim(struct disk_slice *slice, const struct device_io *io)
{
	struct disk *disk = slice->disk;
	u64 all = disk->units / disk->slice_count, first = io->unit + slice->number * all;
	if (io->unit > all || io->units > all - io->unit)
		abort();
	for (u64 unit = first; unit < first + io->units; unit++) {
		struct disk_unit noise;
		memset(&noise, (int)(unit % 251 + 1), sizeof noise);
		if (disk->view || disk->now[unit])
			write_unit(disk, unit, noise.bytes, false);
	}
}

static void perform(struct disk_slice *slice, struct device_io *io)
{
	struct disk *disk = slice->disk;
	enum disk_fault fault = fault_of(disk, slice, io);
	disk->requests++;
	io->result = OK;
	if (fault == FAULT_ERROR)
		io->result = ERR_IO;
	else if (io->request == DEVICE_FLUSH && fault != FAULT_LOST)
		log_flush(disk, slice->number);
	else if (io->request == DEVICE_TRIM)
		trim(slice, io);
	else if (io->request != DEVICE_FLUSH)
		io->result = transfer(slice, io, fault);
	io->done(io);
}

static void submit(void *context, struct device_io *io)
{
	struct disk_slice *slice = context;
	struct disk *disk = slice->disk;
	if (!disk->order) {
		perform(slice, io);
		return;
	}
	if (disk->pendings == 256)
		abort();
	disk->pending[disk->pendings] = io;
	disk->pending_slices[disk->pendings++] = slice;
}

static void wait_some(void *context)
{
	struct disk *disk = ((struct disk_slice *)context)->disk;
	if (!disk->pendings) {
		fputs("disk: waits for nothing\n", stderr);
		abort();
	}
	u64 i = random_below(disk->order, disk->pendings);
	struct device_io *io = disk->pending[i];
	struct disk_slice *slice = disk->pending_slices[i];
	disk->pending[i] = disk->pending[--disk->pendings];
	disk->pending_slices[i] = disk->pending_slices[disk->pendings];
	assert(io && slice); // as are all before pendings
	perform(slice, io);
}

static u64 units_now(void *context)
{
	const struct disk_slice *slice = context;
	return slice->disk->units / slice->disk->slice_count;
}

static const struct device_ops ops = { .submit = submit, .wait = wait_some, .units = units_now };

void disk_grow(struct disk *disk, u64 units)
{
	disk->now = must(realloc(disk->now, units * sizeof *disk->now));
	memset(disk->now + disk->units, 0, (units - disk->units) * sizeof *disk->now);
	disk->units = disk->device.units = disk->slices[0].device.units = units;
}

struct disk *disk_create_slices(u64 units, u32 slices)
{
	struct disk *disk = must(calloc(1, sizeof *disk));
	disk->units = units * slices;
	disk->slice_count = slices;
	disk->now = must(calloc(disk->units, sizeof *disk->now));
	for (u32 i = 0; i < slices; i++)
		disk->slices[i] = (struct disk_slice){
			.device = { &ops, &disk->slices[i], units }, .disk = disk, .number = i
		};
	disk->device = disk->slices[0].device;
	return disk;
}

struct disk *disk_create(u64 units)
{
	return disk_create_slices(units, 1);
}

static void drop_log(struct disk *disk)
{
	for (u32 i = 0; i < disk->writes; i++)
		free((void *)(uintptr_t)disk->log[i].data);
	disk->writes = 0;
}

void disk_destroy(struct disk *disk)
{
	drop_log(disk);
	free(disk->log);
	free(disk->flush_log);
	for (u64 i = 0; i < disk->units; i++)
		free(disk->now[i]);
	free(disk->now);
	free(disk);
}

void disk_start_log(struct disk *disk)
{
	drop_log(disk);
	disk->flushes = 0;
	for (u32 i = 0; i < DISK_SLICES; i++)
		disk->slices[i].flushes = 0;
	disk->is_logging = true;
}

struct disk *disk_copy(const struct disk *disk)
{
	struct disk *copy = disk_create_slices(disk->units / disk->slice_count, disk->slice_count);
	for (u64 i = 0; i < disk->units; i++)
		if (disk->now[i])
			memcpy(disk_unit_at(copy, i), disk->now[i], DISK_UNIT);
	return copy;
}

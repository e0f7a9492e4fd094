// SPDX-License-Identifier: MIT
// volume.c - a leg whose write or flush failed is not used any more: it may hold old blocks. The
// last good leg of a vdev stays, and its error goes to who asked.
#include "lib/sinter/volume.h"

u32 volume_leg_number(u32 vdev, u32 leg)
{
	return vdev * LEGS_MAX + leg;
}

struct leg *volume_leg(struct sinter *pool, u32 leg)
{
	return &AT(pool->legs, leg);
}

void volume_forget_leg(struct sinter *pool, u32 leg)
{
	struct vdev_entry *entry = &AT(pool->vdevs, leg / LEGS_MAX).entry;
	entry->leaving &= ~(1u << leg % LEGS_MAX);
	AT(entry->leg_guids, leg % LEGS_MAX) = *volume_behind(pool, leg) = 0;
	*volume_errors(pool, leg) = (struct leg_errors){};
	*volume_leg(pool, leg) = (struct leg){};
}

u64 *volume_behind(struct sinter *pool, u32 leg)
{
	return &AT(AT(pool->vdevs, leg / LEGS_MAX).entry.legs_behind, leg % LEGS_MAX);
}

struct leg_errors *volume_errors(struct sinter *pool, u32 leg)
{
	return &AT(AT(pool->vdevs, leg / LEGS_MAX).entry.errors, leg % LEGS_MAX);
}

bool volume_is_written(const struct sinter *pool, u32 leg)
{
	return AT(pool->legs, leg).state >= LEG_BEHIND;
}

u32 volume_good_legs(const struct sinter *pool, u32 vdev)
{
	u32 legs = 0;
	for (u32 i = 0; i < LEGS_MAX; i++)
		legs += AT(pool->legs, volume_leg_number(vdev, i)).state == LEG_GOOD;
	return legs;
}

// From here on it misses what is written; the next root says so.
static void leg_failed(struct sinter *pool, u32 number)
{
	struct leg *leg = volume_leg(pool, number);
	u64 *behind = volume_behind(pool, number);
	leg->state = LEG_FAILED;
	if (!*behind)
		*behind = pool->txg.durable;
	pool->is_table_changed = true;
}

static void request_ended(struct device_io *io)
{
	struct transfer *transfer = container_of(io, struct transfer, io);
	struct sinter *pool = transfer->pool;
	struct leg *leg = volume_leg(pool, transfer->leg);
	struct work *work = transfer->work;
	assert(work);
	leg->under_way--;
	pool->under_way--;
	work->under_way--;
	transfer->work = nullptr;
	if (io->result == OK || io->request == DEVICE_TRIM)
		return;
	if (io->request == DEVICE_READ) {
		volume_errors(pool, transfer->leg)->read++;
		work->error = io->result;
		return;
	}
	volume_errors(pool, transfer->leg)->write++;
	if (leg->state != LEG_GOOD || volume_good_legs(pool, transfer->leg / LEGS_MAX) > 1) {
		if (leg->state != LEG_FAILED)
			leg_failed(pool, transfer->leg);
	} else {
		work->error = io->result;
	}
}

static struct transfer *_Nullable transfer_find(struct sinter *pool)
{
	for (u32 i = 0; i < TRANSFERS; i++)
		if (!AT(pool->transfers, i).work)
			return &AT(pool->transfers, i);
	return nullptr;
}

bool volume_has_room(const struct sinter *pool, u32 requests)
{
	return TRANSFERS - pool->under_way >= requests;
}

bool volume_is_crowded(const struct sinter *pool)
{
	return !volume_has_room(pool, TRANSFERS / 2);
}

void volume_submit(struct sinter *pool, struct work *work, u32 leg, struct device_io io)
{
	struct transfer *transfer = transfer_find(pool);
	assert(transfer && volume_is_written(pool, leg));
	io.done = request_ended;
	*transfer = (struct transfer){ .io = io, .pool = pool, .work = work, .leg = leg };
	work->under_way++;
	pool->under_way++;
	volume_leg(pool, leg)->under_way++;
	struct device *device = &volume_leg(pool, leg)->device;
	device->ops->submit(device->context, &transfer->io);
}

static void ask(struct sinter *pool, struct work *work, u32 vdev, struct device_io io)
{
	for (u32 i = 0; i < LEGS_MAX; i++)
		if (volume_is_written(pool, volume_leg_number(vdev, i)))
			volume_submit(pool, work, volume_leg_number(vdev, i), io);
}

bool volume_write(struct sinter *pool, struct work *work, u64 address, span_t bytes)
{
	if (!volume_has_room(pool, LEGS_MAX))
		return false;
	ask(pool, work, address_vdev(address),
		(struct device_io){
			.request = DEVICE_WRITE, .unit = address_unit(address), .bytes = bytes });
	return true;
}

bool volume_flush(struct sinter *pool, struct work *work)
{
	if (!volume_has_room(pool, LEGS_MAX * pool->vdev_count))
		return false;
	for (u32 vdev = 0; vdev < pool->vdev_count; vdev++)
		ask(pool, work, vdev, (struct device_io){ .request = DEVICE_FLUSH });
	return true;
}

bool volume_is_busy(const struct sinter *pool)
{
	return pool->under_way;
}

void volume_wait(struct sinter *pool)
{
	for (u32 i = 0; pool->under_way && i < LEGS_ALL; i++) {
		struct leg *leg = volume_leg(pool, i);
		if (!leg->under_way)
			continue;
		leg->device.ops->wait(leg->device.context);
		return;
	}
}

void volume_wait_for(struct sinter *pool, struct work *work)
{
	while (work->under_way)
		volume_wait(pool);
}

static err_t ask_now(struct sinter *pool, u32 leg, struct device_io io)
{
	struct work work = {};
	if (!volume_is_written(pool, leg))
		return ERR_IO;
	while (!volume_has_room(pool, 1))
		volume_wait(pool);
	volume_submit(pool, &work, leg, io);
	volume_wait_for(pool, &work);
	return volume_is_written(pool, leg) ? work.error : ERR_IO;
}

err_t volume_read_now(struct sinter *pool, u32 leg, u64 unit, span_t bytes)
{
	return ask_now(
		pool, leg, (struct device_io){ .request = DEVICE_READ, .unit = unit, .bytes = bytes });
}

err_t volume_write_now(struct sinter *pool, u32 leg, u64 unit, span_t bytes)
{
	return ask_now(
		pool, leg, (struct device_io){ .request = DEVICE_WRITE, .unit = unit, .bytes = bytes });
}

err_t volume_flush_now(struct sinter *pool)
{
	struct work work = {};
	while (!volume_flush(pool, &work))
		volume_wait(pool);
	volume_wait_for(pool, &work);
	return work.error;
}

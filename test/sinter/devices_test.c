// SPDX-License-Identifier: MIT
// devices_test.c - pools of several devices: missing legs and legs that come back, adding,
// replacing, removing, growing, scrub, trim; and pools written apart.
#include <stdio.h>
#include <string.h>

#include "lib/base/test.h"
#include "test/sinter/rig.h"

static struct rig rig;

static u64 guid_of(u32 number)
{
	struct sinter_leg leg;
	return sinter_leg(rig.pool, number, &leg) ? leg.guid : 0;
}

static enum leg_state state_of(u32 number)
{
	struct sinter_leg leg;
	return sinter_leg(rig.pool, number, &leg) ? leg.state : LEG_NONE;
}

static void add_disk(u64 units)
{
	rig.disks[rig.count++] = disk_create(units);
}

TEST(devices_share_the_blocks)
{
	rig_format(&rig, 3, 1, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(rig_fill(&rig, 400));
	CHECK(rig_is_right(&rig));
	REQUIRE_OK(sinter_close(rig.pool));
	for (u32 i = 0; i < 3; i++) {
		printf(
			"device %u: %llu bytes written\n", i, (unsigned long long)rig.disks[i]->bytes_written);
		CHECK(rig.disks[i]->bytes_written > 1 << 20);
	}
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	CHECK(rig_is_right(&rig));
	sinter_abandon(rig.pool);
	CHECK_EQ(rig_open(&rig, 3), ERR_INVALID); // without a top-level device there is no pool
	rig_stop(&rig);
}

TEST(devices_of_one_size_get_the_same_share)
{
	static u8 bytes[1 << 20];
	u64 inode;
	rig_format(&rig, 2, 1, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	const struct sinter_new regular = { .mode = 0100644 };
	REQUIRE_OK(
		WAIT(rig.pool, sinter_create(rig.dataset, INODE_ROOT, VIEW_TEXT("f"), &regular, &inode)));
	u64 first = rig.disks[0]->bytes_written, second = rig.disks[1]->bytes_written;
	for (u64 i = 0; i < 12; i++)
		REQUIRE_OK(world_write(
			rig.pool, (struct world_file){ rig.dataset, inode }, i << 20, view_of(bytes)));
	REQUIRE_OK(world_sync(rig.pool));
	first = rig.disks[0]->bytes_written - first;
	second = rig.disks[1]->bytes_written - second;
	CHECK(first > second / 2 && second > first / 2);
	REQUIRE_OK(sinter_close(rig.pool));
	rig_stop(&rig);
}

TEST(devices_without_a_leg)
{
	rig_format(&rig, 4, 2, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(rig_fill(&rig, 150));
	REQUIRE_OK(sinter_close(rig.pool));
	REQUIRE_OK(rig_open(&rig, 0b0110));
	CHECK_EQ(state_of(0), LEG_MISSING);
	CHECK_EQ(state_of(1), LEG_GOOD);
	CHECK_EQ(state_of(LEGS_MAX + 1), LEG_MISSING);
	CHECK(rig_is_right(&rig));
	REQUIRE(rig_fill(&rig, 150));
	CHECK(rig_is_right(&rig));
	REQUIRE_OK(sinter_close(rig.pool));
	rig_stop(&rig);
}

// Pulled, changed without it, put back: it gets what it has missed, and then is as good as the
// other.
TEST(devices_leg_comes_back)
{
	rig_format(&rig, 2, 2, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(rig_fill(&rig, 600));
	REQUIRE_OK(sinter_close(rig.pool));
	REQUIRE_OK(rig_open(&rig, 0b01));
	REQUIRE(rig_fill(&rig, 10));
	REQUIRE_OK(sinter_close(rig.pool));
	u64 before = rig.disks[1]->bytes_written;
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	CHECK_EQ(state_of(1), LEG_BEHIND);
	CHECK(operate_compare(rig.pool, rig.dataset, &rig.model));
	world_settle(rig.pool);
	CHECK_EQ(state_of(1), LEG_GOOD);
	u64 written = rig.disks[1]->bytes_written - before;
	printf(
		"resilvered %llu of %llu bytes\n", (unsigned long long)written, (unsigned long long)before);
	CHECK(written < before / 4);
	REQUIRE_OK(sinter_close(rig.pool));
	REQUIRE_OK(rig_open(&rig, 0b10)); // now it is all there is
	CHECK(rig_is_right(&rig));
	struct sinter_leg leg;
	CHECK(sinter_leg(rig.pool, 1, &leg) && !leg.errors.bad);
	REQUIRE_OK(sinter_close(rig.pool));
	rig_stop(&rig);
}

// The same while the pool is being changed, and the disk fails in the middle of it.
TEST(devices_leg_comes_back_under_load)
{
	rig_format(&rig, 2, 2, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(rig_fill(&rig, 200));
	rig.disks[1]->fault = FAULT_ERROR;
	rig.disks[1]->fault_request = DEVICE_WRITE;
	rig.disks[1]->fault_at = 40;
	rig.disks[1]->is_fault_sticky = true;
	REQUIRE(rig_fill(&rig, 200));
	CHECK_EQ(state_of(1), LEG_FAILED);
	REQUIRE_OK(sinter_close(rig.pool));
	rig.disks[1]->fault = FAULT_NONE;
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	CHECK_EQ(state_of(1), LEG_BEHIND);
	for (u32 i = 0; i < 100 && state_of(1) == LEG_BEHIND; i++)
		REQUIRE(rig_fill(&rig, 3));
	world_settle(rig.pool);
	CHECK_EQ(state_of(1), LEG_GOOD);
	REQUIRE_OK(sinter_close(rig.pool));
	REQUIRE_OK(rig_open(&rig, 0b10));
	CHECK(rig_is_right(&rig));
	sinter_abandon(rig.pool);
	rig_stop(&rig);
}

// Both legs were used alone: the one that did less is not believed, and its blocks are left alone.
TEST(devices_written_apart)
{
	rig_format(&rig, 2, 2, 1);
	REQUIRE_OK(rig_open(&rig, 0b10));
	for (u32 i = 0; i < 3; i++) {
		struct inode_record values = { .user = 7 + i };
		REQUIRE_OK(WAIT(
			rig.pool, sinter_set_attributes(rig.dataset, INODE_ROOT, &values, ATTRIBUTE_USER)));
		REQUIRE_OK(world_sync(rig.pool));
	}
	REQUIRE_OK(sinter_close(rig.pool));
	REQUIRE_OK(rig_open(&rig, 0b01));
	for (u32 i = 0; i < 9; i++)
		REQUIRE(rig_fill(&rig, 20));
	REQUIRE_OK(sinter_close(rig.pool));
	u64 before = rig.disks[1]->bytes_written;
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	CHECK_EQ(state_of(0), LEG_GOOD);
	CHECK_EQ(state_of(1), LEG_MISSING);
	CHECK(rig_is_right(&rig));
	REQUIRE_OK(sinter_close(rig.pool));
	CHECK_EQ(rig.disks[1]->bytes_written, before);
	rig_stop(&rig);
}

TEST(devices_add)
{
	rig_format(&rig, 1, 1, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(rig_fill(&rig, 150));
	add_disk(2 * WORLD_UNITS);
	add_disk(2 * WORLD_UNITS);
	struct device pair[2] = { rig.disks[1]->device, rig.disks[2]->device };
	struct sinter_status before, after;
	sinter_status(rig.pool, &before);
	REQUIRE_OK(sinter_add(rig.pool, pair, 2));
	sinter_status(rig.pool, &after);
	CHECK(after.units > 2 * before.units);
	REQUIRE(rig_fill(&rig, 400));
	CHECK(rig_is_right(&rig));
	REQUIRE_OK(sinter_close(rig.pool));
	CHECK(rig.disks[1]->bytes_written > 1 << 20);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	CHECK(rig_is_right(&rig));
	REQUIRE_OK(sinter_close(rig.pool));
	REQUIRE_OK(rig_open(&rig, 0b101)); // one leg of the added mirror is enough
	CHECK(rig_is_right(&rig));
	REQUIRE_OK(sinter_close(rig.pool));
	CHECK_EQ(rig_open(&rig, 0b001), ERR_INVALID);
	rig_stop(&rig);
}

TEST(devices_attach_and_remove)
{
	rig_format(&rig, 1, 1, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(rig_fill(&rig, 300));
	CHECK_EQ(sinter_remove(rig.pool, guid_of(0)), ERR_BUSY);
	add_disk(WORLD_UNITS - 64);
	CHECK_EQ(sinter_attach(rig.pool, guid_of(0), &rig.disks[1]->device, false), ERR_RANGE);
	add_disk(WORLD_UNITS);
	REQUIRE_OK(sinter_attach(rig.pool, guid_of(0), &rig.disks[2]->device, false));
	CHECK_EQ(state_of(1), LEG_BEHIND);
	REQUIRE(rig_fill(&rig, 20));
	world_settle(rig.pool);
	CHECK_EQ(state_of(1), LEG_GOOD);
	REQUIRE_OK(sinter_remove(rig.pool, guid_of(0)));
	REQUIRE(rig_fill(&rig, 20));
	CHECK(rig_is_right(&rig));
	REQUIRE_OK(sinter_close(rig.pool));
	CHECK_EQ(rig_open(&rig, 0b001), ERR_NOT_FOUND); // its labels are empty
	REQUIRE_OK(rig_open(&rig, 0b100));
	CHECK(rig_is_right(&rig));
	REQUIRE_OK(sinter_close(rig.pool));
	rig_stop(&rig);
}

TEST(devices_replace)
{
	rig_format(&rig, 2, 2, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(rig_fill(&rig, 300));
	add_disk(WORLD_UNITS);
	u64 old = guid_of(1);
	REQUIRE_OK(sinter_attach(rig.pool, old, &rig.disks[2]->device, true));
	world_settle(rig.pool);
	CHECK(guid_of(1) != old && guid_of(2) != 0);
	CHECK_EQ(state_of(2), LEG_GOOD);
	REQUIRE_OK(sinter_close(rig.pool));
	REQUIRE_OK(rig_open(&rig, 0b110)); // the old one is given too, but belongs no more
	CHECK_EQ(state_of(0), LEG_MISSING);
	CHECK_EQ(state_of(1), LEG_NONE);
	CHECK_EQ(state_of(2), LEG_GOOD);
	CHECK(rig_is_right(&rig));
	add_disk(WORLD_UNITS);
	REQUIRE_OK(sinter_attach(rig.pool, guid_of(0), &rig.disks[3]->device, true));
	world_settle(rig.pool);
	CHECK_EQ(state_of(0), LEG_GOOD);
	REQUIRE_OK(sinter_close(rig.pool));
	REQUIRE_OK(rig_open(&rig, 0b1000));
	CHECK(rig_is_right(&rig));
	REQUIRE_OK(sinter_close(rig.pool));
	rig_stop(&rig);
}

TEST(devices_grow)
{
	rig_format(&rig, 2, 2, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(rig_fill(&rig, 200));
	struct sinter_status before, after;
	sinter_status(rig.pool, &before);
	for (u32 i = 0; i < 2; i++)
		disk_grow(rig.disks[i], 3 * WORLD_UNITS);
	REQUIRE_OK(sinter_grow(rig.pool));
	sinter_status(rig.pool, &after);
	CHECK(after.units >= before.units + 2 * WORLD_UNITS);
	REQUIRE(rig_fill(&rig, 200));
	CHECK(rig_is_right(&rig));
	REQUIRE_OK(sinter_close(rig.pool));
	for (u32 i = 0; i < 2; i++) { // the labels at the old end, or those in front, are not needed
		for (u64 unit = 16; unit < 144; unit++)
			rig_noise(rig.disks[i], unit);
	}
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	CHECK(rig_is_right(&rig));
	REQUIRE_OK(sinter_close(rig.pool));
	rig_stop(&rig);
}

static bool scrub(struct sinter_scrub *out)
{
	if (!CHECK_OK(sinter_scrub_begin(rig.pool)))
		return false;
	world_settle(rig.pool);
	sinter_scrub_status(rig.pool, out);
	return CHECK_EQ(out->record.state, SCRUB_DONE);
}

// Every third unit of a leg, labels and bitmaps too, is noise: afterwards the leg is whole again.
TEST(devices_scrub_heals)
{
	struct sinter_scrub done;
	rig_format(&rig, 2, 2, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(rig_fill(&rig, 100) && rig_load(&rig));
	REQUIRE(scrub(&done));
	CHECK_EQ(done.record.bad, 0);
	CHECK(done.record.blocks > 120);
	CHECK(done.record.units <= done.record.units_all && done.record.units > 0);
	REQUIRE_OK(sinter_close(rig.pool));
	for (u64 unit = 16; unit < WORLD_UNITS; unit++)
		if (rig.disks[0]->now[unit] && unit % 3 == 0)
			rig_noise(rig.disks[0], unit);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(scrub(&done));
	CHECK(done.record.bad && done.record.healed == done.record.bad);
	CHECK_EQ(done.record.lost, 0);
	REQUIRE(scrub(&done));
	CHECK_EQ(done.record.bad, 0);
	CHECK(rig_is_right(&rig));
	REQUIRE_OK(sinter_close(rig.pool));
	REQUIRE_OK(rig_open(&rig, 0b01));
	CHECK(rig_is_right(&rig));
	struct sinter_leg leg;
	CHECK(sinter_leg(rig.pool, 0, &leg) && leg.errors.bad && leg.errors.healed); // kept
	sinter_abandon(rig.pool);
	rig_stop(&rig);
}

// Closed in the middle, it goes on where it was, while the pool is changed; what is lost is told.
TEST(devices_scrub_goes_on)
{
	struct sinter_scrub status;
	rig_format(&rig, 1, 1, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(rig_fill(&rig, 100) && rig_load(&rig));
	REQUIRE_OK(sinter_scrub_begin(rig.pool));
	for (u32 i = 0; i < 2; i++)
		sinter_work(rig.pool);
	sinter_scrub_status(rig.pool, &status);
	u64 blocks = status.record.blocks;
	CHECK(blocks && status.record.state == SCRUB_RUNNING);
	REQUIRE_OK(sinter_scrub_pause(rig.pool));
	REQUIRE_OK(sinter_close(rig.pool));
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	world_settle(rig.pool);
	sinter_scrub_status(rig.pool, &status);
	CHECK_EQ(status.record.state, SCRUB_PAUSED);
	CHECK_EQ(status.record.blocks, blocks);
	REQUIRE_OK(sinter_scrub_begin(rig.pool));
	for (u32 i = 0; i < 30 && status.record.state != SCRUB_DONE; i++) {
		REQUIRE(rig_fill(&rig, 5));
		sinter_scrub_status(rig.pool, &status);
	}
	world_settle(rig.pool);
	sinter_scrub_status(rig.pool, &status);
	CHECK_EQ(status.record.state, SCRUB_DONE);
	CHECK(status.record.blocks > blocks);
	CHECK_EQ(status.record.bad, 0);
	CHECK(rig_is_right(&rig));
	sinter_abandon(rig.pool);
	rig_stop(&rig);
}

TEST(devices_trim)
{
	u32 zone = 0;
	u64 units = 0;
	err_t err;
	rig_format(&rig, 2, 1, 1);
	for (u32 i = 0; i < 2; i++) // what was there before
		for (u64 unit = 2000; unit < 2500; unit++)
			rig_noise(rig.disks[i], unit);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(rig_fill(&rig, 300));
	while ((err = WAIT(rig.pool, sinter_trim(rig.pool, &zone, &units))) == OK)
		;
	CHECK_EQ(err, ERR_NOT_FOUND);
	CHECK(units > WORLD_UNITS);
	REQUIRE(rig_fill(&rig, 100));
	CHECK(rig_is_right(&rig));
	sinter_abandon(rig.pool);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	CHECK(rig_is_right(&rig));
	REQUIRE_OK(sinter_close(rig.pool));
	rig_stop(&rig);
}

// The newest root is lost after a trim: the one before it is whole all the same.
TEST(devices_trim_keeps_older_roots)
{
	static const u64 labels[] = { 16, 80, WORLD_UNITS - 128, WORLD_UNITS - 64 };
	struct sinter_status status;
	u32 zone = 0;
	u64 units = 0;
	rig_format(&rig, 1, 1, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	static u8 bytes[3 << 20];
	u64 inode;
	const struct sinter_new regular = { .mode = 0100644 };
	REQUIRE_OK(
		WAIT(rig.pool, sinter_create(rig.dataset, INODE_ROOT, VIEW_TEXT("f"), &regular, &inode)));
	memset(bytes, 7, sizeof bytes);
	REQUIRE_OK(world_write(rig.pool, (struct world_file){ rig.dataset, inode }, 0, view_of(bytes)));
	REQUIRE_OK(world_sync(rig.pool));
	REQUIRE_OK(WAIT(rig.pool, sinter_truncate(rig.dataset, inode, 0)));
	for (u32 i = 0; i < 10; i++) // its records go little by little; the root before still has some
		sinter_work(rig.pool);
	REQUIRE_OK(world_sync(rig.pool));
	world_settle(rig.pool);
	REQUIRE_OK(world_sync(rig.pool));
	while (WAIT(rig.pool, sinter_trim(rig.pool, &zone, &units)) == OK)
		;
	sinter_status(rig.pool, &status);
	sinter_abandon(rig.pool);
	for (u32 i = 0; i < sizeof labels / sizeof labels[0]; i++)
		rig_noise(rig.disks[0], labels[i] + 16 + status.txg % RING_PLACES);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	CHECK(operate_check(rig.pool, false));
	sinter_abandon(rig.pool);
	rig_stop(&rig);
}

// SPDX-License-Identifier: MIT
// table_test.c - a good table is read; each kind of damage is refused by its name.
#include "lib/manifest/table.h"

#include "lib/base/test.h"

struct sample {
	struct manifest_table head;
	struct manifest_service service[2];
};

static struct sample make(void)
{
	static const struct manifest_service log = {
		.name = "log",
		.run = "/service/log",
		.provide_count = 1,
		.provides = { { .name = "log", .flags = MANIFEST_SCHEME, .badge = 2 } },
	};
	static const struct manifest_service proc = {
		.name = "proc",
		.run = "/service/proc",
		.level = 5,
		.call_count = 2,
		.calls = { { .service = 0, .badge = 1 }, { .service = MANIFEST_SUPERVISOR } },
		.grant_count = 1,
		.grants = { { .name = "data", .base = 0x60, .size = 1 } },
	};
	return (struct sample){
		{ MANIFEST_MAGIC, MANIFEST_VERSION, 2, sizeof(struct manifest_service) },
		{ log, proc },
	};
}

static enum manifest_problem read_sample(const struct sample *sample)
{
	struct manifest manifest;
	return manifest_read(view_of(*sample), &manifest);
}

TEST(manifest_good)
{
	struct sample sample = make();
	struct manifest manifest;
	REQUIRE(manifest_read(view_of(sample), &manifest) == MANIFEST_GOOD);
	CHECK_EQ(manifest.count, 2);
	CHECK_EQ(manifest_service_at(&manifest, 1)->level, 5);
}

TEST(manifest_cut)
{
	struct sample sample = make();
	struct manifest manifest;
	for (usize size = 0; size < sizeof sample; size += 8)
		CHECK_EQ(manifest_read(view_clamp(view_of(sample), 0, size), &manifest), MANIFEST_CUT);
}

#define DAMAGED(place, value, problem)                                                             \
	do {                                                                                           \
		struct sample sample = make();                                                             \
		sample.place = (value);                                                                    \
		CHECK_EQ(read_sample(&sample), problem);                                                   \
	} while (0)

TEST(manifest_damaged)
{
	DAMAGED(head.magic, 1, MANIFEST_BAD_MAGIC);
	DAMAGED(head.version, 9, MANIFEST_BAD_VERSION);
	DAMAGED(head.record_size, 8, MANIFEST_BAD_VERSION);
	DAMAGED(head.count, 1000, MANIFEST_BAD_COUNT);
	DAMAGED(service[0].name[0], 0, MANIFEST_BAD_NAME);
	DAMAGED(service[0].run[0], 0, MANIFEST_BAD_TEXT);
	DAMAGED(service[0].level, 16, MANIFEST_BAD_VALUE);
	DAMAGED(service[0].restart, (enum manifest_restart)7, MANIFEST_BAD_VALUE);
	DAMAGED(service[0].call_count, 13, MANIFEST_BAD_COUNT);
	DAMAGED(service[0].provides[0].name[0], 0, MANIFEST_BAD_NAME);
	DAMAGED(service[1].grants[0].base, 0x10000, MANIFEST_BAD_GRANT);
	DAMAGED(service[1].grants[0].size, UINT64_MAX, MANIFEST_BAD_GRANT);
	DAMAGED(service[1].calls[0].service, 1, MANIFEST_BAD_CALL);
	DAMAGED(service[1].calls[0].provide, 1, MANIFEST_BAD_CALL);
	DAMAGED(service[1].level, 0, MANIFEST_BAD_CALL);
	struct sample sample = make();
	span_fill(span_of(sample.service[1].arguments), 'x');
	CHECK_EQ(read_sample(&sample), MANIFEST_BAD_TEXT);
	sample = make();
	sample.service[1] = sample.service[0];
	CHECK_EQ(read_sample(&sample), MANIFEST_BAD_NAME);
	for (u32 problem = MANIFEST_GOOD; problem <= MANIFEST_BAD_CALL; problem++)
		CHECK(view_cstring(manifest_problem_text((enum manifest_problem)problem)).size > 3);
}

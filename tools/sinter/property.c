// SPDX-License-Identifier: MIT
// property.c - sinter property: shows a dataset's properties, or sets some (NAME=VALUE).
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sinter/target.h"

static const char *const methods[] = { "off", "lz4", "zstd" };

static void print_text(const char *name, const char *value, bool is_json)
{
	printf(is_json ? ", \"%s\": \"%s\"" : "%-12s %s\n", name, value);
}

static void print_number(const char *name, u64 value, bool is_json)
{
	printf(is_json ? ", \"%s\": %" PRIu64 : "%-12s %" PRIu64 "\n", name, value);
}

static void show(const struct target *target, bool is_json)
{
	const struct dataset_record *p = sinter_properties(target->dataset);
	if (is_json)
		print_quoted("{\"name\": ", view_cstring(target->text), "");
	else
		printf("name         %s\n", target->text);
	print_number("id", p->id, is_json);
	print_number("created", p->created_s, is_json);
	print_number("bytes", p->units * UNIT_SIZE, is_json);
	print_number("quota", p->quota * UNIT_SIZE, is_json);
	print_number("reservation", p->reservation * UNIT_SIZE, is_json);
	print_text("compression", AT(methods, p->compression % COUNT(methods)), is_json);
	print_number("copies", p->copies, is_json);
	print_number("recordsize", RECORD_SIZE, is_json);
	print_text("readonly", p->flags & DATASET_READ_ONLY ? "on" : "off", is_json);
	print_text("atime", p->flags & DATASET_NO_ATIME ? "off" : "on", is_json);
	print_number("origin", p->origin, is_json);
	print_text("encryption", p->cipher ? "on" : "off", is_json);
	printf(is_json ? "}\n" : "");
}

static bool parse_method(const char *value, u8 *out)
{
	for (u32 i = 0; i < COUNT(methods); i++)
		if (!strcmp(value, AT(methods, i)))
			return *out = (u8)i, true;
	return false;
}

static bool parse_units(const char *value, u64 *out)
{
	u64 bytes;
	if (!strcmp(value, "none"))
		return *out = 0, true;
	if (!parse_size(value, &bytes))
		return false;
	*out = bytes / UNIT_SIZE + (bytes % UNIT_SIZE != 0);
	return true;
}

// One NAME=VALUE into values; answers its bit, or 0.
static u32 parse(const char *name, const char *value, struct dataset_record *values)
{
	if (!strcmp(name, "quota"))
		return parse_units(value, &values->quota) ? PROPERTY_QUOTA : 0;
	if (!strcmp(name, "reservation"))
		return parse_units(value, &values->reservation) ? PROPERTY_RESERVATION : 0;
	if (!strcmp(name, "compression"))
		return parse_method(value, &values->compression) ? PROPERTY_COMPRESSION : 0;
	if (!strcmp(name, "copies")) {
		values->copies = (u8)strtoul(value, nullptr, 10);
		return values->copies && values->copies <= COPIES_MAX ? PROPERTY_COPIES : 0;
	}
	u32 flag = !strcmp(name, "readonly") ? PROPERTY_READ_ONLY
	           : !strcmp(name, "atime")  ? PROPERTY_NO_ATIME
	                                     : 0;
	bool is_on = !strcmp(value, "on");
	values->flags |= is_on == (flag == PROPERTY_READ_ONLY) ? flag : 0;
	return is_on || !strcmp(value, "off") ? flag : 0;
}

static bool parse_all(struct words *words, struct dataset_record *values, u32 *mask)
{
	const char *text;
	while (*(text = words_take(words))) {
		char name[32], value[32];
		int end = 0;
		u32 bit = 0;
		if (sscanf(text, "%31[^=]=%31s%n", name, value, &end) == 2 && (usize)end == strlen(text))
			bit = parse(name, value, values);
		if (!bit)
			return refuse(text, "no such property or value");
		*mask |= bit;
	}
	return true;
}

int command_property(struct words *words)
{
	struct image image;
	struct target target;
	struct dataset_record values = {};
	u32 mask = 0;
	bool is_json = words_flag(words, "--json");
	const char *paths = words_take(words), *name = words_take(words);
	if (!parse_all(words, &values, &mask) ||
		!words_end(words, "property IMAGE DATASET [NAME=VALUE...] [--json]", name))
		return 2;
	if (!target_begin(&target, &image, paths, name, TARGET_DATASET | (mask ? 0 : TARGET_LOOK)))
		return 1;
	if (mask)
		return target_end(
			&target, HOST_WAIT(image.pool, sinter_set_properties(target.dataset, &values, mask)));
	show(&target, is_json);
	return target_leave(&target);
}

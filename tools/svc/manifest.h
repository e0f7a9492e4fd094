// SPDX-License-Identifier: MIT
// manifest.h - a manifest as it was written, and the way from text to table: parse one file, check
// all files together, put them into the order of their dependencies.
#pragma once

#include "lib/manifest/table.h"

struct wish { // a call, until the provider is known
	char name[MANIFEST_NAME];
	u32 badge, line;
};

struct source {
	const char *file;
	struct manifest_service service; // calls come with check
	struct wish wishes[MANIFEST_CALLS];
	u32 wish_count;
	u32 grant_lines[MANIFEST_GRANTS], provide_lines[MANIFEST_PROVIDES];
	u64 seen; // keywords, a bit each: most may stand once
};

struct sources {
	struct source list[MANIFEST_SERVICES];
	u32 count;
	u32 errors;
};

// Says `file:line: message` on standard error and counts.
[[gnu::format(printf, 4, 5)]]
void complain(struct sources *sources, const char *file, u32 line, const char *format, ...);

// Adds one manifest; its name is the file's.
void source_parse(struct sources *sources, const char *file, view_t text);
// Who provides what, who may call whom, who holds which device; sorts, fills in the calls.
void sources_check(struct sources *sources);

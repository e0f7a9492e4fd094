// SPDX-License-Identifier: MIT
// cpio.h - reads a boot image: a cpio archive in the "newc" format (magic 070701 or 070702). Views
// point into the archive. Whatever the bytes, nothing outside them is read.
#pragma once

#include "lib/base/reader.h"

NONNULL_BEGIN

enum [[nodiscard]] cpio_problem : u8 {
	CPIO_GOOD,
	CPIO_HEADER_CUT,
	CPIO_BAD_MAGIC,
	CPIO_BAD_NUMBER,
	CPIO_NAME_EMPTY,
	CPIO_NAME_CUT,
	CPIO_NAME_NOT_TERMINATED,
	CPIO_DATA_CUT,
	CPIO_BAD_CHECKSUM,
	CPIO_NO_TRAILER,
};

// Says what is wrong, for people.
const char *cpio_problem_text(enum cpio_problem problem);

struct cpio_entry {
	view_t name; // without leading "/" or "./"
	view_t data; // a symbolic link's is its target
	u32 mode;    // type and permission bits as in Unix
	u32 user, group;
	u32 modified; // seconds since 1970
	u32 inode, links;
	u32 device_major, device_minor; // of a device file
};

enum cpio_type : u32 {
	CPIO_TYPE_MASK = 0170000,
	CPIO_DIRECTORY = 0040000,
	CPIO_FILE = 0100000,
	CPIO_LINK = 0120000,
};

struct cpio {
	reader_t reader;
	bool is_after_trailer;     // so that the archive may end here
	enum cpio_problem problem; // why cpio_next said no; CPIO_GOOD at the regular end
};

void cpio_init(struct cpio *cpio, view_t archive); // borrows the archive
bool cpio_next(struct cpio *cpio, struct cpio_entry *out);

// The last entry of this name ("bin/x", "/bin/x" and "./bin/x" are the same). ERR_NOT_FOUND, or
// ERR_CORRUPT when the archive is.
err_t cpio_find(view_t archive, view_t name, struct cpio_entry *out);

NONNULL_END

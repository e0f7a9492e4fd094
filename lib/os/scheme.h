// SPDX-License-Identifier: MIT
// scheme.h - a flat tree of small text files, for services that show themselves as /scheme/NAME: a
// table of names and functions, served by ifc/file.ifc. A text is made whole when its file is
// opened and handed out as memory, so that reading it needs no more calls.
#pragma once

#include "ifc/file.h"

NONNULL_BEGIN

constexpr usize SCHEME_TEXT_MAX = 128 * 1024;
constexpr u32 SCHEME_READ = 0100444, SCHEME_WRITE = 0100200; // modes of files

struct scheme_file {
	const char *name;
	u32 mode;
	// Writes the text; the length that all of it has.
	usize (*_Nullable read)(void *_Nullable self, span_t to);
	// Takes what was written, in one piece.
	err_t (*_Nullable write)(void *_Nullable self, view_t text);
};

struct scheme {
	const struct scheme_file *files; // count of them
	u32 count;
	u64 badge;     // of connections to the tree; open files have the badges above it
	handle_t port; // borrowed
	void *_Nullable self;
};

// A loop_dispatch: ops is nothing, self the struct scheme.
bool scheme_dispatch(const void *_Nullable ops, void *_Nullable self, struct message *message);

// The answer in the making passes this handle; it is closed by the next call of this function, when
// that answer is out.
handle_t handle_pass(handle_t handle);

NONNULL_END

// SPDX-License-Identifier: MIT
// stack.h - what a program finds on its first stack: count, argument and environment pointers,
// auxiliary values, then the texts they point to. Made as one run of bytes that ends at the top:
//   pointer ▸ argc, argv..., 0, envp..., 0, auxv... | random | platform | arguments | environment |
//   path | 0
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

// Texts one after the other, each with its zero.
struct words {
	view_t bytes;
	u64 count;
};

// What the library tells the program by getauxval.
struct auxiliary {
	u64 headers, headers_count, entry; // as loaded
	u64 interpreter;                   // its base; 0: none
	u64 vdso;                          // 0: none
	u64 processor;                     // cpuid 1, edx
	u64 signal_stack;                  // the least that a signal frame needs
	u64 user, effective_user, group, effective_group;
	bool is_secure; // the program runs with more rights than who started it
};

struct stack_request {
	u64 top; // address; a multiple of 16
	struct words arguments, environment;
	view_t path; // without its zero
	u8 random[16];
	struct auxiliary auxiliary;
};

struct stack_layout {
	u64 pointer; // the first byte, what rsp becomes
	u64 size;    // from there to the top
	u64 auxiliary, auxiliary_size;
	u64 random, platform, arguments, environment, path;
};

// ERR_TOO_BIG: it would not fit into limit bytes.
err_t stack_plan(const struct stack_request *request, u64 limit, struct stack_layout *out);
// Fills exactly layout->size bytes.
void stack_write(
	const struct stack_request *request, const struct stack_layout *layout, span_t out);

NONNULL_END

// SPDX-License-Identifier: MIT
// paging.h - builds four-level x86-64 page tables in a span of memory that lies at a known physical
// address. A page is never writable and executable at once, and never mapped twice.
#pragma once

#include "boot/complaint.h"
#include "lib/base/view.h"

NONNULL_BEGIN

enum paging_access : u32 {
	PAGING_READ,
	PAGING_WRITE,
	PAGING_EXECUTE, // not for all address spaces: never global
	PAGING_KERNEL_EXECUTE,
};

struct paging {
	span_t memory; // page-aligned; the first page is the top table
	u64 paddr;     // of memory, page-aligned
	usize used;    // bytes
};

err_t paging_init(struct paging *paging, span_t memory, u64 paddr);

// All page-aligned. Takes 2 MiB pages where both addresses and the rest of the size allow it.
// ERR_NO_MEMORY: tables used up; ERR_EXISTS: something is there already; ERR_ALIGNMENT.
err_t paging_map(struct paging *paging, u64 vaddr, u64 paddr, u64 size, enum paging_access access);

// An upper bound of the tables' bytes for one such call.
u64 paging_bytes_for(u64 size);

NONNULL_END

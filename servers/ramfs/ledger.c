// SPDX-License-Identifier: MIT
// ledger.c - see ledger.h. Notes are undone from the last to the first.
#include "servers/ramfs/ledger.h"

#include "lib/base/atomic.h"
#include "os/syscalls.h"

constexpr u64 ADDRESS = 0x5000'0000'0000;
constexpr u64 NOTES_SIZE = 256 * 1024;
constexpr u64 MAGIC = 0x7265'6764'656c'0001;

struct head {
	u64 magic;
	u64 size;  // of the contents
	u64 notes; // bytes of notes in use
};

// A note: the old bytes, padded to 8, then this.
struct note {
	u64 address;
	u64 size;
};

static struct head *head; // written once by ledger_open
static u64 notes_start;

static u64 *word_at(u64 address)
{
	UNSAFE_BEGIN("within the ledger's mapping, checked by the caller")
	return (u64 *)address;
	UNSAFE_END
}

static span_t bytes_at(u64 address, u64 size)
{
	UNSAFE_BEGIN("within the ledger's mapping, checked by the caller")
	return span_from((u8 *)address, size);
	UNSAFE_END
}

void ledger_save(void *address, usize size)
{
	u64 padded = (size + 7) & ~(u64)7, at = notes_start + head->notes;
	if (head->notes + padded + sizeof(struct note) > NOTES_SIZE)
		__builtin_trap(); // a transaction is bounded by the sizes of the store's lists
	UNSAFE_BEGIN("the caller's own object")
	memory_copy(bytes_at(at, size).data, address, size);
	UNSAFE_END
	*word_at(at + padded) = (u64)(uintptr_t)address;
	*word_at(at + padded + 8) = size;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	head->notes += padded + sizeof(struct note);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void ledger_commit(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	head->notes = 0;
}

void ledger_undo(void)
{
	while (head->notes >= sizeof(struct note)) {
		u64 end = notes_start + head->notes;
		u64 address = *word_at(end - 16), size = *word_at(end - 8);
		u64 padded = (size + 7) & ~(u64)7, low = ADDRESS + PAGE_SIZE;
		if (padded + 16 > head->notes || address < low || address - low > head->size - size)
			break;
		span_t old = bytes_at(end - 16 - padded, size);
		(void)span_copy(bytes_at(address, size), span_view(old));
		head->notes -= padded + 16;
	}
	head->notes = 0;
}

err_t ledger_open(handle_t memory, u64 size, void *_Nullable *_Nonnull out)
{
	u64 whole = (size + PAGE_MASK) & ~PAGE_MASK, mapped;
	TRY(memory_map(HANDLE_NONE, memory, ADDRESS, PAGE_SIZE + whole + NOTES_SIZE, 0,
		MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED | MAP_FLAGS_FIXED, &mapped));
	UNSAFE_BEGIN("just mapped")
	head = (struct head *)ADDRESS;
	*out = (void *)(ADDRESS + PAGE_SIZE);
	UNSAFE_END
	notes_start = ADDRESS + PAGE_SIZE + whole;
	if (head->magic == MAGIC && head->size == whole)
		ledger_undo();
	*head = (struct head){ MAGIC, whole, 0 };
	return OK;
}

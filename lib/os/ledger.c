// SPDX-License-Identifier: MIT
// ledger.c - head page, contents, notes. A note is the old bytes, padded to 8, then where they
// belong; or no bytes and a handle. Undone last first. The process may end between any two stores,
// and nothing else writes here, so that the compiler's order is the only one that counts.
#include "lib/os/ledger.h"

#include "abi/info.h"
#include "os/syscalls.h"

constexpr u64 ADDRESS = 0x5000'0000'0000;
constexpr u64 CONTENTS = ADDRESS + PAGE_SIZE;
constexpr u64 MAGIC = 0x7265'6764'656c'0001;

struct head {
	u64 magic;
	u64 size;  // of the contents, whole pages
	u64 notes; // bytes of notes in use
};

struct note {
	u64 address; // size 0: a handle
	u64 size;
};

static struct head *_Nullable head; // written once by ledger_open

// The last large pieces noted since the last commit: what lies in one needs no note of its own,
// since the oldest bytes are put back last.
constexpr u32 RECENT = 4;
constexpr u64 RECENT_SIZE_MIN = 24;
static struct {
	struct note note[RECENT];
	u32 count; // so many since the commit
} recent;

static void order(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static span_t bytes_at(u64 address, u64 size)
{
	UNSAFE_BEGIN("within the ledger's mapping, checked by the caller")
	return span_from((u8 *)address, size);
	UNSAFE_END
}

static u64 padded(u64 size)
{
	return (size + 7) & ~7ull;
}

static u64 notes_start(void)
{
	return CONTENTS + head->size;
}

static bool is_contents(u64 address, u64 size)
{
	return size <= head->size && address - CONTENTS <= head->size - size;
}

static bool is_noted(u64 address, u64 size)
{
	for (u32 i = 0; i < RECENT && i < recent.count; i++) {
		u64 offset = address - AT(recent.note, i).address, noted = AT(recent.note, i).size;
		if (UNLIKELY(offset < noted))
			return size <= noted - offset;
	}
	return false;
}

// The bytes and where they belong. At a multiple of 8, since all notes are padded to it.
ALWAYS_INLINE void note_write(u64 at, u64 address, u64 size)
{
	UNSAFE_BEGIN("both within the ledger's mapping, checked by ledger_save")
	if (size == sizeof(u32))
		*(u32 *)at = *(const u32 *)address;
	else if (size == sizeof(u16))
		*(u16 *)at = *(const u16 *)address;
	else if (size == sizeof(u8))
		*(u8 *)at = *(const u8 *)address;
	else if (size == sizeof(u64))
		*(u64 *)at = *(const u64 *)address;
	else
		memory_copy((void *)at, (const void *)address, size);
	struct note *note = (struct note *)(at + padded(size));
	note->address = address;
	note->size = size;
	UNSAFE_END
}

ALWAYS_INLINE void note_add(u64 address, u64 size)
{
	u64 used = head->notes, needed = padded(size) + sizeof(struct note);
	if (UNLIKELY(needed > LEDGER_NOTES_SIZE - used))
		__builtin_trap(); // transactions are bounded by who makes them
	note_write(notes_start() + used, address, size);
	order();
	head->notes = used + needed;
	order();
}

// Apart from words, whose way has no call in it.
[[gnu::noinline]] static void note_large(u64 address, u64 size)
{
	note_add(address, size);
	if (size >= RECENT_SIZE_MIN)
		AT(recent.note, recent.count++ % RECENT) = (struct note){ address, size };
}

void ledger_hold(handle_t handle)
{
	if (handle.raw)
		note_large(handle.raw, 0);
}

void ledger_hold_received(const struct message *message)
{
	for (u32 i = 0; i < (message->tag >> TAG_HANDLES_SHIFT & 7) && i < MESSAGE_HANDLES; i++)
		ledger_hold(AT(message->handle, i));
}

void ledger_save(void *place, usize size)
{
	u64 address = (u64)(uintptr_t)place;
	if (is_noted(address, size))
		return;
	if (UNLIKELY(!is_contents(address, size)))
		__builtin_trap();
	switch (size) {
	case sizeof(u8): note_add(address, sizeof(u8)); break;
	case sizeof(u16): note_add(address, sizeof(u16)); break;
	case sizeof(u32): note_add(address, sizeof(u32)); break;
	case sizeof(u64): note_add(address, sizeof(u64)); break;
	default: note_large(address, size);
	}
}

static void forget_notes(void)
{
	head->notes = 0;
	recent.count = 0;
}

void ledger_commit(void)
{
	order();
	forget_notes();
	order();
}

// False: the notes make no sense.
static bool undo_last(bool is_next_life)
{
	struct note note;
	u64 end = notes_start() + head->notes;
	if (head->notes < sizeof note || head->notes > LEDGER_NOTES_SIZE)
		return false;
	view_t bytes = span_view(bytes_at(end - sizeof note, sizeof note));
	if (span_copy(span_of(note), bytes) != OK ||
		(note.size && !is_contents(note.address, note.size)) ||
		padded(note.size) + sizeof note > head->notes)
		return false;
	u64 old = end - sizeof note - padded(note.size);
	err_t err = OK;
	if (note.size)
		err = span_copy(bytes_at(note.address, note.size), span_view(bytes_at(old, note.size)));
	else if (is_next_life)
		(void)handle_close((handle_t){ (u32)note.address }); // may be done already
	order();
	head->notes -= padded(note.size) + sizeof note;
	return err == OK;
}

static void undo(bool is_next_life)
{
	while (head->notes && undo_last(is_next_life))
		;
	forget_notes();
}

void ledger_undo(void)
{
	undo(false);
}

static err_t map(handle_t memory, u64 size)
{
	struct memory_info info = {};
	u64 got, mapped;
	TRY(handle_info(memory, INFO_TOPIC_MEMORY, span_of(info), &got));
	if (info.size < size)
		return ERR_RANGE;
	return memory_map(HANDLE_NONE, memory, ADDRESS, size, 0,
		MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED | MAP_FLAGS_FIXED, &mapped);
}

err_t ledger_open(handle_t memory, u64 size, void *_Nullable *_Nonnull out)
{
	u64 whole = (size + PAGE_MASK) & ~PAGE_MASK;
	TRY(map(memory, ledger_memory_size(size)));
	UNSAFE_BEGIN("just mapped")
	head = (struct head *)ADDRESS;
	*out = (void *)CONTENTS;
	UNSAFE_END
	if (head->magic == MAGIC && head->size == whole) {
		undo(true);
		return OK;
	}
	if (head->magic)
		span_fill(bytes_at(CONTENTS, whole), 0);
	*head = (struct head){ MAGIC, whole, 0 };
	return OK;
}

// SPDX-License-Identifier: MIT
// arena.c - see arena.h. Under files.lock; other processes only drop references.
#include "lib/posix/file/arena.h"

#include "abi/info.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/linux/errno.h"
#include "os/syscalls.h"

constexpr u32 DESCRIPTIONS = ARENA_SIZE / sizeof(struct description);
constexpr u32 DESCRIPTIONS_IN_PAGE = PAGE_SIZE / sizeof(struct description);
constexpr u32 MAP_ARENA = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED | MAP_FLAGS_FIXED;

static struct file_state *files(void)
{
	return &posix_self()->files;
}

static u64 arena_address(u32 index)
{
	return ARENA_AREA_END - (index + 1) * ARENA_SIZE;
}

static struct description *description_at(u32 arena, u32 number)
{
	UNSAFE_BEGIN("within a mapped arena: both are bounded by their constants")
	return (struct description *)arena_address(arena) + number % DESCRIPTIONS;
	UNSAFE_END
}

static i64 arena_make(void)
{
	u32 index = 0;
	u64 mapped;
	handle_t memory;
	while (index < ARENAS_MAX && AT(files()->arenas, index).memory.raw)
		index++;
	if (index == ARENAS_MAX)
		return -ENFILE;
	if (memory_create(MEMORY_KIND_ANONYMOUS, ARENA_SIZE, HANDLE_NONE, 0, 0, &memory) != OK)
		return -ENFILE;
	// What stands there is left by a child that borrowed this space and has gone (vfork.c).
	if (memory_map(HANDLE_NONE, memory, arena_address(index), ARENA_SIZE, 0,
			MAP_ARENA | MAP_FLAGS_REPLACE, &mapped) != OK) {
		(void)handle_close(memory);
		return -ENFILE;
	}
	AT(files()->arenas, index) = (struct arena){ .memory = memory };
	files()->own = index + 1;
	return 0;
}

static bool is_in(const struct descriptor *descriptor, u32 index)
{
	return (u64)(uintptr_t)descriptor->description - arena_address(index) < ARENA_SIZE;
}

static void count_none(struct description *description)
{
	description->references = 0;
}

static void each_description(u32 index, void (*act)(struct description *description))
{
	view_t table = view_from(files()->table, files()->capacity * sizeof(struct descriptor));
	for (u32 i = 0; i < files()->top; i++) {
		const struct descriptor *descriptor =
			VIEW_AS(struct descriptor, table, i * sizeof(struct descriptor));
		if (descriptor && is_in(descriptor, index) && descriptor->description)
			act(descriptor->description);
	}
}

// Whether nobody else has this arena. Other threads, and who lent us this space, hold references
// that stand in no table of ours.
static bool is_ours_alone(u32 index)
{
	const struct posix *posix = posix_self();
	struct object_info info = {};
	u64 size;
	return posix->core.thread_count <= 1 && !posix->identity.loan &&
	       handle_info(
			   AT(files()->arenas, index).memory, INFO_TOPIC_OBJECT, span_of(info), &size) == OK &&
	       info.handles == 1;
}

// A process that was killed did not give back its references. Where only we are left, those that
// count are ours. True: something became free.
static bool take_back(u32 index)
{
	u32 touched = AT(files()->arenas, index).touched;
	bool is_any = false;
	if (!touched || !is_ours_alone(index))
		return false;
	for (u32 i = 0; i < touched; i++)
		count_none(description_at(index, i));
	each_description(index, description_get);
	for (u32 i = 0; i < touched; i++) {
		struct description *description = description_at(index, i);
		if (description->kind == FILE_NONE || description->references)
			continue;
		description_free(description);
		is_any = true;
	}
	return is_any;
}

// Round the part that was touched. Null: all of them are in use.
static struct description *_Nullable find_touched(u32 index)
{
	struct arena *arena = &AT(files()->arenas, index);
	for (u32 i = 0; i < arena->touched; i++) {
		u32 number = (arena->next + i) % arena->touched;
		struct description *description = description_at(index, number);
		if (atomic_load_acquire(&description->kind) == FILE_NONE) { // pairs with description_free
			arena->next = number + 1;
			return description;
		}
	}
	return nullptr;
}

// Pages that are not needed are not touched; who was killed is looked for before another one is.
static struct description *_Nullable description_find(u32 index)
{
	struct arena *arena = &AT(files()->arenas, index);
	struct description *found = find_touched(index);
	if (!found && take_back(index))
		found = find_touched(index);
	if (found || arena->touched == DESCRIPTIONS)
		return found;
	arena->next = arena->touched + 1;
	arena->touched += DESCRIPTIONS_IN_PAGE;
	return description_at(index, arena->next - 1);
}

i64 description_create(enum file_kind kind, u32 flags, struct description *_Nullable *_Nonnull out)
{
	struct file_state *state = files();
	posix_lock_take(&state->lock);
	i64 error = state->own ? 0 : arena_make();
	struct description *description = error ? nullptr : description_find(state->own - 1);
	if (description)
		*description = (struct description){ .kind = kind, .flags = flags, .references = 1 };
	posix_lock_give(&state->lock);
	*out = description;
	return description ? 0 : -ENFILE;
}

bool description_drop(struct description *description)
{
	return atomic_sub_acq_rel(&description->references, 1) == 1;
}

void description_free(struct description *description)
{
	atomic_store_release(&description->kind, (u16)FILE_NONE); // pairs with description_find
}

static bool is_needed(u32 index)
{
	view_t table = view_from(files()->table, files()->capacity * sizeof(struct descriptor));
	for (u32 i = 0; i < files()->top; i++) {
		const struct descriptor *descriptor =
			VIEW_AS(struct descriptor, table, i * sizeof(struct descriptor));
		if (descriptor && is_in(descriptor, index))
			return true;
	}
	return false;
}

err_t arenas_map(handle_t process)
{
	u64 mapped;
	for (u32 i = 0; i < ARENAS_MAX; i++) {
		handle_t memory = AT(files()->arenas, i).memory;
		if (memory.raw && (files()->own == i + 1 || is_needed(i))) // arenas_trim closes the others
			TRY(memory_map(process, memory, arena_address(i), ARENA_SIZE, 0, MAP_ARENA, &mapped));
	}
	return OK;
}

void arenas_forked(void)
{
	files()->own = 0;
}

void arenas_trim(void)
{
	for (u32 i = 0; i < ARENAS_MAX; i++) {
		struct arena *arena = &AT(files()->arenas, i);
		if (!arena->memory.raw || files()->own == i + 1 || is_needed(i))
			continue;
		(void)memory_unmap(HANDLE_NONE, arena_address(i), ARENA_SIZE);
		(void)handle_close(arena->memory);
		*arena = (struct arena){};
	}
}

static void forget(struct description *description)
{
	if (description_drop(description))
		description_free(description);
}

static void arena_part(u32 index)
{
	struct arena *arena = &AT(files()->arenas, index);
	u64 address = arena_address(index), mapped;
	handle_t copy;
	if (memory_clone(arena->memory, 0, ARENA_SIZE, &copy) != OK)
		return;
	each_description(index, forget); // in the one that others have
	if (memory_map(HANDLE_NONE, copy, address, ARENA_SIZE, 0, MAP_ARENA | MAP_FLAGS_REPLACE,
			&mapped) != OK) {
		each_description(index, description_get);
		(void)handle_close(copy);
		return;
	}
	each_description(index, count_none);
	each_description(index, description_get);
	(void)handle_close(arena->memory);
	arena->memory = copy;
}

void arenas_part(void)
{
	posix_lock_take(&files()->lock);
	for (u32 i = 0; i < ARENAS_MAX; i++)
		if (AT(files()->arenas, i).memory.raw)
			arena_part(i);
	posix_lock_give(&files()->lock);
}

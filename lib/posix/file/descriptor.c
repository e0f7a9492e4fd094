// SPDX-License-Identifier: MIT
// descriptor.c - the table of descriptors: grows in the heap, lowest free number first. With one
// thread nobody can close what a call uses; with more, file_get holds a reference.
#include "lib/posix/file/descriptor.h"

#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/lock_calls.h"
#include "lib/posix/file/pin.h"
#include "lib/posix/file/watch.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

constexpr u32 TABLE_START = 64;
constexpr u32 RLIMIT_NOFILE = 7;
constexpr u32 DESCRIPTORS_MAX = 1024 * 1024;

// event/: no epoll set watches it any more.
[[gnu::weak]] void event_closed(struct posix_thread *self, const struct file *file);

static struct file_state *files(void)
{
	return &posix_self()->files;
}

static bool is_alone(void)
{
	return posix_self()->core.thread_count <= 1;
}

u32 descriptor_limit(void)
{
	u64 soft = AT(posix_self()->identity.limits, RLIMIT_NOFILE).soft;
	return soft && soft < DESCRIPTORS_MAX ? (u32)soft : soft ? DESCRIPTORS_MAX : 1024;
}

struct descriptor *_Nullable entry_at(u32 number)
{
	struct file_state *state = files();
	if (number >= state->capacity)
		return nullptr;
	UNSAFE_BEGIN("compared with the capacity")
	return &state->table[number];
	UNSAFE_END
}

u32 descriptors_count(void)
{
	u32 count = files()->top;
	while (count && !entry_at(count - 1)->description)
		count--;
	return count;
}

static i64 entry_find(i32 number, struct descriptor *_Nullable *_Nonnull out)
{
	*out = entry_at((u32)number);
	return number >= 0 && *out && (*out)->description ? 0 : -EBADF;
}

// Of other threads, under the lock.
NO_INLINE static i64 get_pinned(i32 number, struct file *out)
{
	struct descriptor *entry;
	TRY_POSIX(entry_find(number, &entry));
	*out = (struct file){ entry->description, entry->handle, entry->flags | FILE_PINNED, number };
	if (operations_of(out)->close)
		TRY_POSIX(pin_add(entry->description));
	description_get(entry->description);
	return 0;
}

i64 file_get(struct posix_thread *self, i32 number, struct file *out)
{
	struct descriptor *entry;
	(void)self;
	if (is_alone()) {
		TRY_POSIX(entry_find(number, &entry));
		*out = (struct file){ entry->description, entry->handle, entry->flags, number };
		return 0;
	}
	posix_lock_take(&files()->lock);
	i64 error = get_pinned(number, out);
	posix_lock_give(&files()->lock);
	return error;
}

static bool has_another(const struct description *description)
{
	if (atomic_load_relaxed(&description->references) == 1)
		return false; // the one in hand
	for (u32 i = 0; i < files()->top; i++)
		if (entry_at(i)->description == description)
			return true;
	return false;
}

// What is left in this process of a description of which a descriptor or a pin was taken away.
struct rest {
	bool has_another; // descriptor
	bool is_gone;     // nor a pin
};

// In the same hold of the lock as that.
static struct rest rest_of(const struct description *description)
{
	bool is_listed = has_another(description);
	return (struct rest){ is_listed, !is_listed && !is_pinned(description) };
}

// Gives up a reference. Whoever gives up the last one may have the place used for another at once.
static void end(struct posix_thread *self, const struct file *file, bool is_gone)
{
	const struct operations *operations = operations_of(file);
	struct description seen = *file->description;
	bool is_last = description_drop(file->description);
	if (is_gone && operations->close)
		operations->close(
			self, &(struct file){ &seen, file->handle, file->flags, file->number }, is_last);
	if (!is_last)
		return;
	watch_tell_closed(file);
	description_free(file->description);
}

void file_put(struct posix_thread *self, const struct file *file)
{
	struct rest rest = {};
	if (!(file->flags & FILE_PINNED))
		return;
	if (operations_of(file)->close) {
		posix_lock_take(&files()->lock);
		pin_drop(file->description);
		rest = rest_of(file->description);
		posix_lock_give(&files()->lock);
	}
	end(self, &(struct file){ file->description, HANDLE_NONE, 0, file->number }, rest.is_gone);
}

// Under the lock. Room for this number.
static i64 grow(u32 number)
{
	struct file_state *state = files();
	u32 capacity = state->capacity ? state->capacity : TABLE_START;
	if (number < state->capacity)
		return 0;
	while (capacity <= number)
		capacity *= 2;
	struct descriptor *table = heap_take(capacity * sizeof(struct descriptor));
	if (!table)
		return -ENOMEM;
	usize size = state->capacity * sizeof(struct descriptor);
	if (state->table) {
		memory_copy(table, state->table, size);
		heap_give(state->table, size);
	}
	state->table = table;
	state->capacity = capacity;
	return 0;
}

static i64 find_free(i32 from, u32 *out)
{
	struct file_state *state = files();
	bool is_lowest = (u32)from <= state->lowest;
	u32 number = is_lowest ? state->lowest : (u32)from;
	while (number < state->capacity && entry_at(number)->description)
		number++;
	if (is_lowest)
		state->lowest = number;
	if (number >= descriptor_limit())
		return -EMFILE;
	*out = number;
	return grow(number);
}

static void set_entry(u32 number, struct descriptor entry)
{
	struct descriptor *place = entry_at(number);
	debug_assert(place); // grow was there
	*place = entry;
	atomic_store_relaxed(&files()->changes, files()->changes + 1);
	if (!entry.description && number < files()->lowest)
		files()->lowest = number;
	if (entry.description && number >= files()->top)
		files()->top = number + 1;
}

static void drop(
	struct posix_thread *self, const struct descriptor *entry, struct rest rest, i32 number)
{
	struct file file = { entry->description, entry->handle, entry->flags, number };
	const struct operations *operations = operations_of(&file);
	if (event_closed && !rest.has_another)
		event_closed(self, &file);
	locks_closed(&file, !rest.has_another);
	if (operations->drop)
		operations->drop(&file);
	end(self, &file, rest.is_gone);
	if (entry->handle.raw)
		(void)handle_close(entry->handle);
}

i64 descriptor_install(struct posix_thread *self, struct description *description, handle_t handle,
	u32 flags, i32 from)
{
	u32 number;
	struct descriptor entry = { description, handle, flags };
	posix_lock_take(&files()->lock);
	i64 error = find_free(from, &number);
	if (!error)
		set_entry(number, entry);
	struct rest rest = error ? rest_of(description) : (struct rest){};
	posix_lock_give(&files()->lock);
	if (!error)
		return (i64)number;
	drop(self, &entry, rest, -1);
	return error;
}

i64 descriptor_open(struct posix_thread *self, const struct opening *opening)
{
	struct description *description;
	u32 flags = opening->flags & ~(u32)(O_CLOEXEC | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC);
	i64 error = description_create(opening->kind, flags, &description);
	const struct file file = { .description = description };
	if (error) {
		if (opening->handle.raw)
			(void)handle_close(opening->handle);
		return error;
	}
	description->tree = opening->tree;
	description->inode = opening->inode;
	description->generation = opening->generation;
	AT(description->detail, 0) = AT(opening->detail, 0);
	AT(description->detail, 1) = AT(opening->detail, 1);
	if (opening->flags & O_TRUNC)
		file_told(&file, IN_MODIFY);
	file_told(&file, IN_OPEN);
	return descriptor_install(
		self, description, opening->handle, opening->flags & O_CLOEXEC ? DESCRIPTOR_CLOEXEC : 0, 0);
}

i64 descriptor_close(struct posix_thread *self, i32 number)
{
	struct descriptor *entry, closed;
	struct rest rest;
	posix_lock_take(&files()->lock);
	i64 error = entry_find(number, &entry);
	if (!error) {
		closed = *entry;
		set_entry((u32)number, (struct descriptor){});
		rest = rest_of(closed.description);
	}
	posix_lock_give(&files()->lock);
	if (!error)
		drop(self, &closed, rest, number);
	return error;
}

// Under the lock: a second handle and reference for an entry.
static i64 duplicate(i32 number, struct descriptor *out)
{
	struct descriptor *entry;
	TRY_POSIX(entry_find(number, &entry));
	*out = (struct descriptor){ .description = entry->description };
	if (entry->handle.raw && handle_duplicate(entry->handle, RIGHTS_ALL, &out->handle) != OK)
		return -EMFILE;
	description_get(out->description);
	return 0;
}

i64 descriptor_copy(struct posix_thread *self, i32 number, i32 from, u32 flags)
{
	struct descriptor copy;
	if (from < 0 || (u32)from >= descriptor_limit())
		return -EINVAL;
	posix_lock_take(&files()->lock);
	i64 error = duplicate(number, &copy);
	posix_lock_give(&files()->lock);
	return error ? error : descriptor_install(self, copy.description, copy.handle, flags, from);
}

i64 descriptor_copy_to(struct posix_thread *self, i32 number, i32 to, u32 flags)
{
	struct descriptor copy, former = {};
	struct rest rest = {};
	if (to < 0 || (u32)to >= descriptor_limit())
		return -EBADF;
	posix_lock_take(&files()->lock);
	i64 error = duplicate(number, &copy);
	if (!error) {
		error = grow((u32)to);
		copy.flags = flags;
		if (!error) {
			former = *entry_at((u32)to);
			set_entry((u32)to, copy);
			if (former.description)
				rest = rest_of(former.description);
		}
	}
	posix_lock_give(&files()->lock);
	if (former.description)
		drop(self, &former, rest, to);
	return error ? error : to;
}

i64 descriptor_flags(i32 number, u32 *flags)
{
	struct descriptor *entry;
	TRY_POSIX(entry_find(number, &entry));
	*flags = entry->flags;
	return 0;
}

i64 descriptor_set_flags(i32 number, u32 flags)
{
	struct descriptor *entry;
	posix_lock_take(&files()->lock);
	i64 error = entry_find(number, &entry);
	if (!error)
		entry->flags = flags;
	posix_lock_give(&files()->lock);
	return error;
}

void descriptors_close_range(struct posix_thread *self, u32 first, u32 last, bool only_mark)
{
	for (u32 number = first; number <= last && number < files()->top; number++) {
		struct descriptor *entry = entry_at(number);
		debug_assert(entry); // all below the top are in the table
		if (!entry->description)
			continue;
		if (only_mark)
			entry->flags |= DESCRIPTOR_CLOEXEC;
		else
			(void)descriptor_close(self, (i32)number);
	}
}

static bool is_shared(const struct file *file)
{
	return !is_alone() || atomic_load_relaxed(&file->description->references) > 1;
}

bool file_offset_take(const struct file *file)
{
	bool is_taken = is_shared(file);
	if (is_taken)
		shared_lock_take(&file->description->lock);
	return is_taken;
}

void file_offset_give(const struct file *file, bool is_taken)
{
	if (is_taken)
		shared_lock_give(&file->description->lock);
}

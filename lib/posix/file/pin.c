// SPDX-License-Identifier: MIT
// pin.c - see pin.h. As many entries as threads are in such calls, so they are looked through.
#include "lib/posix/file/pin.h"

#include "lib/base/memory.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"

static struct file_state *files(void)
{
	return &posix_self()->files;
}

static struct pin *pin_at(u32 index)
{
	const struct file_state *state = files();
	return view_element((void *)state->pins, sizeof(struct pin), state->pin_capacity, index);
}

static struct pin *_Nullable find(const struct description *description)
{
	for (u32 i = 0; i < files()->pin_count; i++)
		if (pin_at(i)->description == description)
			return pin_at(i);
	return nullptr;
}

static i64 grow(void)
{
	struct file_state *state = files();
	u32 capacity = state->pin_capacity ? 2 * state->pin_capacity : 16;
	struct pin *pins = heap_take(capacity * sizeof(struct pin));
	if (!pins)
		return -ENOMEM;
	if (state->pins) {
		memory_copy(pins, state->pins, state->pin_count * sizeof(struct pin));
		heap_give(state->pins, state->pin_capacity * sizeof(struct pin));
	}
	state->pins = pins;
	state->pin_capacity = capacity;
	return 0;
}

i64 pin_add(const struct description *description)
{
	struct file_state *state = files();
	struct pin *pin = find(description);
	if (!pin && state->pin_count == state->pin_capacity)
		TRY_POSIX(grow());
	if (!pin) {
		pin = pin_at(state->pin_count++);
		*pin = (struct pin){ .description = description };
	}
	pin->count++;
	return 0;
}

void pin_drop(const struct description *description)
{
	struct pin *pin = find(description);
	assert(pin);
	if (--pin->count == 0)
		*pin = *pin_at(--files()->pin_count);
}

bool is_pinned(const struct description *description)
{
	return find(description) != nullptr;
}

void pins_forget(void)
{
	files()->pin_count = 0;
}

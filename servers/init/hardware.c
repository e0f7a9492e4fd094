// SPDX-License-Identifier: MIT
// hardware.c - see hardware.h. Where the framebuffer is, servers/root says in our arguments, since
// the loader knows it: framebuffer=ADDRESS,PITCH,WIDTH,HEIGHT,BITS.
#include "servers/init/hardware.h"

#include "abi/rights.h"
#include "lib/base/checked.h"
#include "lib/base/format.h"
#include "lib/base/text.h"
#include "lib/os/start.h"
#include "os/syscalls.h"

struct framebuffer {
	u64 address, pitch, width, height, bits;
};

static bool take_number(view_t *rest, u64 *out)
{
	view_t number, after;
	if (!text_split(*rest, ',', &number, &after)) {
		number = *rest;
		after = (view_t){};
	}
	*rest = after;
	return text_u64(number, out) == OK;
}

static bool find_framebuffer(struct framebuffer *out)
{
	view_t rest;
	for (u32 i = 1; i < start_argument_count(); i++) {
		if (!text_option(view_cstring(start_argument(i)), VIEW_TEXT("framebuffer"), &rest))
			continue;
		return take_number(&rest, &out->address) && take_number(&rest, &out->pitch) &&
		       take_number(&rest, &out->width) && take_number(&rest, &out->height) &&
		       take_number(&rest, &out->bits) && out->address && out->pitch && out->height;
	}
	return false;
}

view_t hardware_geometry(void)
{
	static u8 text[80];
	struct framebuffer screen;
	if (!find_framebuffer(&screen))
		return (view_t){};
	return format_view(span_of(text), "framebuffer=%lu,%lu,%lu,%lu", screen.pitch, screen.width,
		screen.height, screen.bits);
}

// Physical memory, whole pages, as a memory object: its holder maps it and nothing else.
static err_t make_memory(u64 base, u64 size, u32 flags, handle_t *out)
{
	handle_t range;
	u64 end, first = base & ~PAGE_MASK;
	TRY(checked_add(base, size, &end));
	TRY(checked_align_up(end, PAGE_SIZE, &end));
	TRY(resource_derive(
		start_handle("resource"), RESOURCE_KIND_PHYSICAL, first, end - first, &range));
	err_t err = memory_create(MEMORY_KIND_PHYSICAL, end - first, range, 0, flags, out);
	(void)handle_close(range);
	return err;
}

static err_t make_framebuffer(handle_t *out)
{
	struct framebuffer screen;
	u64 size;
	if (!find_framebuffer(&screen))
		return ERR_NOT_FOUND;
	TRY(checked_mul(screen.pitch, screen.height, &size));
	return make_memory(screen.address, size, MEMORY_FLAGS_WRITE_COMBINING, out);
}

static handle_t quota_of(u32 index)
{
	handle_t own = service_at(index)->quota;
	return own.raw ? own : start_handle("quota");
}

static handle_t quota_of_programs(void)
{
	for (u32 i = 0; i < system->services; i++)
		if (manifest_at(i)->restart == MANIFEST_ENDS_SYSTEM)
			return quota_of(i);
	return HANDLE_NONE;
}

err_t hardware_grant(u32 index, const struct manifest_grant *grant, handle_t *out)
{
	handle_t resource = start_handle("resource");
	switch (grant->kind) {
	case MANIFEST_PORT:
		return resource_derive(resource, RESOURCE_KIND_PORTS, grant->base, grant->size, out);
	case MANIFEST_MMIO: return make_memory(grant->base, grant->size, MEMORY_FLAGS_UNCACHED, out);
	case MANIFEST_IRQ:
		return resource_derive(resource, RESOURCE_KIND_INTERRUPTS, grant->base, 1, out);
	case MANIFEST_FRAMEBUFFER: return make_framebuffer(out);
	case MANIFEST_CONSOLE: *out = start_handle("console"); break;
	case MANIFEST_BOOT: *out = start_handle("boot"); break;
	case MANIFEST_QUOTA: *out = quota_of(index); break;
	case MANIFEST_PROGRAMS: *out = quota_of_programs(); break;
	case MANIFEST_MESSAGES: *out = system->lines_in; break;
	case MANIFEST_GRANT_KINDS: break;
	}
	return out->raw ? OK : ERR_NOT_FOUND;
}

u32 hardware_rights(enum manifest_grant_kind kind)
{
	u32 hold = RIGHT_DUP | RIGHT_TRANSFER | RIGHT_WAIT;
	switch (kind) {
	case MANIFEST_PORT:
	case MANIFEST_IRQ: return RIGHT_READ | RIGHT_WRITE;
	case MANIFEST_MMIO:
	case MANIFEST_FRAMEBUFFER: return RIGHT_READ | RIGHT_WRITE | RIGHT_MAP;
	case MANIFEST_CONSOLE: return RIGHT_READ | RIGHT_WRITE | hold;
	case MANIFEST_BOOT: return RIGHT_READ | RIGHT_MAP | hold;
	case MANIFEST_QUOTA:
	case MANIFEST_PROGRAMS: return RIGHT_MANAGE | hold; // processes are made of it
	case MANIFEST_MESSAGES: return RIGHT_READ | RIGHT_WAIT;
	case MANIFEST_GRANT_KINDS: break;
	}
	return 0;
}

err_t hardware_out(u32 port, u32 value, u32 size)
{
	handle_t range;
	u32 unused;
	enum io_operation operation = size == 1   ? IO_OPERATION_WRITE8
	                              : size == 2 ? IO_OPERATION_WRITE16
	                                          : IO_OPERATION_WRITE32;
	TRY(resource_derive(start_handle("resource"), RESOURCE_KIND_PORTS, port, size, &range));
	err_t err = resource_io(range, port, operation, value, &unused);
	(void)handle_close(range);
	return err;
}

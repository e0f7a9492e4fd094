// SPDX-License-Identifier: MIT
// meminfo.c - see meminfo.h: /proc/meminfo, asked for by the process's own connection to
// servers/proc.
#include "lib/posix/time/meminfo.h"

#include "ifc/file.h"
#include "lib/base/text.h"
#include "lib/posix/core/posix.h"
#include "os/syscalls.h"

static void take_line(view_t line, struct meminfo *out)
{
	view_t key, number;
	if (!text_take_word(&line, &key) || !text_take_word(&line, &number))
		return;
	if (view_equal(key, VIEW_TEXT("MemTotal:")))
		(void)!text_u64(number, &out->total_kib);
	if (view_equal(key, VIEW_TEXT("MemFree:")))
		(void)!text_u64(number, &out->free_kib);
}

static u64 read_file(handle_t thing, enum file_object object, span_t text)
{
	u64 done = 0;
	err_t err = object == FILE_OBJECT_MEMORY ? memory_read(thing, 0, text, &done)
	                                         : file_read((file_t){ thing }, 0, 0, text, &done);
	return err == OK && done <= text.size ? done : 0;
}

void meminfo_read(struct meminfo *out)
{
	file_t proc = { posix_self()->identity.connection };
	u64 inode;
	u32 generation, mode, object;
	handle_t thing;
	u8 text[1024];
	*out = (struct meminfo){};
	err_t err = file_open(
		proc, 0, 0, 0, 0, VIEW_TEXT("meminfo"), &inode, &generation, &mode, &object, &thing);
	if (err != OK || !thing.raw)
		return;
	view_t rest = view_clamp(view_of(text), 0, read_file(thing, object, span_of(text))), line;
	(void)!handle_close(thing);
	while (text_take_line(&rest, &line))
		take_line(line, out);
}

// SPDX-License-Identifier: MIT
// files.c - /proc by the file protocol.
#include "ifc/file.h"
#include "lib/base/format.h"
#include "lib/base/text.h"
#include "test/guest/proc/proc_test.h"

static u8 bytes[8192];

static file_t tree(void)
{
	return (file_t){ self.proc.handle };
}

static err_t open_path(view_t path, file_t *out)
{
	u64 inode;
	u32 generation, mode, object;
	return file_open(tree(), 0, 0, 0, 0, path, &inode, &generation, &mode, &object, &out->handle);
}

static err_t read_path(view_t path, view_t *out)
{
	file_t file;
	u64 done;
	span_fill(span_of(bytes), 0);
	TRY(open_path(path, &file));
	err_t err = file_read(file, 0, 0, span_of(bytes), &done);
	if (err == OK)
		*out = view_clamp(view_of(bytes), 0, done);
	(void)handle_close(file.handle);
	return err;
}

static bool begins(view_t text, view_t with)
{
	return view_equal(view_clamp(text, 0, with.size), with);
}

void test_files(void)
{
	view_t text, word;
	u64 number;
	u32 size;
	CHECK_OK(read_path(VIEW_TEXT("self/stat"), &text));
	CHECK(text_take_word(&text, &word));
	CHECK_OK(text_u64(word, &number));
	CHECK_EQ(number, self.pid);
	CHECK_OK(read_path(VIEW_TEXT("meminfo"), &text));
	CHECK(begins(text, VIEW_TEXT("MemTotal:")));
	CHECK_OK(read_path(VIEW_TEXT("sys/kernel/pid_max"), &text));
	CHECK(begins(text, VIEW_TEXT("4194304")));
	CHECK_OK(read_path(VIEW_TEXT("thread-self/status"), &text));
	CHECK(begins(text, VIEW_TEXT("Name:")));
	CHECK_OK(file_readlink(tree(), 0, VIEW_TEXT("self"), span_of(bytes), &size));
	CHECK_OK(text_u64(view_clamp(view_of(bytes), 0, size), &number));
	CHECK_EQ(number, self.pid);
	CHECK_EQ(read_path(VIEW_TEXT("nothing"), &text), ERR_NOT_FOUND);
	CHECK_EQ(read_path(VIEW_TEXT("31000/stat"), &text), ERR_NOT_FOUND);
	CHECK_EQ(read_path(VIEW_TEXT("meminfo/x"), &text), ERR_NOT_DIRECTORY);
	CHECK_EQ(read_path(VIEW_TEXT("self/exe"), &text), ERR_CROSS_DEVICE);
}

// Reads a folder in small parts: how many entries, and whether the wanted one is among them.
static err_t list_all(view_t path, view_t wanted, u32 *count, bool *has)
{
	file_t file;
	u32 done;
	u64 cookie = 0;
	*count = 0;
	*has = false;
	TRY(open_path(path, &file));
	do {
		struct file_entry entry;
		u8 part[200] = {};
		TRY(file_list(file, cookie, span_of(part), &done));
		for (view_t rest = view_clamp(view_of(part), 0, done), name; rest.size;) {
			TRY(view_load(rest, 0, span_of(entry)));
			TRY(view_sub(rest, sizeof entry, entry.size, &name));
			*has |= view_equal(name, wanted);
			++*count;
			cookie = entry.next;
			rest = view_from_offset(rest, sizeof entry + ((entry.size + 7u) & ~7u));
		}
	} while (done);
	return handle_close(file.handle);
}

void test_folders(void)
{
	u8 room[16];
	u32 count;
	bool has;
	view_t own = format_view(span_of(room), "%u", self.pid);
	CHECK_OK(list_all((view_t){}, own, &count, &has));
	CHECK(has);
	CHECK(count > 15);
	CHECK_OK(list_all(VIEW_TEXT("self"), VIEW_TEXT("status"), &count, &has));
	CHECK(has);
	CHECK_OK(list_all(VIEW_TEXT("self/task"), own, &count, &has));
	CHECK(has);
	CHECK_EQ(count, 1);
	struct file_attributes attributes = {};
	CHECK_OK(file_stat(tree(), 0, 0, VIEW_TEXT("self/task"), span_of(attributes)));
	CHECK_EQ(attributes.mode, 0040555);
}

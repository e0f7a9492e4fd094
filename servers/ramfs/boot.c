// SPDX-License-Identifier: MIT
// boot.c - see boot.h. An inode notes where in the image its bytes are (image); memory is
// made of them when the file is first opened, sharing whole pages where they lie on page
// boundaries.
#include "servers/ramfs/boot.h"

#include "lib/base/cpio.h"
#include "lib/os/boot_image.h"
#include "lib/os/process.h"
#include "lib/os/start.h"
#include "lib/tree/walk.h"
#include "os/syscalls.h"

// The directory that a path of the image is in, and its last name. Missing directories are made.
static err_t parent_of(view_t path, u32 *directory, view_t *name)
{
	*directory = TREE_ROOT;
	for (;;) {
		usize end = view_find(path, '/');
		*name = view_clamp(path, 0, end);
		if (end == path.size)
			return OK;
		path = view_from_offset(path, end + 1);
		u32 entry = tree_find(&writer.tree, *directory, *name);
		if (entry == TREE_NONE)
			return ERR_NOT_FOUND;
		*directory = tree_entry(&writer.tree, entry)->inode;
	}
}

// Images name each file of many names again, with one inode number; the last has the data.
struct alias {
	u32 image_inode, inode;
};
static struct alias aliases[64]; // of the filling only

static u32 alias_find(const struct cpio_entry *file)
{
	const struct alias *alias = &AT(aliases, file->inode % COUNT(aliases));
	bool is_linked = file->links > 1 && (file->mode & MODE_TYPE) == MODE_REGULAR;
	return is_linked && alias->image_inode == file->inode ? alias->inode : TREE_NONE;
}

static void set_contents(struct tree_inode *inode, view_t image, view_t data)
{
	if (!data.size)
		return;
	inode->length = data.size;
	inode->image = (u64)(uintptr_t)data.data - (u64)(uintptr_t)image.data;
}

static err_t add_inode(const struct cpio_entry *file, u32 directory, u32 *out)
{
	u32 type = file->mode & MODE_TYPE;
	TRY(tree_inode_make(&writer, file->mode & (MODE_TYPE | MODE_ALL), out));
	struct tree_inode *inode = inode_at(*out);
	inode->user = file->user;
	inode->group = file->group;
	inode->accessed_ns = inode->modified_ns = inode->changed_ns = (i64)file->modified * 1000000000;
	inode->clocks = CLOCK_ACCESSED | CLOCK_MODIFIED | CLOCK_CHANGED;
	inode->device = (file->device_major & 0xfff) << 8 | (file->device_minor & 0xff) |
	                (file->device_minor & ~0xffu) << 12;
	AT(aliases, file->inode % COUNT(aliases)) = (struct alias){ file->inode, *out };
	if (type == MODE_DIRECTORY) {
		inode->links = 2;
		inode_at(directory)->links++;
	}
	return type == MODE_LINK ? tree_link_set(&writer, *out, file->data) : OK;
}

static err_t add(view_t image, const struct cpio_entry *file)
{
	u32 directory, entry, inode;
	view_t name;
	TRY(parent_of(file->name, &directory, &name));
	if (!name.size || view_equal(name, VIEW_TEXT("."))) { // the root itself
		inode_at(TREE_ROOT)->mode = MODE_DIRECTORY | (file->mode & MODE_ALL);
		return OK;
	}
	entry = tree_find(&writer.tree, directory, name);
	if (entry != TREE_NONE)
		return ERR_EXISTS; // the first one counts
	inode = alias_find(file);
	if (inode == TREE_NONE)
		TRY(add_inode(file, directory, &inode));
	TRY(tree_entry_add(&writer, directory, name, inode));
	if ((file->mode & MODE_TYPE) != MODE_DIRECTORY)
		inode_at(inode)->links++;
	if ((file->mode & MODE_TYPE) == MODE_REGULAR)
		set_contents(inode_at(inode), image, file->data);
	return OK;
}

err_t boot_fill(void)
{
	view_t image;
	struct cpio cpio;
	struct cpio_entry file;
	err_t err = boot_image(&image);
	if (err == ERR_NOT_FOUND)
		return OK;
	TRY(err);
	cpio_init(&cpio, image);
	while (cpio_next(&cpio, &file)) {
		err = add(image, &file);
		ledger_commit(); // nobody knows us yet
		if (err != OK)
			print("ramfs: boot image: %v: %e\n", file.name, err);
	}
	if (cpio.problem != CPIO_GOOD)
		print("ramfs: boot image: %s\n", cpio_problem_text(cpio.problem));
	return OK;
}

static err_t copy(const struct tree_inode *inode, handle_t *out)
{
	u64 done;
	view_t image, data;
	TRY(boot_image(&image));
	TRY(view_sub(image, inode->image, inode->length, &data));
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, inode->length, HANDLE_NONE, 0, 0, out));
	for (u64 at = 0; at < data.size; at += done) {
		err_t err = memory_write(*out, at, view_from_offset(data, at), &done);
		if (err == OK)
			continue;
		(void)handle_close(*out);
		return err;
	}
	return OK;
}

err_t boot_clone(const struct tree_inode *inode, handle_t *out, bool *is_whole)
{
	u64 offset = inode->image, size = (inode->length + PAGE_MASK) & ~PAGE_MASK;
	*is_whole = offset & PAGE_MASK;
	if (*is_whole)
		return copy(inode, out);
	err_t err = memory_clone(start_handle("boot"), offset, size, out);
	if (err != ERR_UNSUPPORTED)
		return err;
	*is_whole = true; // an image in memory that cannot be shared: the loader's
	return copy(inode, out);
}

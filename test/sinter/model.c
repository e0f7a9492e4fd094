// SPDX-License-Identifier: MIT
// model.c - the model. Slow and obvious.
#include "test/sinter/model.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/sinter.h"

const char *const model_xattr_names[MODEL_XATTRS] = { "user.a", "user.b", "security.long-name", "u",
	"system.posix_acl_access", "system.posix_acl_default" };

static bool is_directory(const struct model_node *node)
{
	return (node->mode & 0170000) == 0040000;
}

static bool is_file(const struct model_node *node)
{
	return (node->mode & 0170000) == 0100000;
}

void model_init(struct model *model)
{
	memset(model, 0, sizeof *model);
	model->nodes[0] = (struct model_node){ .inode = 1, .mode = 040755, .links = 2, .parent = 1 };
}

void model_fini(struct model *model)
{
	for (u32 i = 0; i < MODEL_NODES; i++)
		free(model->nodes[i].data);
}

void model_copy(struct model *to, const struct model *from)
{
	*to = *from;
	for (u32 i = 0; i < MODEL_NODES; i++) {
		if (!from->nodes[i].data)
			continue;
		to->nodes[i].data = malloc(from->nodes[i].size + 1);
		if (!to->nodes[i].data)
			abort();
		memcpy(to->nodes[i].data, from->nodes[i].data, from->nodes[i].size);
	}
}

struct model_node *model_node(struct model *model, u64 inode)
{
	for (u32 i = 0; i < MODEL_NODES; i++)
		if (inode && model->nodes[i].inode == inode)
			return &model->nodes[i];
	return nullptr;
}

// One that there must be: a name leads there, or it is the parent of another.
static struct model_node *node_known(struct model *model, u64 inode)
{
	struct model_node *node = model_node(model, inode);
	assert(node);
	return node;
}

struct model_name *model_name(struct model *model, u64 directory, const char *name)
{
	for (u32 i = 0; i < MODEL_NAMES; i++)
		if (model->names[i].directory == directory && !strcmp(model->names[i].name, name))
			return &model->names[i];
	return nullptr;
}

u64 model_entries(const struct model *model, u64 directory)
{
	u64 count = 0;
	for (u32 i = 0; i < MODEL_NAMES; i++)
		count += model->names[i].directory == directory;
	return count;
}

static struct model_name *free_name(struct model *model)
{
	for (u32 i = 0; i < MODEL_NAMES; i++)
		if (!model->names[i].directory)
			return &model->names[i];
	abort(); // the generator keeps below this
}

static err_t check_new(struct model *model, u64 directory, const char *name)
{
	struct model_node *parent = model_node(model, directory);
	if (!parent)
		return ERR_NOT_FOUND;
	if (!is_directory(parent))
		return ERR_NOT_DIRECTORY;
	return model_name(model, directory, name) ? ERR_EXISTS : OK;
}

static void add_name(struct model *model, u64 directory, const char *name, u64 inode)
{
	struct model_name *entry = free_name(model);
	entry->directory = directory;
	entry->inode = inode;
	strncpy(entry->name, name, MODEL_NAME - 1);
}

err_t model_create(struct model *model, u64 directory, const char *name, u32 mode, u64 inode)
{
	TRY(check_new(model, directory, name));
	struct model_node *node = nullptr;
	for (u32 i = 0; i < MODEL_NODES && !node; i++)
		if (!model->nodes[i].inode)
			node = &model->nodes[i];
	if (!node)
		abort();
	*node = (struct model_node){ .inode = inode, .mode = mode, .links = 1 };
	if (is_directory(node)) {
		node->links = 2;
		node->parent = directory;
		node_known(model, directory)->links++;
	}
	add_name(model, directory, name, inode);
	return OK;
}

err_t model_link(struct model *model, u64 inode, u64 directory, const char *name)
{
	struct model_node *node = model_node(model, inode);
	if (!node)
		return ERR_NOT_FOUND;
	if (is_directory(node))
		return ERR_IS_DIRECTORY;
	TRY(check_new(model, directory, name));
	node->links++;
	add_name(model, directory, name, inode);
	return OK;
}

static void drop_node(struct model *model, struct model_node *node)
{
	if (is_directory(node)) {
		node_known(model, node->parent)->links--;
		node->links = 0;
	} else {
		node->links--;
	}
	if (node->links)
		return;
	free(node->data);
	*node = (struct model_node){};
}

err_t model_unlink(struct model *model, u64 directory, const char *name, bool wants_directory)
{
	struct model_node *parent = model_node(model, directory);
	if (!parent)
		return ERR_NOT_FOUND;
	if (!is_directory(parent))
		return ERR_NOT_DIRECTORY;
	struct model_name *entry = model_name(model, directory, name);
	if (!entry)
		return ERR_NOT_FOUND;
	struct model_node *node = node_known(model, entry->inode);
	if (is_directory(node) != wants_directory)
		return wants_directory ? ERR_NOT_DIRECTORY : ERR_IS_DIRECTORY;
	if (wants_directory && model_entries(model, node->inode))
		return ERR_NOT_EMPTY;
	*entry = (struct model_name){};
	drop_node(model, node);
	return OK;
}

static bool is_below(struct model *model, u64 directory, u64 top)
{
	while (directory != 1 && directory != top)
		directory = node_known(model, directory)->parent;
	return directory == top;
}

static void move_directory(struct model *model, struct model_node *node, u64 to)
{
	if (!is_directory(node))
		return;
	node_known(model, node->parent)->links--;
	node_known(model, to)->links++;
	node->parent = to;
}

// Would this directory lie below itself?
static bool makes_circle(struct model *model, const struct model_node *node, u64 directory)
{
	return is_directory(node) && is_below(model, directory, node->inode);
}

static void exchange(struct model *model, struct model_name *source, struct model_name *target)
{
	u64 inode = source->inode, from = source->directory, to = target->directory;
	source->inode = target->inode;
	target->inode = inode;
	move_directory(model, node_known(model, inode), to);
	move_directory(model, node_known(model, source->inode), from);
}

static err_t check_parents(
	const struct model_node *_Nullable from, const struct model_node *_Nullable to)
{
	if (!from || !to)
		return ERR_NOT_FOUND;
	return is_directory(from) && is_directory(to) ? OK : ERR_NOT_DIRECTORY;
}

err_t model_rename(struct model *model, struct model_place from, struct model_place to, u32 flags)
{
	TRY(check_parents(model_node(model, from.directory), model_node(model, to.directory)));
	struct model_name *source = model_name(model, from.directory, from.name);
	struct model_name *target = model_name(model, to.directory, to.name);
	if (!source)
		return ERR_NOT_FOUND;
	if (flags & RENAMES_NO_REPLACE && target)
		return ERR_EXISTS;
	if (flags & RENAMES_EXCHANGE && !target)
		return ERR_NOT_FOUND;
	struct model_node *node = node_known(model, source->inode);
	struct model_node *other = target ? node_known(model, target->inode) : nullptr;
	if (other && !(flags & RENAMES_EXCHANGE) && is_directory(other) != is_directory(node))
		return is_directory(other) ? ERR_IS_DIRECTORY : ERR_NOT_DIRECTORY;
	if (makes_circle(model, node, to.directory) ||
		(other && flags & RENAMES_EXCHANGE && makes_circle(model, other, from.directory)))
		return ERR_INVALID;
	if (other == node)
		return OK;
	if (flags & RENAMES_EXCHANGE) {
		exchange(model, source, target);
		return OK;
	}
	if (other && is_directory(other) && model_entries(model, other->inode))
		return ERR_NOT_EMPTY;
	if (other) {
		*target = (struct model_name){};
		drop_node(model, other);
	}
	*source = (struct model_name){};
	add_name(model, to.directory, to.name, node->inode);
	move_directory(model, node, to.directory);
	return OK;
}

static err_t find_file(struct model *model, u64 inode, struct model_node **out)
{
	struct model_node *node = model_node(model, inode);
	if (!node)
		return ERR_NOT_FOUND;
	if (!is_file(node))
		return is_directory(node) ? ERR_IS_DIRECTORY : ERR_INVALID;
	*out = node;
	return OK;
}

static void resize(struct model_node *node, u64 size)
{
	if (size > MODEL_FILE_MAX)
		abort();
	u8 *data = realloc(node->data, size ? size : 1);
	if (!data)
		abort();
	if (size > node->size)
		memset(data + node->size, 0, size - node->size);
	node->data = data;
	node->size = size;
}

err_t model_write(struct model *model, u64 inode, u64 offset, view_t from)
{
	struct model_node *node;
	TRY(find_file(model, inode, &node));
	if (!from.size)
		return OK;
	if (offset + from.size > node->size)
		resize(node, offset + from.size);
	memcpy(node->data + offset, from.data, from.size);
	return OK;
}

err_t model_truncate(struct model *model, u64 inode, u64 size)
{
	struct model_node *node;
	TRY(find_file(model, inode, &node));
	resize(node, size);
	return OK;
}

err_t model_punch(struct model *model, u64 inode, u64 offset, u64 size)
{
	struct model_node *node;
	TRY(find_file(model, inode, &node));
	if (offset < node->size)
		memset(node->data + offset, 0, size < node->size - offset ? size : node->size - offset);
	return OK;
}

void model_set_target(struct model *model, u64 inode, view_t target)
{
	struct model_node *node = node_known(model, inode);
	resize(node, target.size);
	memcpy(node->data, target.data, target.size);
}

struct model_xattr model_xattr_of(view_t value)
{
	struct model_xattr xattr = { .size = (u32)value.size + 1, .hash = hash_view(value, 0) };
	memcpy(&xattr.start, value.data,
		value.size < sizeof xattr.start ? value.size : sizeof xattr.start);
	return xattr;
}

err_t model_set_xattr(struct model *model, u64 inode, u32 which, view_t value)
{
	struct model_node *node = model_node(model, inode);
	if (!node)
		return ERR_NOT_FOUND;
	node->xattrs[which] = model_xattr_of(value);
	return OK;
}

err_t model_remove_xattr(struct model *model, u64 inode, u32 which)
{
	struct model_node *node = model_node(model, inode);
	if (!node || !node->xattrs[which].size)
		return ERR_NOT_FOUND;
	node->xattrs[which] = (struct model_xattr){};
	return OK;
}

static u64 hash_node(const struct model_node *node)
{
	u64 hash = hash_pair(node->inode, node->mode);
	hash = hash_pair(hash, node->links);
	hash = hash_pair(hash, node->parent);
	if (!is_file(node) && !is_directory(node))
		hash = hash_pair(hash, model_hash_file(node));
	for (u32 i = 0; i < MODEL_XATTRS; i++)
		hash = hash_view(view_of(node->xattrs[i]), hash);
	return hash;
}

u64 model_hash_names(const struct model *model)
{
	u64 sum = 0;
	for (u32 i = 0; i < MODEL_NODES; i++)
		if (model->nodes[i].inode)
			sum += hash_node(&model->nodes[i]);
	for (u32 i = 0; i < MODEL_NAMES; i++)
		if (model->names[i].directory)
			sum += hash_view(view_of(model->names[i]), 7);
	return sum;
}

u64 model_hash_file(const struct model_node *node)
{
	return hash_pair(checksum(view_from(node->data, node->size), 11).word[0], node->size);
}

// SPDX-License-Identifier: MIT
// scan.c - a pool's tree read back as a model, directory by directory, and compared.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/sinter/operate.h"

static bool scan_contents(struct sinter *pool, struct dataset *dataset, struct model_node *node)
{
	usize got = 0;
	u32 type = node->mode & 0170000;
	if (type != 0100000 && type != 0120000) {
		node->size = 0;
		return true;
	}
	if (node->size > MODEL_FILE_MAX)
		return false;
	node->data = malloc(node->size ? node->size : 1);
	if (!node->data)
		abort();
	span_t to = span_from(node->data, node->size);
	err_t err = type == 0100000
	                ? world_read(pool, (struct world_file){ dataset, node->inode }, 0, to, &got)
	                : WAIT(pool, sinter_read_link(dataset, node->inode, to, &got));
	node->is_unreadable = err == ERR_CORRUPT;
	return node->is_unreadable || (err == OK && got == node->size);
}

static bool scan_xattrs(struct sinter *pool, struct dataset *dataset, struct model_node *node)
{
	for (u32 i = 0; i < MODEL_XATTRS; i++) {
		static u8 value[XATTR_VALUE_MAX];
		usize size;
		err_t err = WAIT(pool, sinter_xattr_get(dataset, node->inode,
								   view_cstring(model_xattr_names[i]), span_of(value), &size));
		if (err == OK)
			node->xattrs[i] = model_xattr_of(view_from(value, size));
		else if (err != ERR_NOT_FOUND)
			return false;
	}
	return true;
}

static bool scan_node(struct sinter *pool, struct dataset *dataset, struct model *model, u64 inode)
{
	struct inode_record attributes;
	struct model_node *node = nullptr;
	if (model_node(model, inode))
		return true;
	for (u32 i = 0; i < MODEL_NODES && !node; i++)
		if (!model->nodes[i].inode)
			node = &model->nodes[i];
	if (!node || WAIT(pool, sinter_attributes(dataset, inode, &attributes)) != OK)
		return false;
	*node = (struct model_node){
		.inode = inode, .mode = attributes.mode, .links = attributes.links, .size = attributes.size
	};
	if ((node->mode & 0170000) == 040000 &&
		WAIT(pool, sinter_parent(dataset, inode, &node->parent)) != OK)
		return false;
	return scan_contents(pool, dataset, node) && scan_xattrs(pool, dataset, node);
}

static bool scan_directory(
	struct sinter *pool, struct dataset *dataset, struct model *model, u64 directory)
{
	struct sinter_entry entry = {};
	for (u32 i = 0; i < MODEL_NAMES; i++) {
		err_t err = WAIT(pool, sinter_read_directory(dataset, directory, entry.cookie, &entry));
		if (err != OK)
			return err == ERR_NOT_FOUND;
		while (i < MODEL_NAMES && model->names[i].directory)
			i++;
		if (i == MODEL_NAMES || entry.name_size >= MODEL_NAME)
			return false;
		model->names[i].directory = directory;
		model->names[i].inode = entry.inode;
		memcpy(model->names[i].name, entry.name, entry.name_size);
		if (!scan_node(pool, dataset, model, entry.inode))
			return false;
	}
	return false;
}

bool operate_scan(struct sinter *pool, struct dataset *dataset, struct model *out)
{
	memset(out, 0, sizeof *out);
	if (!scan_node(pool, dataset, out, INODE_ROOT))
		return false;
	for (u32 i = 0; i < MODEL_NODES; i++) // children come behind their directories
		if (out->nodes[i].inode && (out->nodes[i].mode & 0170000) == 040000 &&
			!scan_directory(pool, dataset, out, out->nodes[i].inode))
			return false;
	return true;
}

static bool compare_files(struct model *found, struct model *model)
{
	for (u32 i = 0; i < MODEL_NODES; i++) {
		struct model_node *node = &model->nodes[i];
		if (!node->inode || (node->mode & 0170000) != 0100000)
			continue;
		struct model_node *other = model_node(found, node->inode);
		if (other && !other->is_unreadable && other->size == node->size &&
			model_hash_file(other) == model_hash_file(node))
			continue;
		printf("inode %llu has other contents\n", (unsigned long long)node->inode);
		return false;
	}
	return true;
}

bool operate_compare(struct sinter *pool, struct dataset *dataset, struct model *model)
{
	struct model *found = calloc(1, sizeof *found);
	if (!found)
		abort();
	bool is_good = operate_scan(pool, dataset, found);
	if (!is_good)
		printf("the tree cannot be read\n");
	if (is_good && model_hash_names(found) != model_hash_names(model)) {
		printf("names or attributes differ\n");
		is_good = false;
	}
	is_good = is_good && compare_files(found, model);
	model_fini(found);
	free(found);
	return is_good;
}

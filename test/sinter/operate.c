// SPDX-License-Identifier: MIT
// operate.c - operations on both, and their random choice.
#include "test/sinter/operate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sinter/check.h"

static u8 bytes[MODEL_FILE_MAX];

static const char *const kind_names[OP_KINDS] = { "create", "mkdir", "symlink", "fifo", "link",
	"unlink", "rmdir", "rename", "exchange", "no-replace", "write", "truncate", "punch", "chmod",
	"xattr", "rmxattr", "fsync", "sync", "rollback", "create for the owner", "mkdir for the owner",
	"list to hand on", "list and mode" };

const char *op_name(enum op_kind kind)
{
	return kind_names[kind];
}

void op_print(const struct op *op)
{
	printf("  %s inode=%llu dir=%llu/%s dir2=%llu/%s offset=%llu size=%llu value=%u\n",
		op_name(op->kind), (unsigned long long)op->inode, (unsigned long long)op->directory,
		op->name, (unsigned long long)op->directory2, op->name2, (unsigned long long)op->offset,
		(unsigned long long)op->size, op->value);
}

static u64 pick_node(struct random *random, struct model *model, u32 type)
{
	u64 found = type == 040000 ? 1 : 0;
	u32 seen = 0;
	for (u32 i = 0; i < MODEL_NODES; i++) {
		const struct model_node *node = &model->nodes[i];
		if (node->inode && (!type || (node->mode & 0170000) == type) &&
			random_below(random, ++seen) == 0)
			found = node->inode;
	}
	return found;
}

// Mostly a name that is there.
static void pick_name(struct random *random, struct model *model, const struct ops_limits *limits,
	u64 *directory, char *name)
{
	u32 seen = 0;
	*directory = pick_node(random, model, 040000);
	snprintf(name, MODEL_NAME, "n%u", (u32)random_below(random, limits->names));
	if (random_below(random, 4) == 0)
		return;
	for (u32 i = 0; i < MODEL_NAMES; i++) {
		if (!model->names[i].directory || random_below(random, ++seen))
			continue;
		*directory = model->names[i].directory;
		memcpy(name, model->names[i].name, MODEL_NAME);
	}
}

static u32 count_nodes(const struct model *model)
{
	u32 count = 0;
	for (u32 i = 0; i < MODEL_NODES; i++)
		count += model->nodes[i].inode != 0;
	return count;
}

static u32 count_names(const struct model *model)
{
	u32 count = 0;
	for (u32 i = 0; i < MODEL_NAMES; i++)
		count += model->names[i].directory != 0;
	return count;
}

static enum op_kind pick_kind(
	struct random *random, struct model *model, const struct ops_limits *limits)
{
	static const u8 weights[OP_KINDS] = { 14, 6, 3, 1, 4, 10, 4, 9, 3, 2, 24, 9, 6, 4, 5, 2, 6, 1,
		0 };
	u32 sum = 0;
	for (u32 i = 0; i < OP_KINDS; i++)
		sum += weights[i];
	while (true) {
		u64 at = random_below(random, sum);
		u32 kind = 0;
		while (at >= weights[kind])
			at -= weights[kind++];
		if (kind <= OP_LINK &&
			(count_nodes(model) >= limits->nodes || count_names(model) >= MODEL_NAMES - 2))
			continue;
		return (enum op_kind)kind;
	}
}

struct op op_random(struct random *random, struct model *model, const struct ops_limits *limits)
{
	struct op op = { .kind = pick_kind(random, model, limits) };
	pick_name(random, model, limits, &op.directory, op.name);
	pick_name(random, model, limits, &op.directory2, op.name2);
	if (op.kind <= OP_LINK || (op.kind == OP_RENAME && random_below(random, 2)))
		snprintf(op.name2, MODEL_NAME, "n%u", (u32)random_below(random, limits->names));
	if (op.kind <= OP_LINK)
		memcpy(op.name, op.name2, MODEL_NAME);
	bool is_on_file = op.kind >= OP_WRITE && op.kind <= OP_PUNCH;
	op.inode = pick_node(random, model, is_on_file ? 0100000 : 0);
	op.value = (u32)random_u64(random);
	u64 scale = random_below(random, 3) ? 9000 : limits->file_max;
	if (scale > limits->file_max)
		scale = limits->file_max;
	op.offset = random_below(random, scale);
	op.size = 1 + random_below(random, scale - op.offset);
	if (random_below(random, 3) == 0)
		op.offset &= ~(u64)4095;
	return op;
}

static view_t op_bytes(const struct op *op)
{
	struct random random;
	random_init(&random, op->value);
	u64 size = op->size < MODEL_FILE_MAX ? op->size : MODEL_FILE_MAX;
	random_fill(&random, span_from(bytes, size));
	if (op->value % 3 == 0) // something to compress
		memset(bytes, (int)(op->value & 255), size / 2);
	return view_from(bytes, size);
}

static err_t create(const struct op *op, struct sinter *pool, struct dataset *dataset,
	struct model *model, err_t *expected)
{
	static const u32 modes[OP_KINDS] = { [OP_CREATE] = 0100644,
		[OP_MKDIR] = 040755,
		[OP_SYMLINK] = 0120777,
		[OP_FIFO] = 010600,
		[OP_OWN_FILE] = 0100600,
		[OP_OWN_DIRECTORY] = 040700 };
	char target[64];
	struct sinter_new what = { .mode = modes[op->kind], .user = op->value & 7 };
	u64 inode = 0;
	snprintf(target, sizeof target, "../somewhere/%u", op->value);
	if (op->kind == OP_SYMLINK)
		what.target = view_cstring(target);
	err_t err =
		WAIT(pool, sinter_create(dataset, op->directory, view_cstring(op->name), &what, &inode));
	if (err == ERR_NO_SPACE)
		return err;
	*expected = model_create(model, op->directory, op->name, what.mode, inode);
	if (*expected == OK && op->kind == OP_SYMLINK)
		model_set_target(model, inode, what.target);
	return err;
}

static err_t rename_both(const struct op *op, struct sinter *pool, struct dataset *dataset,
	struct model *model, err_t *expected)
{
	u32 flags = op->kind == OP_EXCHANGE     ? (u32)RENAMES_EXCHANGE
	            : op->kind == OP_NO_REPLACE ? (u32)RENAMES_NO_REPLACE
	                                        : 0;
	struct sinter_name from = { op->directory, view_cstring(op->name) };
	struct sinter_name to = { op->directory2, view_cstring(op->name2) };
	err_t err = WAIT(pool, sinter_rename(dataset, from, to, flags));
	if (err != ERR_NO_SPACE)
		*expected = model_rename(model, (struct model_place){ op->directory, op->name },
			(struct model_place){ op->directory2, op->name2 }, flags);
	return err;
}

static err_t punch(struct sinter *pool, struct dataset *dataset, const struct op *op)
{
	u64 at = op->offset, end = op->offset + op->size;
	while (at < end)
		TRY(WAIT(pool, sinter_punch(dataset, op->inode, at, end - at, &at)));
	return OK;
}

static err_t contents(const struct op *op, struct sinter *pool, struct dataset *dataset,
	struct model *model, err_t *expected)
{
	struct world_file file = { dataset, op->inode };
	err_t err;
	switch (op->kind) {
	case OP_WRITE: err = world_write(pool, file, op->offset, op_bytes(op)); break;
	case OP_TRUNCATE: err = WAIT(pool, sinter_truncate(dataset, op->inode, op->offset)); break;
	default: err = punch(pool, dataset, op);
	}
	if (err == ERR_NO_SPACE)
		return err;
	switch (op->kind) {
	case OP_WRITE: *expected = model_write(model, op->inode, op->offset, op_bytes(op)); break;
	case OP_TRUNCATE: *expected = model_truncate(model, op->inode, op->offset); break;
	default: *expected = model_punch(model, op->inode, op->offset, op->size);
	}
	return err;
}

// Most are small; one of eight does not fit into its item, and one of forty may be of any size.
static view_t xattr_bytes(const struct op *op)
{
	struct op large = *op;
	u32 value = op->value / 7;
	if (value % 8)
		return view_clamp(view_of(*op), 0, value / 8 % 64);
	large.size = 4050 + value / 64 % (value / 8 % 5 ? 14000 : XATTR_VALUE_MAX - 4049);
	return op_bytes(&large);
}

static err_t attributes(const struct op *op, struct sinter *pool, struct dataset *dataset,
	struct model *model, err_t *expected)
{
	u32 which = op->value % MODEL_ANY_XATTRS;
	view_t name = view_cstring(model_xattr_names[which]);
	view_t value = xattr_bytes(op);
	struct model_node *node = model_node(model, op->inode);
	struct inode_record values = { .mode = op->value & 07777 };
	struct sinter_xattr change = { .name = name,
		.value = value,
		.how = op->kind == OP_XATTR ? XATTRS_SET : XATTRS_REMOVE,
		.sets_mode = op->value % 3 == 0,
		.mode = values.mode };
	err_t err;
	switch (op->kind) {
	case OP_CHMOD:
		err = WAIT(pool, sinter_set_attributes(dataset, op->inode, &values, ATTRIBUTE_MODE));
		*expected = node ? OK : ERR_NOT_FOUND;
		if (node && err == OK)
			node->mode = (node->mode & 0170000) | values.mode;
		return err;
	default:
		err = WAIT(pool, sinter_xattr_change(dataset, op->inode, &change));
		if (err == ERR_NO_SPACE)
			return err;
		*expected = op->kind == OP_XATTR ? model_set_xattr(model, op->inode, which, value)
		                                 : model_remove_xattr(model, op->inode, which);
		if (err == OK && node && change.sets_mode)
			node->mode = (node->mode & 0170000) | values.mode;
		return err;
	}
}

// As the mount gives lists to what it has made.
static err_t give_list(const struct op *op, struct sinter *pool, struct dataset *dataset,
	struct model *model, err_t *expected)
{
	bool is_own = op->kind == OP_LIST;
	u32 which = is_own ? MODEL_LIST : MODEL_HANDED_ON;
	struct model_node *node = model_node(model, op->inode);
	struct sinter_xattr change = { .name = view_cstring(model_xattr_names[which]),
		.value = view_of(op->value),
		.sets_mode = is_own,
		.mode = op->value };
	err_t err = WAIT(pool, sinter_xattr_change(dataset, op->inode, &change));
	if (err == ERR_NO_SPACE)
		return err;
	*expected = model_set_xattr(model, op->inode, which, change.value);
	if (err == OK && node && is_own)
		node->mode = (node->mode & 0170000) | op->value;
	return err;
}

static err_t apply(const struct op *op, struct sinter *pool, struct dataset *dataset,
	struct model *model, err_t *expected)
{
	view_t name = view_cstring(op->name);
	err_t err;
	switch (op->kind) {
	case OP_CREATE:
	case OP_MKDIR:
	case OP_SYMLINK:
	case OP_FIFO:
	case OP_OWN_FILE:
	case OP_OWN_DIRECTORY: return create(op, pool, dataset, model, expected);
	case OP_HAND_ON:
	case OP_LIST: return give_list(op, pool, dataset, model, expected);
	case OP_LINK:
		err = WAIT(pool, sinter_link(dataset, op->inode, op->directory, name));
		if (err != ERR_NO_SPACE)
			*expected = model_link(model, op->inode, op->directory, op->name);
		return err;
	case OP_UNLINK:
	case OP_RMDIR:
		err = WAIT(pool, sinter_unlink(dataset, op->directory, name, op->kind == OP_RMDIR));
		*expected = model_unlink(model, op->directory, op->name, op->kind == OP_RMDIR);
		return err;
	case OP_RENAME:
	case OP_EXCHANGE:
	case OP_NO_REPLACE: return rename_both(op, pool, dataset, model, expected);
	case OP_WRITE:
	case OP_TRUNCATE:
	case OP_PUNCH: return contents(op, pool, dataset, model, expected);
	case OP_CHMOD:
	case OP_XATTR:
	case OP_RMXATTR: return attributes(op, pool, dataset, model, expected);
	case OP_FSYNC: return world_fsync(pool, dataset, op->inode);
	case OP_SYNC: return world_sync(pool);
	case OP_ROLLBACK:
	case OP_KINDS: break;
	}
	abort();
}

bool op_apply(const struct op *op, struct sinter *pool, struct dataset *dataset,
	struct model *model, bool *is_full)
{
	err_t expected = OK;
	err_t err = apply(op, pool, dataset, model, &expected);
	*is_full = err == ERR_NO_SPACE;
	if (*is_full || err == expected)
		return true;
	printf("answers %s, expected %s:\n", err_name(err), err_name(expected));
	op_print(op);
	return false;
}

static void complain(void *context, view_t sentence)
{
	struct sinter_check *check = context;
	if (check->complaints <= 10 && check->complaints > check->bad_copies)
		printf("check: %.*s\n", (int)sentence.size, (const char *)sentence.data);
}

bool operate_check(struct sinter *pool, bool forgives_bad_copies)
{
	struct sinter_check check = { .complain = complain };
	check.context = &check;
	err_t err = sinter_check(pool, &check);
	if (err != OK)
		printf("check: %s\n", err_name(err));
	return err == OK && check.complaints == (forgives_bad_copies ? check.bad_copies : 0);
}

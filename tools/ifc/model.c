// SPDX-License-Identifier: MIT
// model.c - the model's life, look-ups, and the names that the system gives us.
#include "tools/ifc/model.h"

#include <stdarg.h>
#include <stdio.h>

const char object_kinds[] = " any process thread memory port connection stream quota timer"
							" interrupt resource iommu_domain reply ";
const char right_names[] = " read write exec map dup transfer signal wait manage call serve debug"
						   " pin resize ";
const char error_names[] =
	" invalid bad_handle wrong_type rights revoked fault range no_memory quota timed_out"
	" interrupted cancelled closed restarted gone would_block exists not_found unsupported busy"
	" state too_big corrupt page_needed level depth unknown_call alignment device io "
	"not_directory is_directory not_empty loop no_space read_only cross_device not_owner "
	"background ";

static void add_scalar(struct model *model, const char *name, u32 size, bool is_signed)
{
	struct type *type = arena_take(&model->arena, sizeof(*type));
	*type = (struct type){ .name = name_make(&model->arena, name),
		.kind = TYPE_SCALAR,
		.is_signed = is_signed,
		.size = size,
		.align = size,
		.c_name = name };
	model_add_type(model, type);
}

void model_init(struct model *model, const char *file)
{
	*model = (struct model){ .file = file };
	add_scalar(model, "u8", 1, false);
	add_scalar(model, "u16", 2, false);
	add_scalar(model, "u32", 4, false);
	add_scalar(model, "u64", 8, false);
	add_scalar(model, "i32", 4, true);
	add_scalar(model, "i64", 8, true);
}

void model_fini(struct model *model)
{
	arena_fini(&model->arena);
}

void model_problem(struct model *model, u32 line, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fprintf(stderr, "%s:%u: ", model->file, line);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
	model->problems++;
}

struct type *model_type(const struct model *model, const char *name)
{
	for (struct type *type = model->types; type != nullptr; type = type->next)
		if (text_same(type->name.text, name))
			return type;
	return nullptr;
}

struct constant *model_constant(const struct model *model, const char *name)
{
	for (struct constant *item = model->constants; item != nullptr; item = item->next)
		if (text_same(item->name.text, name))
			return item;
	return nullptr;
}

void model_add_type(struct model *model, struct type *type)
{
	struct type **end = &model->types;
	while (*end != nullptr)
		end = &(*end)->next;
	*end = type;
}

bool type_is_checked(const struct type *type)
{
	if (type->kind == TYPE_ENUM || type->kind == TYPE_FLAGS)
		return true;
	for (const struct field *field = type->fields; field != nullptr; field = field->next)
		if (type_is_checked(field->type))
			return true;
	return false;
}

u64 type_mask(const struct type *type)
{
	u64 all = 0, largest = 0;
	for (const struct value *value = type->values; value != nullptr; value = value->next) {
		all |= value->number;
		largest = value->number > largest ? value->number : largest;
	}
	if (type->kind == TYPE_SCALAR)
		return type->size == 8 ? UINT64_MAX : (1ull << type->size * 8) - 1;
	return type->kind == TYPE_FLAGS ? all : largest;
}

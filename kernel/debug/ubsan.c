// SPDX-License-Identifier: MIT
// ubsan.c - what -fsanitize=undefined calls when the kernel did what C leaves undefined: says what
// and where, and panics. The compiler passes constant data (place, types) and the values at hand.
// Layouts: the interface of clang's UndefinedBehaviorSanitizer runtime.
#include "kernel/panic.h"
#include "lib/base/unsafe.h"

#include "abi/types.h"

NONNULL_BEGIN

struct place {
	const char *file;
	u32 line;
	u32 column;
};

enum type_kind : u16 { TYPE_INTEGER = 0, TYPE_FLOAT = 1 };

struct type {
	u16 kind;
	u16 info; // integers: bit 0: signed; above: log2 of the width in bits
	char name[];
};

typedef uintptr_t value_t; // the value itself if it fits, else its address

struct at_place {
	struct place place;
};

struct with_type {
	struct place place;
	const struct type *type;
};

struct with_types {
	struct place place;
	const struct type *left;
	const struct type *right;
};

struct alignment_data {
	struct place place;
	struct place assumed;
	const struct type *type;
};

struct mismatch_data {
	struct place place;
	const struct type *type;
	u8 log2_alignment;
	u8 kind;
};

struct argument_data {
	struct place place;
	struct place attribute;
	i32 argument;
};

struct builtin_data {
	struct place place;
	u8 kind;
};

// Sign-extended, as far as a word can hold it.
static i64 number(const struct type *type, value_t value)
{
	u32 bits = 1u << (type->info >> 1);
	if (type->kind != TYPE_INTEGER || !(type->info & 1) || bits >= 64)
		return (i64)value;
	u32 shift = 64 - bits;
	return (i64)((u64)value << shift) >> shift;
}

// A panic's own mistakes must not hide its words.
#define COMPLAIN(where, text, ...)                                                                 \
	do {                                                                                           \
		if (!panic_is_on())                                                                        \
			panic("UBSan: %s:%u:%u: " text, (where).file, (where).line,                            \
				(where).column __VA_OPT__(, ) __VA_ARGS__);                                        \
	} while (false)

// A function of the compiler's: with a prototype, for the warnings.
#define HANDLER(name, ...)                                                                         \
	void __ubsan_handle_##name(__VA_ARGS__);                                                       \
	void __ubsan_handle_##name(__VA_ARGS__)

HANDLER(add_overflow, const struct with_type *data, value_t left, value_t right)
{
	COMPLAIN(data->place, "overflow: %ld + %ld in %s", number(data->type, left),
		number(data->type, right), data->type->name);
}

HANDLER(sub_overflow, const struct with_type *data, value_t left, value_t right)
{
	COMPLAIN(data->place, "overflow: %ld - %ld in %s", number(data->type, left),
		number(data->type, right), data->type->name);
}

HANDLER(mul_overflow, const struct with_type *data, value_t left, value_t right)
{
	COMPLAIN(data->place, "overflow: %ld * %ld in %s", number(data->type, left),
		number(data->type, right), data->type->name);
}

HANDLER(negate_overflow, const struct with_type *data, value_t value)
{
	COMPLAIN(data->place, "overflow: -(%ld) in %s", number(data->type, value), data->type->name);
}

HANDLER(divrem_overflow, const struct with_type *data, value_t left, value_t right)
{
	COMPLAIN(data->place, "division: %ld / %ld in %s", number(data->type, left),
		number(data->type, right), data->type->name);
}

HANDLER(shift_out_of_bounds, const struct with_types *data, value_t left, value_t right)
{
	COMPLAIN(data->place, "shift of %ld (%s) by %ld", number(data->left, left), data->left->name,
		number(data->right, right));
}

HANDLER(out_of_bounds, const struct with_types *data, value_t index)
{
	COMPLAIN(data->place, "index %ld in %s", number(data->right, index), data->left->name);
}

HANDLER(local_out_of_bounds, void)
{
	if (!panic_is_on())
		panic("UBSan: index outside of a local array");
}

HANDLER(type_mismatch_v1, const struct mismatch_data *data, uintptr_t pointer)
{
	const char *what = "too small a place";
	if (!pointer)
		what = "null pointer";
	else if (pointer & ((1ull << data->log2_alignment) - 1))
		what = "misaligned pointer";
	COMPLAIN(data->place, "%s %p used as %s", what, pointer, data->type->name);
}

HANDLER(alignment_assumption, const struct alignment_data *data, uintptr_t pointer,
	uintptr_t alignment, uintptr_t offset)
{
	COMPLAIN(data->place, "pointer %p + %lx was promised to be aligned to %lx", pointer, offset,
		alignment);
}

HANDLER(pointer_overflow, const struct at_place *data, uintptr_t base, uintptr_t result)
{
	COMPLAIN(data->place, "pointer arithmetic from %p to %p", base, result);
}

HANDLER(load_invalid_value, const struct with_type *data, value_t value)
{
	COMPLAIN(data->place, "%ld is no value of %s", number(data->type, value), data->type->name);
}

HANDLER(float_cast_overflow, const struct with_types *data, [[maybe_unused]] value_t from)
{
	COMPLAIN(data->place, "%s does not fit into %s", data->left->name, data->right->name);
}

HANDLER(vla_bound_not_positive, const struct with_type *data, value_t bound)
{
	COMPLAIN(data->place, "array of %ld elements", number(data->type, bound));
}

HANDLER(nonnull_arg, const struct argument_data *data)
{
	COMPLAIN(data->place, "null as argument %d", data->argument);
}

HANDLER(nonnull_return_v1, const struct at_place *data, const struct place *place)
{
	(void)data;
	COMPLAIN(*place, "null returned");
}

HANDLER(invalid_builtin, const struct builtin_data *data)
{
	COMPLAIN(data->place, "zero given to count bits of (builtin %u)", data->kind);
}

// After these two there is no code to return to.
HANDLER(builtin_unreachable, const struct at_place *data)
{
	panic("UBSan: %s:%u: the unreachable was reached", data->place.file, data->place.line);
}

HANDLER(missing_return, const struct at_place *data)
{
	panic("UBSan: %s:%u: a function ends without a value", data->place.file, data->place.line);
}

NONNULL_END

// SPDX-License-Identifier: MIT
// model.h - an interface file, understood: types with their layout, calls with the register or the
// message slot of each parameter. The parser fills it, the check completes it, emitters read it.
#pragma once

#include "tools/ifc/text.h"

enum type_kind : u8 { TYPE_SCALAR, TYPE_ENUM, TYPE_FLAGS, TYPE_STRUCT };

struct value {
	struct name name;
	u64 number;
	struct value *next;
};

struct field {
	struct name name;
	const struct type *type;
	u64 count; // array length, 0: no array
	u32 offset;
	struct field *next;
};

struct type {
	struct name name;
	enum type_kind kind;
	bool is_signed;
	u32 line;
	u32 size, align;
	const char *c_name;      // "u32", "enum block_op", "struct block_info"
	const char *symbol;      // "block_op": prefix of functions
	const char *constant;    // "BLOCK_OP": prefix of constants
	const struct type *base; // of enum and flags
	struct value *values;
	struct field *fields;
	struct text_list *doc;
	struct type *next;
};

struct constant {
	struct name name;
	const struct type *type;
	u64 number;
	struct text_list *doc;
	struct constant *next;
};

struct event {
	struct name name;
	u64 bit;
	struct text_list *doc;
	struct event *next;
};

enum parameter_kind : u8 {
	PARAMETER_VALUE,   // scalar, enum, flags; in protocols also struct
	PARAMETER_ADDRESS, // u64 address in the caller's space
	PARAMETER_HANDLE,
	PARAMETER_BUFFER, // syscalls: two registers
	PARAMETER_STRUCT, // syscalls: user pointer
	PARAMETER_LEND,   // protocols
	PARAMETER_RING,   // protocols: a handle to memory that holds a ring of type
};

struct parameter {
	struct name name;
	enum parameter_kind kind;
	bool is_out;             // buffer, struct, lend: the callee writes
	bool is_optional;        // handle: HANDLE_NONE allowed
	bool is_entry;           // handle: the kernel also gets the handle itself
	const struct type *type; // value, struct, ring
	struct name object;      // handle: kind of object; text null: not said
	struct text_list *rights;
	u32 index;  // register, or slot among the message's handles or lends
	u32 offset; // value: in the message's struct
	struct parameter *next;
};

struct shape { // of a message
	u32 bytes, words, handles, lends;
};

struct call {
	struct name name;
	u32 line;
	u32 number;
	bool is_raw, is_later, is_idempotent;
	struct parameter *parameters, *results;
	struct shape request, reply;
	struct text_list *errors;
	struct text_list *doc;
	struct call *next;
};

struct model {
	struct arena arena;
	const char *file; // borrowed
	bool is_protocol;
	struct name name; // protocol's
	u64 version;
	u16 id; // protocol's tag number
	u32 line;
	u32 problems;
	struct text_list *doc;
	struct type *types; // first the scalars
	struct constant *constants;
	struct event *events;
	struct call *calls;
};

constexpr u32 SYSCALL_MAX = 48;
constexpr u32 ARGUMENT_MAX = 6;
constexpr u32 RESULT_MAX = 2;
constexpr u32 WORDS_MAX = 8;
constexpr u32 HANDLES_MAX = 4;
constexpr u32 LENDS_MAX = 4;

extern const char object_kinds[]; // " any process ... ", in the kernel's order
extern const char right_names[];  // as abi/rights.h
extern const char error_names[];  // as abi/errors.h

void model_init(struct model *model, const char *file);
void model_fini(struct model *model);
[[gnu::format(printf, 3, 4)]]
void model_problem(struct model *model, u32 line, const char *format, ...); // file:line: message
struct type *model_type(const struct model *model, const char *name);       // or nullptr
struct constant *model_constant(const struct model *model, const char *name);
void model_add_type(struct model *model, struct type *type);
bool type_is_checked(const struct type *type); // some bit patterns are invalid
u64 type_mask(const struct type *type);        // flags: all known bits; else the largest value

bool parse(struct model *model, const char *source, size_t size, bool is_protocol);
void check_struct(struct model *model, struct type *type);
void check_call(struct model *model, struct call *call);
void check_model(struct model *model);

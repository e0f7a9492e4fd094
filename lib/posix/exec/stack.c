// SPDX-License-Identifier: MIT
// stack.c - see stack.h. Values and order of the auxiliary ones as Linux has them.
#include "lib/posix/exec/stack.h"

#include "lib/base/bits.h"
#include "lib/base/checked.h"
#include "lib/posix/exec/program.h"

enum auxiliary_kind : u64 {
	AT_NULL = 0,
	AT_PHDR = 3,
	AT_PHENT = 4,
	AT_PHNUM = 5,
	AT_PAGESZ = 6,
	AT_BASE = 7,
	AT_FLAGS = 8,
	AT_ENTRY = 9,
	AT_UID = 11,
	AT_EUID = 12,
	AT_GID = 13,
	AT_EGID = 14,
	AT_PLATFORM = 15,
	AT_HWCAP = 16,
	AT_CLKTCK = 17,
	AT_SECURE = 23,
	AT_RANDOM = 25,
	AT_HWCAP2 = 26,
	AT_EXECFN = 31,
	AT_SYSINFO_EHDR = 33,
	AT_MINSIGSTKSZ = 51,
};

constexpr u64 AUXILIARY_MAX = 21; // with AT_NULL
constexpr u64 CLOCK_TICKS = 100;  // USER_HZ
constexpr u64 STACK_ALIGNMENT = 16;
constexpr u64 END_SIZE = 8; // zeros above the last text

static const char PLATFORM[] = "x86_64";

struct auxiliary_value {
	u64 kind, value;
};

struct auxiliary_list {
	struct auxiliary_value value[AUXILIARY_MAX];
	u32 count;
};

static void add(struct auxiliary_list *list, u64 kind, u64 value)
{
	AT(list->value, list->count++) = (struct auxiliary_value){ kind, value };
}

// A value that is not there: 0, then the kind is left out.
static void add_if(struct auxiliary_list *list, u64 kind, u64 value)
{
	if (value)
		add(list, kind, value);
}

// AT_HWCAP2 says no FSGSBASE: GS is the library's.
static void auxiliary_fill(const struct auxiliary *auxiliary, const struct stack_layout *layout,
	struct auxiliary_list *list)
{
	*list = (struct auxiliary_list){};
	add_if(list, AT_SYSINFO_EHDR, auxiliary->vdso);
	add(list, AT_HWCAP, auxiliary->processor);
	add(list, AT_PAGESZ, PAGE_SIZE);
	add(list, AT_CLKTCK, CLOCK_TICKS);
	add_if(list, AT_PHDR, auxiliary->headers);
	add(list, AT_PHENT, PROGRAM_HEADER_SIZE);
	add(list, AT_PHNUM, auxiliary->headers_count);
	add(list, AT_BASE, auxiliary->interpreter);
	add(list, AT_FLAGS, 0);
	add(list, AT_ENTRY, auxiliary->entry);
	add(list, AT_UID, auxiliary->user);
	add(list, AT_EUID, auxiliary->effective_user);
	add(list, AT_GID, auxiliary->group);
	add(list, AT_EGID, auxiliary->effective_group);
	add(list, AT_SECURE, auxiliary->is_secure);
	add(list, AT_RANDOM, layout->random);
	add(list, AT_HWCAP2, 0);
	add(list, AT_EXECFN, layout->path);
	add(list, AT_PLATFORM, layout->platform);
	add(list, AT_MINSIGSTKSZ, auxiliary->signal_stack);
	add(list, AT_NULL, 0);
}

static u64 auxiliary_count(const struct auxiliary *auxiliary)
{
	return AUXILIARY_MAX - !auxiliary->vdso - !auxiliary->headers;
}

// argc and the two closing zeros beside the pointers.
static err_t vectors_size(const struct stack_request *request, u64 *out)
{
	u64 pointers, words;
	TRY(checked_add(request->arguments.count, request->environment.count, &pointers));
	TRY(checked_add(pointers, 3 + 2 * auxiliary_count(&request->auxiliary), &words));
	return checked_mul(words, sizeof(u64), out);
}

err_t stack_plan(const struct stack_request *request, u64 limit, struct stack_layout *out)
{
	u64 vectors, texts = sizeof request->random + sizeof PLATFORM + 1 + END_SIZE;
	if (vectors_size(request, &vectors) != OK ||
		checked_add(texts, request->arguments.bytes.size, &texts) != OK ||
		checked_add(texts, request->environment.bytes.size, &texts) != OK ||
		checked_add(texts, request->path.size, &texts) != OK || texts > limit || vectors > limit)
		return ERR_TOO_BIG;
	u64 start = request->top - texts;
	*out = (struct stack_layout){
		.pointer = align_down(start - vectors, STACK_ALIGNMENT),
		.random = start,
		.platform = start + sizeof request->random,
	};
	out->size = request->top - out->pointer;
	out->auxiliary_size = auxiliary_count(&request->auxiliary) * sizeof(struct auxiliary_value);
	out->auxiliary =
		out->pointer + (3 + request->arguments.count + request->environment.count) * sizeof(u64);
	out->arguments = out->platform + sizeof PLATFORM;
	out->environment = out->arguments + request->arguments.bytes.size;
	out->path = out->environment + request->environment.bytes.size;
	return out->size > limit ? ERR_TOO_BIG : OK;
}

// A cursor over the bytes to be; stack_plan made them large enough.
struct writer {
	span_t left;
};

static void put(struct writer *writer, view_t bytes)
{
	if (span_copy(writer->left, bytes) != OK)
		__builtin_trap();
	writer->left = span_from_offset(writer->left, bytes.size);
}

static void put_word(struct writer *writer, u64 word)
{
	put(writer, view_of(word));
}

// A pointer for each text, then a zero.
static void put_pointers(struct writer *writer, const struct words *words, u64 address)
{
	view_t rest = words->bytes;
	for (u64 i = 0; i < words->count; i++) {
		usize size = view_find(rest, 0) + 1;
		put_word(writer, address);
		address += size;
		rest = view_from_offset(rest, size);
	}
	put_word(writer, 0);
}

void stack_write(const struct stack_request *request, const struct stack_layout *layout, span_t out)
{
	struct writer writer = { out };
	struct auxiliary_list list;
	put_word(&writer, request->arguments.count);
	put_pointers(&writer, &request->arguments, layout->arguments);
	put_pointers(&writer, &request->environment, layout->environment);
	auxiliary_fill(&request->auxiliary, layout, &list);
	put(&writer, view_clamp(view_of(list.value), 0, list.count * sizeof list.value[0]));
	writer.left = span_from_offset(out, layout->random - layout->pointer);
	put(&writer, view_of(request->random));
	put(&writer, view_of(PLATFORM));
	put(&writer, request->arguments.bytes);
	put(&writer, request->environment.bytes);
	put(&writer, request->path);
	span_fill(writer.left, 0);
}

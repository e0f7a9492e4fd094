// SPDX-License-Identifier: MIT
// shapes.c - the errors that follow from the shape of a call's parameters: for each parameter all
// defects that its sort can have, one at a time, in a call that is right otherwise.
#include "fuzz/syscall_shapes.h"

#include "lib/base/format.h"
#include "test/guest/call_errors/errors.h"

constexpr u64 KERNEL_ADDRESS = 0xffff'ffff'8000'0000, NON_CANONICAL = 0x0000'8000'0000'0000;
constexpr u64 SIZE = sizeof(struct thread_registers); // what the largest fixed answer needs

// Values that a call needs beyond zeros to come as far as its buffers, or must not have.
static void adjust(u32 number, u64 *arguments)
{
	u64 a[6];
	memory_move(a, arguments, sizeof a);
	switch ((enum syscall_number)number) {
	case SYSCALL_MEMORY_CREATE:
		AT(a, 0) = MEMORY_KIND_PHYSICAL;
		AT(a, 1) = PAGE_SIZE;
		break;
	case SYSCALL_OBJECT_WAIT: AT(a, 1) = 1; break;
	case SYSCALL_PORT_REPLY_WAIT: AT(a, 1) = TAG_POLL; break;
	case SYSCALL_CONNECTION_CALL:
		AT(a, 1) = TAG_DEADLINE;
		block_self()->deadline = 0;
		break;
	case SYSCALL_MEMORY_SUPPLY: AT(a, 2) = PAGE_SIZE; break;
	case SYSCALL_QUOTA_CREATE: AT(a, 4) = 100; break;
	default: break;
	}
	memory_move(arguments, a, sizeof a);
}

static u64 good_value(const struct parameter_shape *parameter)
{
	switch (parameter->kind) {
	case PARAMETER_HANDLE: return AT(fixture.good, parameter->handle).raw;
	case PARAMETER_ADDRESS:
	case PARAMETER_STRUCT_IN:
	case PARAMETER_STRUCT_OUT:
	case PARAMETER_BUFFER_IN:
	case PARAMETER_BUFFER_OUT: return fixture.buffer;
	case PARAMETER_SIZE: return SIZE;
	case PARAMETER_SCALAR:
	case PARAMETER_SIGNED:
	case PARAMETER_ENUM:
	case PARAMETER_FLAGS: return 0;
	}
	return 0;
}

struct target {
	u32 number, index;
	const struct syscall_shape *shape;
	const struct parameter_shape *parameter;
};

static void try(const struct target *target, u64 value, err_t wanted, const char *defect)
{
	u64 arguments[6] = {};
	char text[80] = {};
	for (u32 i = 0; i < target->shape->count; i++)
		AT(arguments, i) = good_value(&AT(target->shape->parameter, i));
	adjust(target->number, arguments);
	AT(arguments, target->index) = value;
	format(
		span_clamp(span_of(text), 0, sizeof text - 1), "%s: %s", target->parameter->name, defect);
	check_error(target->number, arguments, wanted, text);
}

// Another handle of the call cannot be made here, so that one would decide.
static bool is_possible(const struct target *target)
{
	for (u32 i = 0; i < target->index; i++) {
		const struct parameter_shape *other = &AT(target->shape->parameter, i);
		if (other->kind == PARAMETER_HANDLE && !other->is_optional &&
			!AT(fixture.good, other->handle).raw)
			return false;
	}
	return true;
}

static void each(void (*run)(const struct target *target), bool is_handle)
{
	for (u32 number = 0; number < SYSCALL_COUNT; number++) {
		const struct syscall_shape *shape = &AT(syscall_shapes, number);
		for (u32 i = 0; i < shape->count; i++) {
			struct target target = { number, i, shape, &AT(shape->parameter, i) };
			bool is_of_sort = (target.parameter->kind == PARAMETER_HANDLE) == is_handle;
			if (is_of_sort && (!is_handle || is_possible(&target)))
				run(&target);
		}
	}
}

// A value that was a handle: its slot now holds another, in a later generation.
static bool reuse_slot(u64 *stale)
{
	handle_t handle, other;
	if (handle_duplicate(AT(fixture.good, HANDLE_KIND_ANY), RIGHTS_ALL, &handle) != OK)
		return false;
	*stale = handle.raw;
	bool is_closed = handle_close(handle) == OK;
	for (u32 i = 0; i < 16 && is_closed; i++) {
		if (handle_duplicate(AT(fixture.good, HANDLE_KIND_ANY), RIGHTS_ALL, &other) != OK)
			return false;
		bool is_same_slot = ((other.raw ^ handle.raw) & 0xfffff) == 0;
		if (is_same_slot)
			return other.raw != handle.raw; // stays open
		(void)handle_close(other);
	}
	return is_closed;
}

static void handle_defects(const struct target *target)
{
	const struct parameter_shape *parameter = target->parameter;
	handle_t closed;
	u64 stale = 0, good = AT(fixture.good, parameter->handle).raw;
	if (!parameter->is_optional)
		try(target, 0, ERR_BAD_HANDLE, "none");
	try(target, 0xdeadbeef, ERR_BAD_HANDLE, "garbage");
	try(target, 0xfffff, ERR_BAD_HANDLE, "slot beyond the end");
	try(target, UINT32_MAX, ERR_BAD_HANDLE, "all ones");
	try(target, good | 1ull << 32, ERR_BAD_HANDLE, "wide");
	if (good)
		try(target, good ^ 1u << 20, ERR_BAD_HANDLE, "wrong generation");
	if (handle_duplicate(AT(fixture.good, HANDLE_KIND_TIMER), RIGHTS_ALL, &closed) == OK &&
		handle_close(closed) == OK)
		try(target, closed.raw, ERR_BAD_HANDLE, "closed");
	CHECK(reuse_slot(&stale));
	try(target, stale, ERR_BAD_HANDLE, "slot reused");
	for (u32 kind = 1; kind < KINDS && parameter->handle != HANDLE_KIND_ANY; kind++)
		if (kind != parameter->handle && AT(fixture.good, kind).raw)
			try(target, AT(fixture.good, kind).raw, ERR_WRONG_TYPE, "wrong type");
}

void test_shapes_handles(void)
{
	each(handle_defects, true);
}

static void right_defects(const struct target *target)
{
	const struct parameter_shape *parameter = target->parameter;
	handle_t good = AT(fixture.good, parameter->handle), poor;
	for (u32 bit = 1; bit < RIGHTS_ALL && good.raw; bit <<= 1) {
		if (!(parameter->rights & bit))
			continue;
		CHECK_OK(handle_duplicate(good, RIGHTS_ALL & ~bit, &poor));
		try(target, poor.raw, ERR_RIGHTS, "right missing");
		CHECK_OK(handle_close(poor));
	}
	handle_t revoked = AT(fixture.revoked, parameter->handle);
	if (revoked.raw && target->number != SYSCALL_HANDLE_CLOSE)
		try(target, revoked.raw, ERR_REVOKED, "revoked");
}

void test_shapes_rights(void)
{
	each(right_defects, true);
}

static void value_defects(const struct target *target)
{
	u64 limit = target->parameter->limit;
	if (target->parameter->kind == PARAMETER_ENUM) {
		try(target, limit + 1, ERR_INVALID, "one beyond the last");
		try(target, UINT32_MAX, ERR_INVALID, "all ones");
		try(target, 1ull << 32, ERR_INVALID, "wide");
	} else if (target->parameter->kind == PARAMETER_FLAGS) {
		for (u32 bit = 0; bit < 64; bit++)
			if (!(limit >> bit & 1))
				try(target, 1ull << bit, ERR_INVALID, "unknown flag");
	} else if (target->parameter->kind == PARAMETER_SCALAR && limit == UINT32_MAX) {
		try(target, 1ull << 32, ERR_INVALID, "wide");
		try(target, UINT64_MAX, ERR_INVALID, "all ones");
	}
}

void test_shapes_values(void)
{
	each(value_defects, false);
}

static void buffer_defects(const struct target *target)
{
	bool is_out = target->parameter->kind == PARAMETER_BUFFER_OUT;
	if (!is_out && target->parameter->kind != PARAMETER_BUFFER_IN)
		return;
	try(target, KERNEL_ADDRESS, ERR_FAULT, "kernel");
	try(target, NON_CANONICAL, ERR_FAULT, "not canonical");
	try(target, 0, ERR_FAULT, "null");
	try(target, UINT64_MAX - 8, ERR_FAULT, "wraps");
	try(target, fixture.unmapped, ERR_FAULT, "unmapped");
	try(target, fixture.unmapped + 1, ERR_FAULT, "unmapped and odd");
	try(target, fixture.reserved, ERR_FAULT, "reserved");
	if (is_out)
		try(target, fixture.read_only, ERR_FAULT, "read-only");
	struct target size = *target;
	size.index++;
	try(&size, 1ull << 47, ERR_FAULT, "huge length");
	try(&size, UINT64_MAX, ERR_FAULT, "wrapping length");
	try(&size, UINT64_MAX - fixture.buffer, ERR_FAULT, "length up to the end");
}

void test_shapes_buffers(void)
{
	each(buffer_defects, false);
}

void test_unknown_numbers(void)
{
	static const u64 numbers[] = { SYSCALL_COUNT, SYSCALL_COUNT + 1, 1000, 1ull << 31, 1ull << 32,
		1ull << 32 | SYSCALL_TIMER_CREATE, 1ull << 63, UINT64_MAX };
	const u64 arguments[6] = {};
	for (u32 i = 0; i < COUNT(numbers); i++)
		CHECK_EQ(guest_syscall(AT(numbers, i), arguments).err, ERR_UNKNOWN_CALL);
}

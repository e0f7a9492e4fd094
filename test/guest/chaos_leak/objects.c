// SPDX-License-Identifier: MIT
// objects.c - one object of each kind, made and closed.
#include "test/guest/chaos_leak/leak.h"

constexpr u64 SCREEN_BASE = 0xa0000, SCREEN_SIZE = 0x10000; // VGA's window: no RAM
constexpr u32 FREE_LINE = 5;

err_t port_step(u64 round)
{
	(void)round;
	handle_t port;
	TRY(port_create(0, &port));
	return handle_close(port);
}

err_t connection_step(u64 round)
{
	handle_t port, first, second;
	TRY(port_create(0, &port));
	TRY(connection_create(port, round, &first));
	TRY(connection_create(port, round + 1, &second));
	if (round & 1)
		TRY(handle_close(port));
	TRY(handle_close(first));
	if (!(round & 1))
		TRY(handle_close(port));
	return handle_close(second);
}

err_t timer_step(u64 round)
{
	handle_t timer;
	u32 observed;
	TRY(timer_create(&timer));
	if (round % 4 == 1)
		TRY(timer_set(timer, clock_read() + NS_PER_SECOND, NS_PER_SECOND)); // closed while armed
	if (round % 16 == 2) {
		TRY(timer_set(timer, clock_read() + 10 * NS_PER_US, 0));
		TRY(object_wait(timer, SIGNAL_FIRED, guest_soon(), &observed));
	}
	if (round % 16 == 3)
		TRY(timer_set(timer, clock_read() + 20 * NS_PER_US, 0)); // fires about when it is closed
	return handle_close(timer);
}

err_t stream_step(u64 round)
{
	static const u8 text[300] = { 1 };
	handle_t first, second;
	u64 done;
	TRY(stream_create(
		round & 2 ? 64 : 8192, round & 1 ? STREAM_FLAGS_TWO_WAY : 0, &first, &second));
	TRY(stream_write(second, view_of(text), 0, 0, &done));
	TRY(handle_close(round & 4 ? first : second));
	return handle_close(round & 4 ? second : first);
}

err_t memory_step(u64 round)
{
	handle_t memory;
	u64 done, pages = 1 + round % 9;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, pages * PAGE_SIZE, HANDLE_NONE, 0, 0, &memory));
	if (round & 1)
		TRY(memory_write(memory, PAGE_SIZE - 4, view_of(round), &done));
	else
		TRY(memory_control(memory, MEMORY_OPERATION_COMMIT, 0, pages * PAGE_SIZE, &done));
	if (round % 8 == 2)
		TRY(memory_control(memory, MEMORY_OPERATION_DECOMMIT, 0, PAGE_SIZE, &done));
	return handle_close(memory);
}

err_t pager_step(u64 round)
{
	handle_t port, memory;
	TRY(port_create(0, &port));
	TRY(memory_create(MEMORY_KIND_PAGER, 64 * PAGE_SIZE, port, round, 0, &memory));
	TRY(handle_close(round & 1 ? port : memory));
	return handle_close(round & 1 ? memory : port);
}

err_t contiguous_step(u64 round)
{
	handle_t memory;
	u64 pages = 1 + round % 5;
	TRY(memory_create(MEMORY_KIND_CONTIGUOUS, pages * PAGE_SIZE, HANDLE_NONE, 0, 0, &memory));
	return handle_close(memory);
}

err_t physical_step(u64 round)
{
	handle_t range, memory;
	u64 address;
	TRY(resource_derive(
		start_handle("resource"), RESOURCE_KIND_PHYSICAL, SCREEN_BASE, SCREEN_SIZE, &range));
	TRY(memory_create(MEMORY_KIND_PHYSICAL, SCREEN_SIZE, range, 0, MEMORY_FLAGS_UNCACHED, &memory));
	TRY(handle_close(range));
	if (round & 1) {
		TRY(memory_map(HANDLE_NONE, memory, 0, SCREEN_SIZE, 0,
			MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED, &address));
		TRY(memory_unmap(HANDLE_NONE, address, SCREEN_SIZE));
	}
	return handle_close(memory);
}

err_t quota_step(u64 round)
{
	handle_t outer, inner, process;
	TRY(chaos_quota(64, 64, 640, &outer));
	TRY(quota_create(outer, 32, 32, 320, 50, &inner));
	if (round % 4 == 1) {
		TRY(process_create(inner, 0, 15, &process));
		TRY(handle_close(inner));
		TRY(handle_close(outer));
		return handle_close(process);
	}
	TRY(handle_close(round & 1 ? outer : inner));
	return handle_close(round & 1 ? inner : outer);
}

err_t resource_step(u64 round)
{
	handle_t range, part;
	TRY(resource_derive(start_handle("resource"), RESOURCE_KIND_PORTS, 0x80, 16, &range));
	TRY(resource_derive(range, RESOURCE_KIND_PORTS, 0x80 + round % 8, 1, &part));
	TRY(handle_close(range));
	return handle_close(part);
}

err_t interrupt_step(u64 round)
{
	handle_t lines, interrupt, port;
	u64 route;
	TRY(resource_derive(start_handle("resource"), RESOURCE_KIND_INTERRUPTS, FREE_LINE, 1, &lines));
	TRY(interrupt_create(lines, FREE_LINE, 0, &interrupt, &route));
	TRY(handle_close(lines));
	if (round & 1) {
		TRY(port_create(0, &port));
		TRY(port_bind(port, interrupt, SIGNAL_RAISED, 1, BIND_MODE_LEVEL));
		TRY(object_signal(interrupt, SIGNAL_RAISED, 0)); // unmasks
		TRY(handle_close(port));
	}
	return handle_close(interrupt);
}

// Of a device that is not there. Without an IOMMU there is nothing to make.
err_t domain_step(u64 round)
{
	constexpr u32 NO_DEVICE = 0xfff8;
	handle_t domain, memory;
	u64 shown, unused;
	err_t err = iommu_create(start_handle("resource"), NO_DEVICE, &domain);
	if (err == ERR_UNSUPPORTED)
		return OK;
	TRY(err);
	if (round & 1)
		return handle_close(domain);
	TRY(memory_create(MEMORY_KIND_CONTIGUOUS, 2 * PAGE_SIZE, HANDLE_NONE, 0, 0, &memory));
	TRY(iommu_control(domain, IOMMU_OPERATION_MAP, memory, 0, 2 * PAGE_SIZE, 0, &shown));
	if (round & 2) // else it goes with the domain
		TRY(iommu_control(
			domain, IOMMU_OPERATION_UNMAP, HANDLE_NONE, 0, 2 * PAGE_SIZE, shown, &unused));
	TRY(handle_close(round & 4 ? domain : memory));
	return handle_close(round & 4 ? memory : domain);
}

// Never started: it ends when nobody has it any more.
err_t process_step(u64 round)
{
	handle_t process, timer;
	u32 value;
	TRY(process_create(HANDLE_NONE, 0, 15, &process));
	if (round & 1) {
		TRY(timer_create(&timer));
		TRY(process_give(process, timer, RIGHTS_ALL, &value));
		TRY(handle_close(timer));
	}
	return round & 2 ? chaos_kill(process) : handle_close(process);
}

err_t duplicate_step(u64 round)
{
	handle_t port, copies[8];
	TRY(port_create(0, &port));
	for (u32 i = 0; i < COUNT(copies); i++)
		TRY(handle_duplicate(port, RIGHTS_ALL, &AT(copies, (i + round) % COUNT(copies))));
	TRY(handle_close(port));
	for (u32 i = 0; i < COUNT(copies); i++)
		TRY(handle_close(AT(copies, i)));
	return handle_close(port) == ERR_BAD_HANDLE ? OK : ERR_STATE;
}

// A revoked handle is dead but still takes its place until it is closed.
err_t revoke_step(u64 round)
{
	handle_t memory, copy;
	u64 address, size;
	struct object_info info = {};
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, PAGE_SIZE, HANDLE_NONE, 0, 0, &memory));
	TRY(handle_duplicate(memory, RIGHTS_ALL, &copy));
	TRY(memory_map(HANDLE_NONE, memory, 0, PAGE_SIZE, 0, MAP_FLAGS_READ, &address));
	TRY(object_revoke(memory));
	if (handle_info(copy, INFO_TOPIC_OBJECT, span_of(info), &size) != ERR_REVOKED)
		return ERR_STATE;
	TRY(handle_close(round & 1 ? memory : copy));
	TRY(handle_close(round & 1 ? copy : memory));
	return memory_unmap(HANDLE_NONE, address, PAGE_SIZE);
}

// SPDX-License-Identifier: MIT
// devices.c - errors of timers and of what leads to hardware.
#include "test/guest/call_errors/errors.h"

void test_timers(void)
{
	u64 timer = AT(fixture.good, HANDLE_KIND_TIMER).raw;
	FAILS(TIMER_SET, ERR_INVALID, timer, DEADLINE_NEVER, 1); // shorter than anybody could serve
	CHECK(starve(STARVE_OBJECTS));
	FAILS(TIMER_CREATE, ERR_QUOTA);
	feed();
}

void test_interrupts(void)
{
	u64 resource = start_handle("resource").raw;
	handle_t first, narrow;
	u64 route;
	FAILS(INTERRUPT_CREATE, ERR_RANGE, resource, 100'000, 0);
	FAILS(INTERRUPT_CREATE, ERR_RANGE, resource, UINT32_MAX, 0);
	FAILS(INTERRUPT_CREATE, ERR_INVALID, resource, 1, INTERRUPT_FLAGS_MESSAGE);
	FAILS(INTERRUPT_CREATE, ERR_INVALID, resource, 0,
		INTERRUPT_FLAGS_MESSAGE | INTERRUPT_FLAGS_LEVEL);
	CHECK_OK(interrupt_create(start_handle("resource"), 7, 0, &first, &route));
	FAILS(INTERRUPT_CREATE, ERR_BUSY, resource, 7, 0);
	CHECK_OK(handle_close(first));
	CHECK_OK(interrupt_create(start_handle("resource"), 7, 0, &first, &route)); // free again
	CHECK_OK(handle_close(first));
	CHECK_OK(resource_derive(start_handle("resource"), RESOURCE_KIND_INTERRUPTS, 7, 2, &narrow));
	FAILS(INTERRUPT_CREATE, ERR_RANGE, narrow.raw, 6, 0);
	FAILS(INTERRUPT_CREATE, ERR_RANGE, narrow.raw, 9, 0);
	CHECK_OK(handle_close(narrow));
	CHECK_OK(resource_derive(start_handle("resource"), RESOURCE_KIND_PORTS, 7, 2, &narrow));
	FAILS(INTERRUPT_CREATE, ERR_RANGE, narrow.raw, 7, 0);
	FAILS(INTERRUPT_CREATE, ERR_RANGE, narrow.raw, 0, INTERRUPT_FLAGS_MESSAGE);
	CHECK_OK(handle_close(narrow));
	CHECK(starve(STARVE_OBJECTS));
	FAILS(INTERRUPT_CREATE, ERR_QUOTA, resource, 7, 0);
	feed();
}

void test_resources(void)
{
	u64 resource = start_handle("resource").raw;
	handle_t narrow;
	FAILS(RESOURCE_DERIVE, ERR_RANGE, resource, RESOURCE_KIND_PORTS, 0, 0);
	FAILS(RESOURCE_DERIVE, ERR_RANGE, resource, RESOURCE_KIND_PORTS, 65535, 2);
	FAILS(RESOURCE_DERIVE, ERR_RANGE, resource, RESOURCE_KIND_PORTS, UINT64_MAX, 2);
	FAILS(RESOURCE_DERIVE, ERR_RANGE, resource, RESOURCE_KIND_ROOT, 0, 1);
	FAILS(RESOURCE_DERIVE, ERR_RANGE, resource, RESOURCE_KIND_PHYSICAL, 1ull << 52, 1);
	CHECK_OK(resource_derive(start_handle("resource"), RESOURCE_KIND_PORTS, 0x70, 2, &narrow));
	FAILS(RESOURCE_DERIVE, ERR_RANGE, narrow.raw, RESOURCE_KIND_PORTS, 0x6f, 2);
	FAILS(RESOURCE_DERIVE, ERR_RANGE, narrow.raw, RESOURCE_KIND_PORTS, 0x71, 2);
	FAILS(RESOURCE_DERIVE, ERR_RANGE, narrow.raw, RESOURCE_KIND_INTERRUPTS, 0x70, 1);
	FAILS(RESOURCE_DERIVE, ERR_RANGE, narrow.raw, RESOURCE_KIND_CONSOLE, 0, 1);
	FAILS(RESOURCE_IO, ERR_RANGE, narrow.raw, 0x72, IO_OPERATION_READ8, 0);
	FAILS(RESOURCE_IO, ERR_RANGE, narrow.raw, 0x71, IO_OPERATION_READ16, 0);
	FAILS(RESOURCE_IO, ERR_RANGE, narrow.raw, 0x6f, IO_OPERATION_READ8, 0);
	FAILS(RESOURCE_IO, ERR_RANGE, resource, 65536, IO_OPERATION_READ8, 0);
	FAILS(RESOURCE_IO, ERR_RANGE, resource, 65535, IO_OPERATION_READ16, 0);
	FAILS(MEMORY_CREATE, ERR_RANGE, MEMORY_KIND_PHYSICAL, PAGE_SIZE, narrow.raw, 0);
	FAILS(CONSOLE_WRITE, ERR_RANGE, narrow.raw, fixture.buffer, 8);
	FAILS(CONSOLE_WRITE, ERR_RANGE, start_handle("console").raw, fixture.buffer, PAGE_SIZE + 1);
	CHECK_OK(handle_close(narrow));
	CHECK(starve(STARVE_OBJECTS));
	FAILS(RESOURCE_DERIVE, ERR_QUOTA, resource, RESOURCE_KIND_PORTS, 0, 1);
	feed();
}

static void try_domain(u64 domain)
{
	u64 memory = AT(fixture.good, HANDLE_KIND_MEMORY).raw;
	constexpr u64 PLACE = 0x100'0000;
	handle_t paged;
	FAILS(IOMMU_CONTROL, ERR_ALIGNMENT, domain, IOMMU_OPERATION_MAP, memory, 1, PAGE_SIZE, 0);
	FAILS(IOMMU_CONTROL, ERR_ALIGNMENT, domain, IOMMU_OPERATION_MAP, memory, 0, 1, 0);
	FAILS(IOMMU_CONTROL, ERR_ALIGNMENT, domain, IOMMU_OPERATION_MAP, memory, 0, PAGE_SIZE, 8);
	FAILS(IOMMU_CONTROL, ERR_RANGE, domain, IOMMU_OPERATION_MAP, memory, 0, 0, 0);
	FAILS(IOMMU_CONTROL, ERR_RANGE, domain, IOMMU_OPERATION_MAP, memory, 0, 1ull << 60, 0);
	FAILS(IOMMU_CONTROL, ERR_RANGE, domain, IOMMU_OPERATION_MAP, memory, PAGE_SIZE, PAGE_SIZE, 0);
	FAILS(IOMMU_CONTROL, ERR_NOT_FOUND, domain, IOMMU_OPERATION_UNMAP, 0, 0, PAGE_SIZE, PLACE);
	CHECK_OK(noted_call(SYSCALL_IOMMU_CONTROL,
		(const u64[6]){ domain, IOMMU_OPERATION_MAP, memory, 0, PAGE_SIZE, PLACE })
			.err);
	FAILS(IOMMU_CONTROL, ERR_RANGE, domain, IOMMU_OPERATION_MAP, memory, 0, PAGE_SIZE, PLACE);
	CHECK_OK(memory_create(
		MEMORY_KIND_PAGER, PAGE_SIZE, AT(fixture.good, HANDLE_KIND_PORT), 1, 0, &paged));
	FAILS(IOMMU_CONTROL, ERR_UNSUPPORTED, domain, IOMMU_OPERATION_MAP, paged.raw, 0, PAGE_SIZE, 0);
	CHECK_OK(handle_close(paged));
	CHECK(starve(STARVE_OBJECTS | STARVE_PAGES));
	FAILS(IOMMU_CONTROL, ERR_QUOTA, domain, IOMMU_OPERATION_MAP, memory, 0, PAGE_SIZE, 0);
	feed();
}

void test_iommu(void)
{
	u64 resource = start_handle("resource").raw;
	u64 domain = AT(fixture.good, HANDLE_KIND_IOMMU_DOMAIN).raw;
	FAILS(IOMMU_CREATE, ERR_RANGE, resource, 65536);
	if (!domain) {
		FAILS(IOMMU_CREATE, ERR_UNSUPPORTED, resource, 0);
		return;
	}
	FAILS(IOMMU_CREATE, ERR_BUSY, resource, FIXTURE_DEVICE);
	CHECK(starve(STARVE_OBJECTS));
	FAILS(IOMMU_CREATE, ERR_QUOTA, resource, 0);
	feed();
	try_domain(domain);
}

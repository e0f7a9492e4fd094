// SPDX-License-Identifier: MIT
// dma.c - what a device may reach. QEMU's `edu` device copies between memory and a buffer of its
// own; behind the IOMMU it gets at what its domain shows, and at nothing else. Machines without
// the device or without an IOMMU are for the other tests: all is skipped. See test/boot/dma_test.
#include "test/guest/harness/guest.h"

constexpr u32 CONFIG_ADDRESS = 0xcf8, CONFIG_DATA = 0xcfc, EDU = 0x11e81234;
constexpr u32 COMMAND = 4, BAR0 = 16, MEMORY_AND_MASTER = 6;
constexpr u64 EDU_SOURCE = 0x80, EDU_TARGET = 0x88, EDU_COUNT = 0x90, EDU_COMMAND = 0x98;
constexpr u64 EDU_BUFFER = 0x40000, EDU_START = 1, EDU_TO_MEMORY = 2, EDU_SIZE = 0x1000;

static u32 device;    // number: bus << 8 | device << 3 | function
static u64 registers; // address of its registers; 0: there is none

static u32 config(u32 number, u32 offset, enum io_operation operation, u32 value)
{
	u32 result = UINT32_MAX, unused;
	handle_t resource = start_handle("resource");
	if (resource_io(resource, CONFIG_ADDRESS, IO_OPERATION_WRITE32, 1u << 31 | number << 8 | offset,
			&unused) != OK ||
		resource_io(resource, CONFIG_DATA, operation, value, &result) != OK)
		return UINT32_MAX;
	return result;
}

static err_t find(void)
{
	handle_t memory;
	for (device = 0; device < 256; device++)
		if (config(device, 0, IO_OPERATION_READ32, 0) == EDU)
			break;
	if (device == 256)
		return OK;
	u64 base = config(device, BAR0, IO_OPERATION_READ32, 0) & ~PAGE_MASK;
	(void)config(device, COMMAND, IO_OPERATION_WRITE32, MEMORY_AND_MASTER);
	TRY(memory_create(MEMORY_KIND_PHYSICAL, EDU_SIZE, start_handle("resource"), base,
		MEMORY_FLAGS_UNCACHED, &memory));
	TRY(guest_map(memory, EDU_SIZE, MAP_FLAGS_READ | MAP_FLAGS_WRITE, &registers));
	return handle_close(memory);
}

// One copy; its end says nothing of whether memory was reached.
static bool copy(u64 source, u64 target, u64 count, u64 direction)
{
	guest_poke(registers + EDU_SOURCE, source);
	guest_poke(registers + EDU_TARGET, target);
	guest_poke(registers + EDU_COUNT, count);
	guest_poke(registers + EDU_COMMAND, EDU_START | direction);
	for (u64 end = guest_soon(); guest_peek(registers + EDU_COMMAND) & EDU_START;) {
		if (clock_read() > end)
			return false;
		(void)sleep_until(guest_after(10));
	}
	return true;
}

static void test_reach(void)
{
	handle_t domain, memory;
	u64 address, shown, unused;
	constexpr u64 SECRET = 0x5ec7e7, KNOWN = 0x600d;
	err_t err = iommu_create(start_handle("resource"), device, &domain);
	if (!registers || err == ERR_UNSUPPORTED) {
		print("# skipped: no edu device, or no IOMMU\n");
		return;
	}
	CHECK_OK(err);
	CHECK_OK(memory_create(MEMORY_KIND_CONTIGUOUS, 2 * PAGE_SIZE, HANDLE_NONE, 0, 0, &memory));
	CHECK_OK(guest_map(memory, 2 * PAGE_SIZE, MAP_FLAGS_READ | MAP_FLAGS_WRITE, &address));
	struct memory_info info = {};
	CHECK_OK(handle_info(memory, INFO_TOPIC_MEMORY, span_of(info), &unused));
	guest_poke(address, KNOWN);
	guest_poke(address + PAGE_SIZE, SECRET);
	// Allowed: the first page, there and back.
	CHECK_OK(iommu_control(domain, IOMMU_OPERATION_MAP, memory, 0, PAGE_SIZE, 0, &shown));
	CHECK(copy(shown, EDU_BUFFER, 8, 0));
	CHECK(copy(EDU_BUFFER, shown + 64, 8, EDU_TO_MEMORY));
	CHECK_EQ(guest_peek(address + 64), KNOWN);
	// Hostile: the page behind it, where it really is and where the device would look for it.
	CHECK(copy(EDU_BUFFER, info.physical + PAGE_SIZE, 8, EDU_TO_MEMORY));
	CHECK(copy(EDU_BUFFER, shown + PAGE_SIZE, 8, EDU_TO_MEMORY));
	CHECK_EQ(guest_peek(address + PAGE_SIZE), SECRET);
	CHECK(copy(info.physical + PAGE_SIZE, EDU_BUFFER, 8, 0)); // nor does it read it
	CHECK(copy(EDU_BUFFER, shown + 128, 8, EDU_TO_MEMORY));
	CHECK(guest_peek(address + 128) != SECRET);
	// Taken back: the same address leads nowhere.
	CHECK_OK(
		iommu_control(domain, IOMMU_OPERATION_UNMAP, HANDLE_NONE, 0, PAGE_SIZE, shown, &unused));
	guest_poke(address + 64, 0);
	CHECK(copy(EDU_BUFFER, shown + 64, 8, EDU_TO_MEMORY));
	CHECK_EQ(guest_peek(address + 64), 0);
	CHECK_OK(handle_close(domain)); // the driver is gone
	CHECK(copy(EDU_BUFFER, info.physical, 8, EDU_TO_MEMORY));
	CHECK_EQ(guest_peek(address), KNOWN);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 2 * PAGE_SIZE));
	CHECK_OK(handle_close(memory));
	print("# a device was kept inside its domain\n");
}

static const struct guest_test tests[] = {
	{ "reach", test_reach },
};

int main(void)
{
	if (find() != OK)
		return 1;
	return guest_run(tests, COUNT(tests));
}

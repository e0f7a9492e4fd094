// SPDX-License-Identifier: MIT
// pager.c - memory whose pages a service brings: a thread serves the port, the test touches.
#include "lib/base/atomic.h"
#include "test/guest/memory/memory_test.h"

constexpr u64 PAGES = 16, KEY = 0x4b4559;
constexpr u64 STOP = 1u << 16; // event bit that ends the pager

static handle_t port, paged, source, stop;
static u64 address;
static struct worker pager;
static u32 requests;   // atomic: of pages, that the pager saw
static u64 fail_page;  // this one cannot be had; PAGES: none
static bool is_silent; // sees requests and does not answer

// Page n begins with 1000 + n.
static err_t supply(u64 offset, u64 size)
{
	u64 done, unused;
	for (u64 at = offset; at < offset + size; at += PAGE_SIZE) {
		u64 value = 1000 + at / PAGE_SIZE;
		if (at / PAGE_SIZE == fail_page) {
			TRY(memory_control(paged, MEMORY_OPERATION_FAIL, at, PAGE_SIZE, &unused));
			continue;
		}
		TRY(memory_write(source, 0, view_of(value), &done));
		TRY(memory_supply(paged, at, PAGE_SIZE, source, 0));
	}
	return OK;
}

static u64 page_run(void *_Nullable unused)
{
	struct message message;
	(void)unused;
	for (;;) {
		message = (struct message){};
		MUST(port_receive_until(port, &message, guest_soon()) == OK);
		if (message_kind(&message) == MESSAGE_EVENT)
			return 0;
		MUST(message_kind(&message) == MESSAGE_PAGES && message.badge == KEY);
		atomic_add_relaxed(&requests, 1u);
		if (!is_silent)
			MUST(supply(AT(message.word, 0), AT(message.word, 1)) == OK);
	}
}

static bool begin(void)
{
	fail_page = PAGES;
	is_silent = false;
	requests = 0;
	return port_create(0, &port) == OK && timer_create(&stop) == OK &&
	       port_bind(port, stop, STOP, 1, BIND_MODE_EDGE) == OK &&
	       guest_memory(PAGE_SIZE, &source) == OK &&
	       memory_create(MEMORY_KIND_PAGER, PAGES * PAGE_SIZE, port, KEY, 0, &paged) == OK &&
	       guest_map(paged, PAGES * PAGE_SIZE, RW | MAP_FLAGS_SHARED, &address) == OK &&
	       worker_start(&pager, page_run, nullptr) == OK;
}

static bool stop_pager(void)
{
	return object_signal(stop, 0, STOP) == OK && worker_join(&pager, guest_soon()) == OK &&
	       pager.result == 0 && object_signal(stop, STOP, 0) == OK;
}

static void end(void)
{
	CHECK(stop_pager());
	CHECK_OK(memory_unmap(HANDLE_NONE, address, PAGES * PAGE_SIZE));
	CHECK_OK(handle_close(paged));
	CHECK_OK(handle_close(source));
	CHECK_OK(handle_close(stop));
	CHECK_OK(handle_close(port));
}

void test_pager(void)
{
	CHECK(begin());
	for (u64 i = 0; i < PAGES; i++)
		CHECK_EQ(guest_peek(address + i * PAGE_SIZE), 1000 + i);
	u32 seen = atomic_load_relaxed(&requests);
	CHECK(seen && seen <= PAGES);
	for (u64 i = 0; i < PAGES; i++)
		CHECK_EQ(guest_peek(address + i * PAGE_SIZE), 1000 + i);
	CHECK_EQ(atomic_load_relaxed(&requests), seen); // they stay
	end();
}

static u64 dirty_after(u64 offset)
{
	u64 next;
	return memory_control(
			   paged, MEMORY_OPERATION_DIRTY_NEXT, offset, PAGES * PAGE_SIZE - offset, &next) == OK
	           ? next / PAGE_SIZE
	           : PAGES;
}

void test_pager_dirty(void)
{
	u64 unused;
	CHECK(begin());
	CHECK_EQ(guest_peek(address), 1000);
	CHECK_EQ(dirty_after(0), PAGES); // only read
	guest_poke(address + 3 * PAGE_SIZE, 1);
	guest_poke(address + 9 * PAGE_SIZE, 1);
	CHECK_EQ(dirty_after(0), 3);
	CHECK_EQ(dirty_after(4 * PAGE_SIZE), 9);
	CHECK_EQ(dirty_after(10 * PAGE_SIZE), PAGES);
	CHECK_OK(memory_control(paged, MEMORY_OPERATION_CLEAN, 3 * PAGE_SIZE, PAGE_SIZE, &unused));
	CHECK_EQ(dirty_after(0), 9);
	guest_poke(address + 3 * PAGE_SIZE, 2); // is seen again though it was writable before
	CHECK_EQ(dirty_after(0), 3);
	CHECK_OK(memory_control(paged, MEMORY_OPERATION_CLEAN, 0, PAGES * PAGE_SIZE, &unused));
	CHECK_EQ(dirty_after(0), PAGES);
	u64 value = 5, done;
	CHECK_OK(memory_write(paged, 7 * PAGE_SIZE, view_of(value), &done)); // by handle
	CHECK_EQ(dirty_after(0), 7);
	end();
}

void test_pager_fail(void)
{
	CHECK(begin());
	fail_page = 6;
	CHECK_EQ(fault_of(address + 6 * PAGE_SIZE, false), UPCALL_BUS_ERROR);
	CHECK_EQ(guest_peek(address + 5 * PAGE_SIZE), 1005);
	fail_page = PAGES;
	CHECK_EQ(guest_peek(address + 6 * PAGE_SIZE), 1006); // asked for again
	end();
}

static u64 touch(void *_Nullable unused)
{
	(void)unused;
	return guest_peek(address + 2 * PAGE_SIZE);
}

// The pager restarts: what it saw and did not answer is told to the next.
void test_pager_renew(void)
{
	static struct worker toucher;
	u64 unused;
	CHECK(begin());
	is_silent = true;
	CHECK_OK(worker_start(&toucher, touch, nullptr));
	for (u64 until = guest_soon(); !atomic_load_relaxed(&requests) && clock_read() < until;)
		(void)sleep_until(guest_after(1));
	CHECK(stop_pager());
	is_silent = false;
	CHECK_OK(worker_start(&pager, page_run, nullptr));
	CHECK_EQ(worker_join(&toucher, guest_after(20)), ERR_TIMED_OUT); // told once only
	CHECK_OK(memory_control(paged, MEMORY_OPERATION_RENEW, 0, 0, &unused));
	CHECK_OK(worker_join(&toucher, guest_soon()));
	CHECK_EQ(toucher.result, 1002);
	end();
}

// The kernel's own copies wait for pages as touches do.
void test_pager_copy(void)
{
	u64 values[2] = {}, done;
	handle_t clone;
	CHECK(begin());
	CHECK_OK(memory_read(paged, 4 * PAGE_SIZE, span_of(AT(values, 0)), &done));
	CHECK_EQ(done, 8);
	CHECK_EQ(AT(values, 0), 1004);
	CHECK_OK(memory_clone(paged, 8 * PAGE_SIZE, 4 * PAGE_SIZE, &clone));
	CHECK_OK(memory_read(clone, PAGE_SIZE, span_of(AT(values, 0)), &done)); // asks for the source's
	CHECK_EQ(AT(values, 0), 1009);
	AT(values, 0) = 1;
	CHECK_OK(memory_write(clone, PAGE_SIZE, view_of(AT(values, 0)), &done));
	CHECK_EQ(guest_peek(address + 9 * PAGE_SIZE), 1009);
	CHECK_EQ(dirty_after(0), PAGES);
	CHECK_OK(handle_close(clone));
	end();
}

// A clone that grows shows zeros, not what follows in the source, nor what was cut off it.
void test_pager_clone_grown(void)
{
	u64 value, done, unused;
	handle_t clone;
	CHECK(begin());
	CHECK_OK(memory_clone(paged, 2 * PAGE_SIZE, 2 * PAGE_SIZE, &clone));
	CHECK_OK(memory_control(clone, MEMORY_OPERATION_RESIZE, 4 * PAGE_SIZE, 0, &unused));
	CHECK_OK(memory_read(clone, PAGE_SIZE, span_of(value), &done));
	CHECK_EQ(value, 1003);
	CHECK_OK(memory_read(clone, 2 * PAGE_SIZE, span_of(value), &done));
	CHECK_EQ(value, 0);
	CHECK_OK(memory_control(clone, MEMORY_OPERATION_RESIZE, PAGE_SIZE, 0, &unused));
	CHECK_OK(memory_control(clone, MEMORY_OPERATION_RESIZE, 2 * PAGE_SIZE, 0, &unused));
	CHECK_OK(memory_read(clone, 0, span_of(value), &done));
	CHECK_EQ(value, 1002);
	CHECK_OK(memory_read(clone, PAGE_SIZE, span_of(value), &done));
	CHECK_EQ(value, 0);
	CHECK_OK(handle_close(clone));
	end();
}

// Clean pages can be taken away; they are asked for again.
void test_pager_evict(void)
{
	u64 unused;
	CHECK(begin());
	CHECK_EQ(guest_peek(address + PAGE_SIZE), 1001);
	u32 before = atomic_load_relaxed(&requests);
	CHECK_OK(memory_control(paged, MEMORY_OPERATION_DECOMMIT, PAGE_SIZE, PAGE_SIZE, &unused));
	CHECK_EQ(guest_peek(address + PAGE_SIZE), 1001);
	CHECK_EQ(atomic_load_relaxed(&requests), before + 1);
	end();
}

// Nobody can ever bring the page: a bus error and no wait.
void test_pager_closed(void)
{
	CHECK(begin());
	CHECK(stop_pager());
	CHECK_OK(handle_close(port));
	CHECK_EQ(fault_of(address + PAGE_SIZE, false), UPCALL_BUS_ERROR);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, PAGES * PAGE_SIZE));
	CHECK_OK(handle_close(paged));
	CHECK_OK(handle_close(source));
	CHECK_OK(handle_close(stop));
}

// SPDX-License-Identifier: MIT
// kill.c - bytes on their way through tty and the serial port's driver while these are killed over
// and over: each arrives once, in order. The serial port is turned back on itself (its loop mode),
// so that what is sent is received.
#include "test/guest/tty/tty_test.h"

constexpr u32 MODEM_REGISTER = 0x3fc, MODEM_LOOP = 0x1b, MODEM_USUAL = 0x0b;
constexpr u32 ROUNDS = 25;
constexpr u64 AMOUNT = 200'000;

static tty_t from, to;
static u64 amount;   // to be sent
static u64 received; // atomic
static u64 mistakes; // of the reader
static u64 window =
	AMOUNT; // bytes under way at most: a line turned on itself has nobody to wait for
static struct worker reader, writer;

static u8 byte_at(u64 i)
{
	return (u8)('!' + i * 7 % 89);
}

static u64 write_all(void *_Nullable unused)
{
	u8 bytes[211];
	(void)unused;
	for (u64 done = 0; done < amount;) {
		u64 count = amount - done < sizeof bytes ? amount - done : sizeof bytes;
		for (u64 i = 0; i < count; i++)
			AT(bytes, i) = byte_at(done + i);
		while (done - __atomic_load_n(&received, __ATOMIC_RELAXED) > window)
			(void)sleep_until(clock_read() + 200 * NS_PER_US);
		u64 some, serial = next_serial();
		err_t err;
		do // the kernel gives up when two services died with one call; the serial tells it again
			err = tty_write(from, serial, 0, 0, view_clamp(view_of(bytes), 0, count), &some);
		while (err == ERR_RESTARTED);
		if (err != OK)
			return 1;
		done += some;
	}
	return 0;
}

static u64 read_all(void *_Nullable unused)
{
	u8 bytes[509];
	u64 count = 0;
	(void)unused;
	while (count < amount) {
		u64 some, serial = next_serial();
		err_t err;
		do
			err = tty_read(to, serial, 0, 0, span_of(bytes), &some);
		while (err == ERR_RESTARTED);
		if (err != OK || !some)
			return 1;
		for (u64 i = 0; i < some; i++)
			mistakes += AT(bytes, i) != byte_at(count + i);
		count += some;
		__atomic_store_n(&received, count, __ATOMIC_RELAXED);
	}
	return 0;
}

static bool goes_on(void)
{
	u64 seen = __atomic_load_n(&received, __ATOMIC_RELAXED);
	for (u64 end = guest_soon(); clock_read() < end;) {
		u64 now = __atomic_load_n(&received, __ATOMIC_RELAXED);
		if (now != seen || now == amount)
			return true;
		(void)sleep_until(clock_read() + 200 * NS_PER_US);
	}
	return false;
}

static u32 kills; // in the last run

static u32 bits_of(tty_t end)
{
	struct object_info info = {};
	u64 size;
	return handle_info(end.handle, INFO_TOPIC_OBJECT, span_of(info), &size) == OK ? info.signals
	                                                                              : 0;
}

static bool run(struct service *victim, u64 bytes)
{
	amount = bytes;
	received = mistakes = kills = 0;
	if (worker_start(&reader, read_all, nullptr) != OK ||
		worker_start(&writer, write_all, nullptr) != OK)
		return false;
	for (u32 i = 0; i < ROUNDS && __atomic_load_n(&received, __ATOMIC_RELAXED) < amount; i++) {
		(void)sleep_until(clock_read() + i * 137 * NS_PER_US % (3 * NS_PER_MS));
		err_t err = service_kill(victim);
		if (err == OK)
			err = service_start(victim);
		if (err != OK) {
			print("\n%s, kill %u: %e\n", victim->path, kills, err);
			return false;
		}
		kills++;
		if (!goes_on()) {
			print("\nstuck at %lu of %lu, kill %u, mistakes %lu\n", received, amount, kills,
				mistakes);
			return false;
		}
	}
	err_t wrote = worker_join(&writer, clock_read() + 30 * NS_PER_SECOND);
	err_t got = worker_join(&reader, clock_read() + 30 * NS_PER_SECOND);
	if (wrote != OK || got != OK)
		print("\nafter %u kills: %lu of %lu received; writer %e, reader %e; bits %x, %x\n", kills,
			received, amount, wrote, got, bits_of(from), bits_of(to));
	return wrote == OK && got == OK;
}

void test_kill_tty(void)
{
	CHECK(tty_ready());
	CHECK_OK(pty_open(&to, &from));
	CHECK_OK(set_local(from, 0, 0, 0, 1 << 8 | 0));
	CHECK(run(&tty, AMOUNT));
	CHECK_EQ(writer.result, 0);
	CHECK_EQ(reader.result, 0);
	CHECK_EQ(mistakes, 0);
	CHECK(kills > 5);
	tty_t other = from; // and as if typed
	from = to;
	to = other;
	CHECK(run(&tty, AMOUNT));
	CHECK_EQ(writer.result, 0);
	CHECK_EQ(reader.result, 0);
	CHECK_EQ(mistakes, 0);
	CHECK_OK(handle_close(from.handle));
	CHECK_OK(handle_close(to.handle));
}

static void loop_serial(bool is_on)
{
	u32 unused;
	(void)!resource_io(start_handle("resource"), MODEM_REGISTER, IO_OPERATION_WRITE8,
		is_on ? MODEM_LOOP : MODEM_USUAL, &unused);
}

void test_serial(void)
{
	u32 device;
	CHECK(tty_ready());
	CHECK_OK(terminal_open(TTY_DEVICE_CONSOLE, &from, &device));
	CHECK_EQ(device, TTY_DEVICE_SERIAL);
	CHECK_OK(put(from, VIEW_TEXT("ok written by tty\n")));
	CHECK_OK(control(from, 0x5409, 1, (view_t){}, (span_t){})); // all is out
	CHECK_OK(set_local(from, 0, 0, 0, 1 << 8 | 0));
	to = from;
	loop_serial(true);
	bool is_done = run(&uart, 0) && put(from, VIEW_TEXT("there and back")) == OK &&
	               arrives(to, VIEW_TEXT("there and back"));
	loop_serial(false);
	CHECK(is_done);
	CHECK_OK(handle_close(from.handle));
}

static bool run_looped(struct service *victim)
{
	window = 4000;
	loop_serial(true);
	bool is_done = run(victim, 20'000);
	(void)control(from, 0x5409, 1, (view_t){}, (span_t){});
	loop_serial(false);
	if (!is_done)
		print("\nreceived %lu, kills %u, mistakes %lu\n", received, kills, mistakes);
	return is_done;
}

void test_kill_uart(void)
{
	u32 device;
	CHECK(tty_ready());
	CHECK_OK(terminal_open(TTY_DEVICE_SERIAL, &from, &device));
	CHECK_OK(set_local(from, 0, 0, 0, 1 << 8 | 0));
	to = from;
	CHECK(run_looped(&uart));
	CHECK_EQ(writer.result, 0);
	CHECK_EQ(reader.result, 0);
	CHECK_EQ(mistakes, 0);
	CHECK(run_looped(&tty));
	CHECK_EQ(writer.result, 0);
	CHECK_EQ(mistakes, 0);
	CHECK_OK(handle_close(from.handle));
}

// SPDX-License-Identifier: MIT
// pty.c - pseudo terminals: both directions, settings, waiting, poll, hang-up, packets, job
// control.
#include "test/guest/tty/tty_test.h"

static tty_t master, slave;
static u8 memory[256];

static void close_both(void)
{
	(void)handle_close(master.handle);
	(void)handle_close(slave.handle);
}

static err_t read_some(tty_t end, u32 flags, u64 *done)
{
	return tty_read(end, next_serial(), 0, flags, span_of(memory), done);
}

void test_pty(void)
{
	u64 done;
	u32 number, device;
	tty_t locked;
	CHECK(tty_ready());
	CHECK_OK(terminal_open(TTY_DEVICE_MULTIPLEXER, &master, &device));
	CHECK_EQ(terminal_open(device, &locked, &number), ERR_IO); // locked
	CHECK_OK(control(master, 0x8004'5430, 0, (view_t){}, span_of(number)));
	CHECK_EQ(number + TTY_DEVICE_PTY, device);
	CHECK_OK(handle_close(master.handle));
	CHECK_OK(pty_open(&master, &slave));
	CHECK_OK(put(master, VIEW_TEXT("echo hellp\177o\r")));
	CHECK(arrives(slave, VIEW_TEXT("echo hello\n")));
	CHECK(arrives(master, VIEW_TEXT("echo hellp\b \bo\r\n")));
	CHECK_OK(put(slave, VIEW_TEXT("a\tb\n")));
	CHECK(arrives(master, VIEW_TEXT("a\tb\r\n")));
	CHECK(has_nothing(slave));
	CHECK(has_nothing(master));
	CHECK_OK(put(master, VIEW_TEXT("\004")));
	CHECK_OK(read_some(slave, 0, &done));
	CHECK_EQ(done, 0); // end of file
	close_both();
}

void test_modes(void)
{
	u64 done;
	CHECK(tty_ready());
	CHECK_OK(pty_open(&master, &slave));
	CHECK_OK(set_local(slave, 0, 0, 0, 1 << 8 | 0));
	CHECK_OK(put(master, VIEW_TEXT("x\r\003")));
	CHECK(arrives(slave, VIEW_TEXT("x\r\003")));
	CHECK_OK(set_local(slave, 0, 0, 0, 0 << 8 | 0));
	CHECK_OK(read_some(slave, 0, &done)); // VMIN 0, VTIME 0: at once
	CHECK_EQ(done, 0);
	CHECK_OK(set_local(slave, 0, 0, 0, 0 << 8 | 1));
	u64 before = clock_read();
	CHECK_OK(read_some(slave, 0, &done));
	CHECK_EQ(done, 0);
	CHECK(clock_read() - before >= 100 * NS_PER_MS);
	CHECK_OK(set_local(slave, 0, 0, 0, 5 << 8 | 1));
	CHECK_OK(put(master, VIEW_TEXT("abc")));
	CHECK_OK(read_some(slave, 0, &done)); // between bytes
	CHECK_EQ(done, 3);
	CHECK_EQ(control(slave, 0x5412, 0, VIEW_TEXT("x"), (span_t){}), ERR_RIGHTS);
	CHECK_EQ(control(slave, 0x1234, 0, VIEW_TEXT(""), (span_t){}), ERR_UNSUPPORTED);
	close_both();
}

static u64 read_late(void *_Nullable unused)
{
	u64 done;
	(void)unused;
	return read_some(slave, 0, &done) == OK ? done : 1000;
}

static u64 read_interrupted(void *_Nullable unused)
{
	u64 done;
	(void)unused;
	return read_some(slave, 0, &done) == ERR_CANCELLED ? 1 : 0;
}

static u64 write_much(void *_Nullable unused)
{
	static u8 much[60'000];
	(void)unused;
	span_fill(span_of(much), 'm');
	return put(slave, view_of(much)) == OK;
}

void test_waiting(void)
{
	static struct worker worker;
	u64 done, all = 0;
	CHECK(tty_ready());
	CHECK_OK(pty_open(&master, &slave));
	CHECK_OK(set_local(slave, 0x100, 0, 2, 1 << 8 | 0));
	CHECK_OK(worker_start(&worker, read_late, nullptr));
	CHECK(guest_settled(worker.handle));
	CHECK_OK(put(master, VIEW_TEXT("lat")));
	CHECK(guest_settled(worker.handle));
	CHECK_OK(put(master, VIEW_TEXT("e\r")));
	CHECK_OK(worker_join(&worker, guest_soon()));
	CHECK_EQ(worker.result, 5);
	CHECK_OK(worker_start(&worker, read_interrupted, nullptr));
	CHECK(guest_settled(worker.handle));
	CHECK_OK(thread_notify(worker.handle, 1));
	CHECK_OK(worker_join(&worker, guest_soon()));
	CHECK_EQ(worker.result, 1);
	CHECK_OK(worker_start(&worker, write_much, nullptr));
	while (all < 60'000) {
		CHECK_OK(read_some(master, 0, &done));
		all += done;
	}
	CHECK_OK(worker_join(&worker, guest_soon()));
	CHECK_EQ(worker.result, 1);
	CHECK(has_nothing(master));
	close_both();
}

void test_poll(void)
{
	static u8 much[60'000];
	u64 done;
	CHECK(tty_ready());
	CHECK_OK(pty_open(&master, &slave));
	CHECK(has_bits(slave, TTY_EVENT_WRITABLE, TTY_EVENT_READABLE | TTY_EVENT_HANGUP));
	CHECK(has_bits(master, TTY_EVENT_WRITABLE, TTY_EVENT_READABLE | TTY_EVENT_HANGUP));
	CHECK_OK(put(master, VIEW_TEXT("a")));
	CHECK(has_bits(slave, 0, TTY_EVENT_READABLE)); // no line yet
	CHECK_OK(put(master, VIEW_TEXT("\r")));
	CHECK(has_bits(slave, TTY_EVENT_READABLE, 0));
	CHECK(has_bits(master, TTY_EVENT_READABLE, 0)); // the echo
	CHECK(arrives(slave, VIEW_TEXT("a\n")));
	CHECK(has_bits(slave, 0, TTY_EVENT_READABLE));
	CHECK_OK(tty_write(slave, next_serial(), 0, TTY_NONBLOCK, view_of(much), &done));
	CHECK(done > 4096 && done < sizeof much);
	CHECK(has_bits(slave, 0, TTY_EVENT_WRITABLE));
	CHECK_EQ(
		tty_write(slave, next_serial(), 0, TTY_NONBLOCK, view_of(much), &done), ERR_WOULD_BLOCK);
	CHECK_OK(tty_read(master, next_serial(), 0, 0, span_of(much), &done));
	CHECK(has_bits(slave, TTY_EVENT_WRITABLE, 0));
	CHECK_OK(handle_close(slave.handle));
	CHECK(has_bits(master, TTY_EVENT_HANGUP | TTY_EVENT_READABLE, 0));
	CHECK_OK(handle_close(master.handle));
}

void test_hangup(void)
{
	u64 done;
	u32 device, is_master, session, group;
	CHECK(tty_ready());
	CHECK_OK(pty_open(&master, &slave));
	CHECK_OK(tty_identify(slave, &device, &is_master, &session, &group));
	CHECK_EQ(is_master, 0);
	CHECK_OK(put(slave, VIEW_TEXT("last words")));
	CHECK_OK(handle_close(slave.handle));
	CHECK(has_bits(master, TTY_EVENT_HANGUP, 0));
	CHECK(arrives(master, VIEW_TEXT("last words")));
	CHECK_EQ(read_some(master, 0, &done), ERR_IO);
	CHECK_OK(terminal_open(device, &slave, &device)); // it lives as long as its master
	CHECK(has_bits(master, 0, TTY_EVENT_HANGUP));
	CHECK(has_nothing(master));
	CHECK_OK(handle_close(master.handle));
	CHECK(has_bits(slave, TTY_EVENT_HANGUP | TTY_EVENT_READABLE | TTY_EVENT_WRITABLE, 0));
	CHECK_OK(read_some(slave, 0, &done));
	CHECK_EQ(done, 0);
	CHECK_EQ(put(slave, VIEW_TEXT("x")), ERR_IO);
	CHECK_EQ(terminal_open(device, &master, &device), ERR_NOT_FOUND);
	CHECK_OK(handle_close(slave.handle));
}

void test_packets(void)
{
	u32 on = 1;
	CHECK(tty_ready());
	CHECK_OK(pty_open(&master, &slave));
	CHECK_OK(control(master, 0x5420, 0, view_of(on), (span_t){}));
	CHECK_OK(put(slave, VIEW_TEXT("data")));
	CHECK(arrives(master, VIEW_TEXT("\0data")));
	CHECK_OK(control(slave, 0x540b, 2, (view_t){}, (span_t){}));
	CHECK(has_bits(master, TTY_EVENT_PACKET | TTY_EVENT_READABLE, 0));
	CHECK(arrives(master, VIEW_TEXT("\003")));
	CHECK_OK(set_local(slave, 0x100, 5, 0x8a3b, 1 << 8 | 0)); // no IXON
	CHECK(arrives(master, VIEW_TEXT("\020")));
	close_both();
}

static bool is_sent(tty_t steering, u64 *from, struct tty_signal wanted)
{
	struct tty_signal got;
	u32 count;
	u64 next;
	if (tty_take(steering, *from, span_of(got), &next, &count) != OK || count != 1)
		return false;
	*from = next;
	return view_equal(view_of(got), view_of(wanted));
}

void test_jobs(void)
{
	tty_t program, steering, none;
	u32 device, is_master, session, group, seen = 0;
	u64 done, from = 0;
	u16 window[4] = { 50, 132, 0, 0 };
	CHECK(tty_ready());
	CHECK_OK(connection_create(tty.port, 1, &program.handle));
	CHECK_EQ(tty_steer(program, &steering.handle), ERR_RIGHTS);
	CHECK_EQ(tty_open(program, TTY_DEVICE_SERIAL, 0, 1, &device, &none.handle), ERR_RIGHTS);
	CHECK_OK(tty_steer(opener, &steering.handle));
	CHECK_OK(pty_open(&master, &slave));
	CHECK_OK(tty_identify(slave, &device, &is_master, &session, &group));
	CHECK_EQ(tty_set_session(opener, device, 7, 7), ERR_RIGHTS);
	CHECK_OK(tty_set_session(steering, device, 7, 8));
	u64 front = 7ull << 32 | 8, back = 7ull << 32 | 9;
	CHECK_OK(put(master, VIEW_TEXT("x\r")));
	CHECK_EQ(tty_read(slave, next_serial(), back, 0, span_of(memory), &done), ERR_BACKGROUND);
	CHECK_OK(tty_read(slave, next_serial(), front, 0, span_of(memory), &done));
	CHECK_OK(tty_write(slave, next_serial(), back, 0, VIEW_TEXT("y"), &done)); // no TOSTOP
	CHECK_OK(set_local(slave, 0x500, 5, 0x8a3b | 0x100, 1 << 8 | 0));
	CHECK_EQ(tty_write(slave, next_serial(), back, 0, VIEW_TEXT("y"), &done), ERR_BACKGROUND);
	CHECK_OK(put(master, VIEW_TEXT("\003")));
	CHECK(has_bits(steering, TTY_EVENT_SIGNALS, 0));
	CHECK(is_sent(steering, &from, (struct tty_signal){ device, 7, 8, 2, 0, 0 }));
	CHECK_OK(control(master, 0x5414, 0, view_of(window), (span_t){}));
	CHECK(is_sent(steering, &from, (struct tty_signal){ device, 7, 8, 28, 0, 0 }));
	CHECK_OK(tty_set_group(steering, device, 9));
	CHECK_OK(control(master, 0x540f, 0, (view_t){}, span_of(seen)));
	CHECK_EQ(seen, 9);
	CHECK(!is_sent(steering, &from, (struct tty_signal){}));
	CHECK(has_bits(steering, 0, TTY_EVENT_SIGNALS)); // it falls behind the answer
	CHECK_OK(handle_close(master.handle));
	CHECK(has_bits(steering, TTY_EVENT_SIGNALS, 0));
	CHECK(is_sent(steering, &from, (struct tty_signal){ device, 7, 0, 1, 0, 0 }));
	CHECK(is_sent(steering, &from, (struct tty_signal){ device, 7, 0, 18, 0, 0 }));
	CHECK(is_sent(steering, &from, (struct tty_signal){ device, 7, 9, 1, 0, 0 }));
	CHECK(is_sent(steering, &from, (struct tty_signal){ device, 7, 9, 18, 0, 0 }));
	CHECK(is_sent(steering, &from, (struct tty_signal){ device, 7, 0, 0, 1, 0 }));
	CHECK(!is_sent(steering, &from, (struct tty_signal){}));
	CHECK(has_bits(steering, 0, TTY_EVENT_SIGNALS));
	CHECK_OK(handle_close(slave.handle));
}

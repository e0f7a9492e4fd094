// SPDX-License-Identifier: MIT
// serial.c - the first serial port as console output: 115200 baud, 8 bits, polled. And the console
// itself, which is this and the screen. Lines of several CPUs are kept apart by a lock that a
// panic breaks. Manual: 16550 UART.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "kernel/panic.h"
#include "lib/base/atomic.h"

enum serial_port : u16 {
	SERIAL_DATA = 0x3f8,
	SERIAL_INTERRUPTS = 0x3f9,
	SERIAL_FIFO = 0x3fa,
	SERIAL_LINE = 0x3fb,
	SERIAL_MODEM = 0x3fc,
	SERIAL_STATUS = 0x3fd,
	SERIAL_SCRATCH = 0x3ff,
};

constexpr u8 STATUS_EMPTY = 1 << 5;
constexpr u32 TRIES = 100'000;

static bool is_there; // set at boot
static u32 is_taken;  // atomic: a CPU writes

void serial_init(void)
{
	out8(SERIAL_SCRATCH, 0x5a);
	is_there = in8(SERIAL_SCRATCH) == 0x5a;
	if (!is_there)
		return;
	out8(SERIAL_INTERRUPTS, 0);
	out8(SERIAL_LINE, 0x80); // divisor
	out8(SERIAL_DATA, 1);
	out8(SERIAL_INTERRUPTS, 0);
	out8(SERIAL_LINE, 3); // 8 bits, no parity, 1 stop
	out8(SERIAL_FIFO, 0xc7);
	out8(SERIAL_MODEM, 3);
}

static void put(u8 byte)
{
	for (u32 i = 0; i < TRIES && !(in8(SERIAL_STATUS) & STATUS_EMPTY); i++)
		arch_relax();
	out8(SERIAL_DATA, byte);
}

void serial_put(view_t text)
{
	for (usize i = 0; is_there && i < text.size; i++) {
		if (view_at(text, i) == '\n')
			put('\r');
		put(view_at(text, i));
	}
}

void console_put(view_t text)
{
	while (!panic_is_on() && atomic_exchange_acquire(&is_taken, 1u)) {
		cpu_poll();
		arch_relax();
	}
	serial_put(text);
	screen_put(text);
	atomic_store_release(&is_taken, 0u);
}

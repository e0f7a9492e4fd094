// SPDX-License-Identifier: MIT
// uart.h - the chip's registers, and what settings mean to it. Manual: National PC16550D.
#pragma once

#include "lib/base/view.h"

enum uart_register : u8 {
	UART_DATA = 0,       // DLAB: divisor, low half
	UART_INTERRUPTS = 1, // DLAB: divisor, high half
	UART_IDENTITY = 2,   // read
	UART_FIFO = 2,       // write
	UART_LINE = 3,
	UART_MODEM = 4,
	UART_LINE_STATUS = 5,
	UART_MODEM_STATUS = 6,
	UART_SCRATCH = 7,
};

enum uart_interrupts : u8 { UART_ON_DATA = 1, UART_ON_EMPTY = 2, UART_ON_LINE = 4 };

enum uart_fifo : u8 { FIFO_ON = 1, FIFO_CLEAR_IN = 2, FIFO_CLEAR_OUT = 4, FIFO_AT_8 = 0x80 };

enum uart_line : u8 {
	LINE_STOP_2 = 4,
	LINE_PARITY = 8,
	LINE_EVEN = 0x10,
	LINE_BREAKS = 0x40,
	LINE_DIVISOR = 0x80, // DLAB
};

// OUT2 lets the interrupt through to the PC's line.
enum uart_modem : u8 { MODEM_READY = 1, MODEM_REQUEST = 2, MODEM_OUT2 = 8, MODEM_LOOP = 0x10 };

enum uart_status : u8 {
	STATUS_DATA = 1,
	STATUS_OVERRUN = 2,
	STATUS_PARITY = 4,
	STATUS_FRAME = 8,
	STATUS_BREAK = 0x10,
	STATUS_EMPTY = 0x20, // room in the transmit FIFO: all of it
	STATUS_IDLE = 0x40,  // and the last bit is out
};

constexpr u32 UART_FIFO_SIZE = 16;
constexpr u32 UART_CLOCK = 115200; // bits per second at divisor 1

// The record (lib/driver/rings.h) of a byte that came with this status.
u16 uart_record(u8 byte, u8 status);
// The line register for bits of Linux's c_cflag.
u8 uart_line_of(u32 flags);
// 0: the speed is none that the chip has, to within 3 %.
u16 uart_divisor(u32 speed);

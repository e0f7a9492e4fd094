// SPDX-License-Identifier: MIT
// uart.c - what bits mean; touches no hardware.
#include "drivers/serial/uart16550/uart.h"

#include "lib/driver/rings.h"

enum frame : u32 {
	FRAME_SIZE = 0x30,
	FRAME_STOP_2 = 0x40,
	FRAME_PARITY = 0x100,
	FRAME_ODD = 0x200
};

u16 uart_record(u8 byte, u8 status)
{
	u16 record = byte;
	if (status & STATUS_BREAK)
		record = RECORD_BREAK;
	else if (status & (STATUS_PARITY | STATUS_FRAME))
		record |= RECORD_DAMAGED;
	return record | (status & STATUS_OVERRUN ? RECORD_OVERRUN : 0);
}

u8 uart_line_of(u32 flags)
{
	u32 line = (flags & FRAME_SIZE) >> 4; // 5 to 8 bits in the same order
	if (flags & FRAME_STOP_2)
		line |= LINE_STOP_2;
	if (flags & FRAME_PARITY)
		line |= LINE_PARITY | (flags & FRAME_ODD ? 0 : LINE_EVEN);
	return (u8)line;
}

u16 uart_divisor(u32 speed)
{
	if (!speed || speed > UART_CLOCK)
		return 0;
	u32 divisor = (UART_CLOCK + speed / 2) / speed;
	u32 got = UART_CLOCK / divisor, difference = got > speed ? got - speed : speed - got;
	return difference * 33 <= speed && divisor <= UINT16_MAX ? (u16)divisor : 0;
}

// SPDX-License-Identifier: MIT
// uart_test.c - records, frames, divisors.
#include "drivers/serial/uart16550/uart.h"
#include "lib/base/test.h"
#include "lib/driver/rings.h"

TEST(uart_records)
{
	CHECK_EQ(uart_record('x', STATUS_DATA), 'x');
	CHECK_EQ(uart_record(0, STATUS_DATA | STATUS_BREAK | STATUS_FRAME), RECORD_BREAK);
	CHECK_EQ(uart_record('x', STATUS_PARITY), 'x' | RECORD_DAMAGED);
	CHECK_EQ(uart_record('x', STATUS_OVERRUN), 'x' | RECORD_OVERRUN);
}

TEST(uart_frames)
{
	CHECK_EQ(uart_line_of(0x30), 3);
	CHECK_EQ(uart_line_of(0x20 | 0x100), 2 | LINE_PARITY | LINE_EVEN);
	CHECK_EQ(uart_line_of(0x30 | 0x40 | 0x100 | 0x200), 3 | LINE_STOP_2 | LINE_PARITY);
}

TEST(uart_divisors)
{
	CHECK_EQ(uart_divisor(115200), 1);
	CHECK_EQ(uart_divisor(9600), 12);
	CHECK_EQ(uart_divisor(134), 860);
	CHECK_EQ(uart_divisor(50), 2304);
	CHECK_EQ(uart_divisor(100000), 0);
	CHECK_EQ(uart_divisor(230400), 0);
	CHECK_EQ(uart_divisor(0), 0);
}

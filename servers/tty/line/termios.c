// SPDX-License-Identifier: MIT
// termios.c - Linux's defaults and speeds.
#include "servers/tty/line/termios.h"

constexpr u32 B38400 = 15, BOTHER = 0x1000;

void termios_usual(struct termios *out)
{
	*out = (struct termios){
		.input = ICRNL | IXON,
		.output = OPOST | ONLCR,
		.control = B38400 | CS8 | CREAD | HUPCL,
		.local = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
		.character = { [VINTR] = 3,
			[VQUIT] = 28,
			[VERASE] = 127,
			[VKILL] = 21,
			[VEOF] = 4,
			[VMIN] = 1,
			[VSTART] = 17,
			[VSTOP] = 19,
			[VSUSP] = 26,
			[VREPRINT] = 18,
			[VWERASE] = 23,
			[VLNEXT] = 22,
			[13] = 15 }, // VDISCARD, which does nothing
		.input_speed = 38400,
		.output_speed = 38400,
	};
}

u32 termios_speed(const struct termios *termios)
{
	static const u32 low[16] = { 0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800,
		9600, 19200, 38400 };
	static const u32 high[16] = { 0, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000,
		1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000 };
	u32 code = termios->control & CBAUD;
	if (code == BOTHER)
		return termios->output_speed;
	return code & BOTHER ? AT(high, code & 15) : AT(low, code & 15);
}

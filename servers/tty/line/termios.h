// SPDX-License-Identifier: MIT
// termios.h - a terminal's settings, laid out and numbered as Linux's struct termios2.
#pragma once

#include "abi/types.h"
#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 TERMIOS_CHARACTERS = 19;

struct termios {
	u32 input, output, control, local;
	u8 discipline;
	u8 character[TERMIOS_CHARACTERS];
	u32 input_speed, output_speed; // only in the second form (TCGETS2)
};
static_assert(sizeof(struct termios) == 44);
constexpr usize TERMIOS_OLD_SIZE = 36; // struct termios of TCGETS

enum input_flag : u32 {
	IGNBRK = 0x1,
	BRKINT = 0x2,
	IGNPAR = 0x4,
	PARMRK = 0x8,
	INPCK = 0x10,
	ISTRIP = 0x20,
	INLCR = 0x40,
	IGNCR = 0x80,
	ICRNL = 0x100,
	IUCLC = 0x200,
	IXON = 0x400,
	IXANY = 0x800,
	IXOFF = 0x1000,
	IMAXBEL = 0x2000,
	IUTF8 = 0x4000,
};

enum output_flag : u32 {
	OPOST = 0x1,
	OLCUC = 0x2,
	ONLCR = 0x4,
	OCRNL = 0x8,
	ONOCR = 0x10,
	ONLRET = 0x20,
	TABDLY = 0x1800, // all bits: tabs become spaces
};

enum control_flag : u32 {
	CBAUD = 0x100f,
	CSIZE = 0x30,
	CS8 = 0x30,
	CSTOPB = 0x40,
	CREAD = 0x80,
	PARENB = 0x100,
	PARODD = 0x200,
	HUPCL = 0x400,
	CLOCAL = 0x800,
	CRTSCTS = 0x8000'0000,
};

enum local_flag : u32 {
	ISIG = 0x1,
	ICANON = 0x2,
	ECHO = 0x8,
	ECHOE = 0x10,
	ECHOK = 0x20,
	ECHONL = 0x40,
	NOFLSH = 0x80,
	TOSTOP = 0x100,
	ECHOCTL = 0x200,
	ECHOPRT = 0x400,
	ECHOKE = 0x800,
	IEXTEN = 0x8000,
	EXTPROC = 0x10000,
};

enum special : u8 {
	VINTR = 0,
	VQUIT = 1,
	VERASE = 2,
	VKILL = 3,
	VEOF = 4,
	VTIME = 5,
	VMIN = 6,
	VSTART = 8,
	VSTOP = 9,
	VSUSP = 10,
	VEOL = 11,
	VREPRINT = 12,
	VWERASE = 14,
	VLNEXT = 15,
	VEOL2 = 16,
};

constexpr u8 DISABLED_CHARACTER = 0; // a special character set to this does nothing

static inline u8 termios_character(const struct termios *termios, enum special which)
{
	return AT(termios->character, which);
}

// What Linux sets up: 38400 8N1, lines with echo and signals.
void termios_usual(struct termios *out);
// Bits per second that the settings ask for; 0: hang up.
u32 termios_speed(const struct termios *termios);

NONNULL_END

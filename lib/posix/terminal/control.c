// SPDX-License-Identifier: MIT
// control.c - ioctl of terminals. Most go to tty with a few bytes in and out; sessions and groups
// are proc's.
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/terminal/terminal.h"

enum code : u32 {
	TIOCSCTTY = 0x540e,
	TIOCGPGRP = 0x540f,
	TIOCSPGRP = 0x5410,
	TIOCNOTTY = 0x5422,
	TIOCGPTPEER = 0x5441,
	TCGETS = 0x5401,
	TCSETS = 0x5402,
	TCSETSW = 0x5403,
	TCSETSF = 0x5404,
	TCGETA = 0x5405,
	TCSETA = 0x5406,
	TCSETAW = 0x5407,
	TCSETAF = 0x5408,
	TIOCGLCKTRMIOS = 0x5456,
};

// What settings were before termios: its lower halves, and the first of its characters.
struct termio {
	u16 input, output, control, local;
	u8 line, characters[8], reserved;
};
static_assert(sizeof(struct termio) == 18);

struct settings { // as TCGETS has them
	u32 input, output, control, local;
	u8 line, characters[19];
};
static_assert(sizeof(struct settings) == 36);

// Bytes that go in and out of the program's memory; others take their argument as a number.
static const struct shape {
	u32 code;
	u8 in, out;
} shapes[] = {
	{ TCGETS, 0, 36 }, { TCSETS, 36, 0 }, { TCSETSW, 36, 0 }, { TCSETSF, 36, 0 },
	{ 0x802c'542a, 0, 44 },                // TCGETS2
	{ 0x402c'542b, 44, 0 },                // TCSETS2
	{ 0x402c'542c, 44, 0 },                // TCSETSW2
	{ 0x402c'542d, 44, 0 },                // TCSETSF2
	{ TIOCGPGRP, 0, 4 }, { 0x5411, 0, 4 }, // TIOCOUTQ
	{ 0x5412, 1, 0 },                      // TIOCSTI
	{ 0x5413, 0, 8 },                      // TIOCGWINSZ
	{ 0x5414, 8, 0 },                      // TIOCSWINSZ
	{ 0x541b, 0, 4 },                      // FIONREAD
	{ 0x5420, 4, 0 },                      // TIOCPKT
	{ 0x5423, 4, 0 },                      // TIOCSETD
	{ 0x5424, 0, 4 },                      // TIOCGETD
	{ 0x5429, 0, 4 },                      // TIOCGSID
	{ 0x8004'5430, 0, 4 },                 // TIOCGPTN
	{ 0x4004'5431, 4, 0 },                 // TIOCSPTLCK
	{ 0x8004'5438, 0, 4 },                 // TIOCGPKT
	{ 0x8004'5439, 0, 4 },                 // TIOCGPTLCK
	{ 0x8004'5440, 0, 4 },                 // TIOCGEXCL
};

constexpr usize BYTES_MAX = 44;

static struct shape shape_of(u32 code)
{
	for (usize i = 0; i < COUNT(shapes); i++)
		if (AT(shapes, i).code == code)
			return AT(shapes, i);
	return (struct shape){ code, 0, 0 };
}

struct attempt {
	u64 serial, who;
	u32 tries;
};

// 0: to be made again.
static i64 after_error(struct posix_thread *self, err_t err, struct attempt *attempt)
{
	if (attempt->tries++ > TERMINAL_TRIES)
		return -EIO;
	if (err == ERR_RESTARTED)
		return 0;
	if (err != ERR_BACKGROUND)
		return terminal_error(err);
	attempt->who = 0;
	return terminal_background(self, SIGTTOU);
}

static i64 ask(struct posix_thread *self, const struct file *file, struct shape shape, u64 argument,
	span_t bytes)
{
	struct attempt attempt = { terminal_serial(), terminal_who(), 0 };
	u32 flags = terminal_wait_flags(file);
	view_t in = view_clamp(span_view(bytes), 0, shape.in);
	span_t out = span_clamp(bytes, 0, shape.out);
	for (;;) {
		u64 result;
		wait_open(self);
		err_t err = tty_control(terminal_of(file), attempt.serial, attempt.who, shape.code, flags,
			argument, in, out, &result);
		wait_close(self);
		if (err == OK) // who made the connection is not known: no error number, no pointer
			return result <= INT32_MAX ? (i64)result : -EIO;
		TRY_POSIX(after_error(self, err, &attempt));
	}
}

static i64 control(
	struct posix_thread *self, const struct file *file, struct shape shape, u64 argument)
{
	u8 bytes[BYTES_MAX] = {};
	bool has_bytes = shape.in || shape.out;
	if (shape.in)
		TRY_POSIX(user_copy_in(bytes, argument, shape.in));
	i64 result = ask(self, file, shape, has_bytes ? 0 : argument, span_of(bytes));
	if (result >= 0 && shape.out)
		TRY_POSIX(user_copy_out(argument, bytes, shape.out));
	return result;
}

static i64 get_settings(
	struct posix_thread *self, const struct file *file, struct settings *settings)
{
	u8 bytes[BYTES_MAX] = {};
	TRY_POSIX(ask(self, file, shape_of(TCGETS), 0, span_of(bytes)));
	return posix_error(view_load(view_of(bytes), 0, span_of(*settings)));
}

static i64 get_old(struct posix_thread *self, const struct file *file, u64 argument)
{
	struct settings now;
	TRY_POSIX(get_settings(self, file, &now));
	struct termio old = { (u16)now.input, (u16)now.output, (u16)now.control, (u16)now.local,
		now.line, {}, 0 };
	(void)span_copy(span_of(old.characters), view_clamp(view_of(now.characters), 0, 8));
	return user_put(argument, old);
}

// The upper halves and the other characters stay. code: TCSETA, or as it drains, or flushes.
static i64 set_old(struct posix_thread *self, const struct file *file, u32 code, u64 argument)
{
	constexpr u32 UPPER = 0xffff'0000;
	struct termio old;
	struct settings now;
	u8 bytes[BYTES_MAX] = {};
	TRY_POSIX(user_get(old, argument));
	TRY_POSIX(get_settings(self, file, &now));
	now.input = (now.input & UPPER) | old.input;
	now.output = (now.output & UPPER) | old.output;
	now.control = (now.control & UPPER) | old.control;
	now.local = (now.local & UPPER) | old.local;
	now.line = old.line;
	(void)span_copy(span_of(now.characters), view_of(old.characters));
	(void)span_copy(span_of(bytes), view_of(now));
	return ask(self, file, shape_of(TCSETS + (code - TCSETA)), 0, span_of(bytes));
}

// Nobody can lock any.
static i64 get_locked(u64 argument)
{
	struct settings none = {};
	return user_put(argument, none);
}

static i64 group_error(err_t err)
{
	switch (err) {
	case ERR_NOT_FOUND:
	case ERR_STATE:
	case ERR_UNSUPPORTED: return -ENOTTY;
	case ERR_NOT_OWNER: return -EPERM;
	default: return posix_error(err);
	}
}

// tcsetpgrp: who is in the background is stopped first.
static i64 set_group(struct posix_thread *self, const struct file *file, u64 argument)
{
	const struct proc_slot *slot = identity_slot(&posix_self()->identity);
	u32 device, is_master, session, group;
	i32 wanted;
	TRY_POSIX(user_get(wanted, argument));
	TRY_ERR(tty_identify(terminal_of(file), &device, &is_master, &session, &group));
	if (wanted < 0)
		return -EINVAL;
	if (session == slot->session && group && group != slot->group)
		TRY_POSIX(terminal_background(self, SIGTTOU));
	return group_error(proc_terminal_group(terminal_proc(), (u32)wanted, file->handle));
}

static i64 claim(const struct file *file, u64 force)
{
	err_t err = proc_terminal_claim(terminal_proc(), force == 1, file->handle);
	return err == ERR_NOT_OWNER || err == ERR_STATE ? -EPERM : group_error(err);
}

i64 terminal_control(struct posix_thread *self, const struct file *file, u32 request, u64 argument)
{
	switch (request) {
	case TIOCSCTTY: return claim(file, argument);
	case TIOCNOTTY: return group_error(proc_terminal_release(terminal_proc(), process_serial()));
	case TIOCSPGRP: return set_group(self, file, argument);
	case TIOCGPTPEER: return terminal_peer(self, file, (u32)argument);
	case TCGETA: return get_old(self, file, argument);
	case TIOCGLCKTRMIOS: return get_locked(argument);
	case TCSETA:
	case TCSETAW:
	case TCSETAF: return set_old(self, file, request, argument);
	default: return control(self, file, shape_of(request), argument);
	}
}

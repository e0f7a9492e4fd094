// SPDX-License-Identifier: MIT
// parser.c - bytes to actions: UTF-8, control characters, escape sequences. Whatever comes, one
// byte is one bounded step.
#include "drivers/display/console/vt/vt.h"

#include "lib/driver/rings.h"

constexpr u8 ESCAPE = 0x1b, CANCEL = 0x18, SUBSTITUTE = 0x1a;
constexpr u32 REPLACEMENT = 0xfffd;
constexpr u16 PARAMETER_MAX = 9999;

static void tab(struct vt *vt)
{
	u32 column = vt->cursor.column;
	do
		column++;
	while (column + 1 < vt->columns && !AT(vt->tabs, column));
	vt_move(vt, (i32)column, vt->cursor.row);
}

static void control(struct vt *vt, const struct vt_host *host, u8 byte)
{
	switch (byte) {
	case '\a': host->bell(host->self); break;
	case '\b': vt_move(vt, vt->cursor.column - 1, vt->cursor.row); break;
	case '\t': tab(vt); break;
	case '\n':
	case '\v':
	case '\f':
		vt_newline(vt);
		if (vt->is_newline)
			vt->cursor.column = 0;
		break;
	case '\r': vt_move(vt, 0, vt->cursor.row); break;
	case 0x0e: vt->cursor.charset = 1; break;
	case 0x0f: vt->cursor.charset = 0; break;
	default: break;
	}
}

// Line drawing of the VT100, from '`' to '~'.
static u32 graphic(u32 point)
{
	static const u16 points[31] = { 0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0xb0, 0xb1,
		0x2424, 0x240b, 0x2518, 0x2510, 0x250c, 0x2514, 0x253c, 0x23ba, 0x23bb, 0x2500, 0x23bc,
		0x23bd, 0x251c, 0x2524, 0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x3c0, 0x2260, 0xa3, 0xb7 };
	return point >= '`' && point <= '~' ? AT(points, point - '`') : point;
}

static void print(struct vt *vt, u32 point)
{
	bool is_graphic = AT(vt->cursor.is_graphic, vt->cursor.charset & 1);
	bool is_combining = point >= 0x300 && point < 0x370;
	if (!is_combining && point != 0x200b && point != 0xfeff)
		vt_print(vt, is_graphic ? graphic(point) : point);
}

static void ground(struct vt *vt, const struct vt_host *host, u8 byte)
{
	if (vt->utf8_left && (byte & 0xc0) == 0x80) {
		vt->utf8_point = vt->utf8_point << 6 | (byte & 0x3f);
		if (!--vt->utf8_left)
			print(vt, vt->utf8_point);
		return;
	}
	if (vt->utf8_left)
		print(vt, REPLACEMENT);
	vt->utf8_left = 0;
	if (byte < ' ') {
		control(vt, host, byte);
	} else if (byte < 0x7f) {
		print(vt, byte);
	} else if (byte >= 0xc2 && byte < 0xf5) {
		vt->utf8_left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
		vt->utf8_point = byte & (0x3fu >> vt->utf8_left);
	} else if (byte != 0x7f) {
		print(vt, REPLACEMENT);
	}
}

static void begin_csi(struct vt *vt)
{
	vt->state = VT_CSI;
	vt->mark = 0;
	vt->parameter_count = 1;
	for (u32 i = 0; i < VT_PARAMETERS; i++)
		AT(vt->parameters, i) = 0;
}

static void save(struct vt *vt)
{
	vt->saved = vt->cursor;
}

static void restore(struct vt *vt)
{
	vt->cursor = vt->saved;
	vt_move(vt, vt->cursor.column, vt->cursor.row);
}

static void escape(struct vt *vt, const struct vt_host *host, u8 byte)
{
	vt->state = VT_GROUND;
	switch (byte) {
	case '[': begin_csi(vt); break;
	case ']':
	case 'P':
	case '_':
	case '^':
	case 'X': vt->state = VT_TEXT; break;
	case '(':
	case ')':
		vt->charset_slot = byte == ')';
		vt->state = VT_CHARSET;
		break;
	case '*':
	case '+':
	case '%':
	case '#': vt->state = VT_HASH; break;
	case '7': save(vt); break;
	case '8': restore(vt); break;
	case 'D': vt_newline(vt); break;
	case 'E':
		vt_newline(vt);
		vt->cursor.column = 0;
		break;
	case 'M': vt_reverse_newline(vt); break;
	case 'H': AT(vt->tabs, vt->cursor.column) = true; break;
	case 'Z': host->answer(host->self, VIEW_TEXT("\033[?6c")); break;
	case 'c': vt_reset(vt); break;
	case '=': vt->modes |= SCREEN_KEYPAD; break;
	case '>': vt->modes &= ~(u32)SCREEN_KEYPAD; break;
	default: break;
	}
}

static void csi_digit(struct vt *vt, u8 byte)
{
	u16 *value = &AT(vt->parameters, vt->parameter_count - 1);
	u32 next = *value * 10u + (byte - '0');
	*value = next > PARAMETER_MAX ? PARAMETER_MAX : (u16)next;
}

static void csi(struct vt *vt, const struct vt_host *host, u8 byte)
{
	if (byte >= '0' && byte <= '9') {
		csi_digit(vt, byte);
	} else if (byte == ';' || byte == ':') {
		if (vt->parameter_count < VT_PARAMETERS)
			vt->parameter_count++;
	} else if (byte >= '<' && byte <= '?') {
		vt->mark = byte;
	} else if (byte >= ' ' && byte < '0') {
		vt->mark = byte;
	} else if (byte < ' ') {
		control(vt, host, byte);
	} else if (byte == '[') {
		vt->state = VT_HASH; // a function key's own sequence: one more byte
	} else {
		vt->state = VT_GROUND;
		if (byte < 0x7f)
			vt_csi(vt, host, byte);
	}
}

// Text of OSC, DCS and the like: passed over. Linux's palette (ESC ] P and seven digits, ESC ] R)
// has no end mark.
static void text(struct vt *vt, u8 byte)
{
	if (vt->state == VT_PALETTE) {
		if (!--vt->palette_left)
			vt->state = VT_GROUND;
		return;
	}
	if (byte == 'P' && vt->state == VT_TEXT) {
		vt->state = VT_PALETTE;
		vt->palette_left = 7;
	} else if (byte == 'R' && vt->state == VT_TEXT) {
		vt->state = VT_GROUND;
	} else if (byte == '\a' || byte == 0x9c) {
		vt->state = VT_GROUND;
	} else {
		vt->state = VT_TEXT_END;
	}
}

void vt_write(struct vt *vt, const struct vt_host *host, u8 byte)
{
	if (byte == ESCAPE || byte == CANCEL || byte == SUBSTITUTE) {
		vt->state = byte == ESCAPE ? VT_ESCAPE : VT_GROUND;
		vt->utf8_left = 0;
		return;
	}
	switch ((enum vt_state)vt->state) {
	case VT_GROUND: ground(vt, host, byte); break;
	case VT_ESCAPE: escape(vt, host, byte); break;
	case VT_CSI: csi(vt, host, byte); break;
	case VT_TEXT:
	case VT_TEXT_END:
	case VT_PALETTE: text(vt, byte); break;
	case VT_CHARSET:
		AT(vt->cursor.is_graphic, vt->charset_slot & 1) = byte == '0';
		vt->state = VT_GROUND;
		break;
	case VT_HASH:
	case VT_STATES: vt->state = VT_GROUND; break;
	}
}

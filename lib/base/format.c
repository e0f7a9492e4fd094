// SPDX-License-Identifier: MIT
// format.c - format string -> one conversion at a time -> bytes into the span; bytes behind its
// end are counted only.
#include "lib/base/format.h"

struct output {
	span_t to;
	usize length; // wanted so far; may be beyond the span
};

struct conversion {
	u8 kind;   // the letter; 0: none known
	u8 length; // 'l', 'z' or 0
	bool is_left;
	bool is_zero_padded;
	u8 width;
};

static void put(struct output *output, u8 byte)
{
	if (output->length < output->to.size)
		*span_at(output->to, output->length) = byte;
	output->length++;
}

static void put_times(struct output *output, u8 byte, usize times)
{
	for (; times; times--)
		put(output, byte);
}

static void put_padded(struct output *output, struct conversion how, view_t prefix, view_t text)
{
	usize size = prefix.size + text.size;
	usize padding = how.width > size ? how.width - size : 0;
	if (!how.is_left && !how.is_zero_padded)
		put_times(output, ' ', padding);
	for (usize i = 0; i < prefix.size; i++)
		put(output, view_at(prefix, i));
	if (!how.is_left && how.is_zero_padded)
		put_times(output, '0', padding);
	for (usize i = 0; i < text.size; i++)
		put(output, view_at(text, i));
	if (how.is_left)
		put_times(output, ' ', padding);
}

static void put_text(struct output *output, struct conversion how, view_t text)
{
	how.is_zero_padded = false;
	put_padded(output, how, (view_t){}, text);
}

static void put_number(
	struct output *output, struct conversion how, view_t prefix, u64 value, u32 base)
{
	static const char digits[16] = "0123456789abcdef";
	u8 text[20]; // 2^64 has 20 decimal digits
	usize start = sizeof text;
	do {
		AT(text, --start) = (u8)AT(digits, value % base);
		value /= base;
	} while (value);
	put_padded(output, how, prefix, view_from_offset(view_of(text), start));
}

static void put_signed(struct output *output, struct conversion how, i64 value)
{
	if (value < 0)
		put_number(output, how, VIEW_TEXT("-"), -(u64)value, 10);
	else
		put_number(output, how, (view_t){}, (u64)value, 10);
}

static u8 front(view_t text)
{
	return text.size ? view_at(text, 0) : 0;
}

static u8 take(view_t *text)
{
	u8 byte = front(*text);
	*text = view_from_offset(*text, 1);
	return byte;
}

// text starts behind the percent sign.
static struct conversion parse(view_t *text)
{
	struct conversion how = {};
	for (;; take(text)) {
		if (front(*text) == '-')
			how.is_left = true;
		else if (front(*text) == '0')
			how.is_zero_padded = true;
		else
			break;
	}
	for (u32 digits = 0; digits < 2 && front(*text) >= '0' && front(*text) <= '9'; digits++)
		how.width = (u8)(how.width * 10 + (take(text) - '0'));
	if (front(*text) == 'l' || front(*text) == 'z')
		how.length = take(text);
	how.kind = take(text);
	return how;
}

static u64 take_unsigned(struct conversion how, va_list *arguments)
{
	if (how.length == 'l')
		return va_arg(*arguments, u64);
	if (how.length == 'z')
		return va_arg(*arguments, usize);
	return va_arg(*arguments, u32);
}

static i64 take_signed(struct conversion how, va_list *arguments)
{
	if (how.length == 'l')
		return va_arg(*arguments, i64);
	if (how.length == 'z')
		return va_arg(*arguments, ptrdiff_t);
	return va_arg(*arguments, i32);
}

static view_t string_view(const char *_Nullable string)
{
	return string ? view_cstring(string) : VIEW_TEXT("(null)");
}

static void put_pointer(struct output *output, uintptr_t value)
{
	struct conversion how = { .is_zero_padded = true, .width = 2 + 2 * sizeof(uintptr_t) };
	put_number(output, how, VIEW_TEXT("0x"), value, 16);
}

// False: no such conversion.
static bool convert(struct output *output, struct conversion how, va_list *arguments)
{
	u8 byte;
	switch (how.kind) {
	case 'd': put_signed(output, how, take_signed(how, arguments)); return true;
	case 'u': put_number(output, how, (view_t){}, take_unsigned(how, arguments), 10); return true;
	case 'x': put_number(output, how, (view_t){}, take_unsigned(how, arguments), 16); return true;
	case 'p': put_pointer(output, va_arg(*arguments, uintptr_t)); return true;
	case 's': put_text(output, how, string_view(va_arg(*arguments, const char *))); return true;
	case 'c':
		byte = (u8)va_arg(*arguments, int);
		put_text(output, how, view_of(byte));
		return true;
	case 'v': put_text(output, how, *va_arg(*arguments, const view_t *)); return true;
	case 'e':
		put_text(output, how, view_cstring(err_name((err_t)va_arg(*arguments, i32))));
		return true;
	case '%': put(output, '%'); return true;
	}
	return false;
}

usize format_list(span_t to, const char *format, va_list arguments)
{
	struct output output = { .to = to };
	view_t rest = view_cstring(format);
	va_list copy; // a va_list parameter may be a pointer already; a local one can be passed on
	va_copy(copy, arguments);
	while (rest.size) {
		view_t before = rest;
		u8 byte = take(&rest);
		if (byte != '%')
			put(&output, byte);
		else if (!convert(&output, parse(&rest), &copy))
			put_text(
				&output, (struct conversion){}, view_clamp(before, 0, before.size - rest.size));
	}
	va_end(copy);
	return output.length;
}

usize format(span_t to, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	usize length = format_list(to, format, arguments);
	va_end(arguments);
	return length;
}

view_t format_view(span_t to, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	usize length = format_list(to, format, arguments);
	va_end(arguments);
	return view_clamp(span_view(to), 0, length);
}

// SPDX-License-Identifier: MIT
// text.c - numbers, words and key=value out of a view.
#include "lib/base/text.h"

#include "lib/base/checked.h"

static bool is_space(u8 byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

// 16 and more: no digit of any base.
static u32 digit_value(u8 byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	u8 lower = byte | 0x20;
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10u : 16;
}

err_t text_u64(view_t text, u64 *out)
{
	u32 base = 10;
	if (view_starts_with(text, VIEW_TEXT("0x")) || view_starts_with(text, VIEW_TEXT("0X"))) {
		base = 16;
		text = view_from_offset(text, 2);
	}
	if (!text.size)
		return ERR_INVALID;
	u64 value = 0;
	bool is_too_big = false;
	for (usize i = 0; i < text.size; i++) {
		u32 digit = digit_value(view_at(text, i));
		if (digit >= base)
			return ERR_INVALID;
		is_too_big |= ckd_mul(&value, value, base);
		is_too_big |= ckd_add(&value, value, digit);
	}
	if (is_too_big)
		return ERR_RANGE;
	*out = value;
	return OK;
}

bool text_take_word(view_t *rest, view_t *out)
{
	usize start = 0;
	while (start < rest->size && is_space(view_at(*rest, start)))
		start++;
	usize end = start;
	while (end < rest->size && !is_space(view_at(*rest, end)))
		end++;
	view_t word = view_clamp(*rest, start, end - start);
	*rest = view_from_offset(*rest, end);
	if (!word.size)
		return false;
	*out = word;
	return true;
}

bool text_take_line(view_t *rest, view_t *out)
{
	if (!rest->size)
		return false;
	usize end = view_find(*rest, '\n');
	*out = view_clamp(*rest, 0, end);
	*rest = view_from_offset(*rest, end + 1);
	return true;
}

bool text_split(view_t text, u8 at, view_t *before, view_t *after)
{
	usize place = view_find(text, at);
	if (place == text.size)
		return false;
	*before = view_clamp(text, 0, place);
	*after = view_from_offset(text, place + 1);
	return true;
}

bool text_option(view_t line, view_t key, view_t *out)
{
	bool is_found = false;
	view_t word;
	while (text_take_word(&line, &word)) {
		view_t name = word;
		view_t value = {};
		(void)text_split(word, '=', &name, &value);
		if (view_equal(name, key)) {
			*out = value;
			is_found = true;
		}
	}
	return is_found;
}

view_t text_trim(view_t text)
{
	usize start = 0;
	while (start < text.size && is_space(view_at(text, start)))
		start++;
	usize end = text.size;
	while (end > start && is_space(view_at(text, end - 1)))
		end--;
	return view_clamp(text, start, end - start);
}

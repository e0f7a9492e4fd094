// SPDX-License-Identifier: MIT
// text.h - the little parsing that command lines and manifests need. Results are views into the
// text given: nothing is copied, nothing is allocated.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

// All of the text is one number, decimal or hexadecimal after 0x. ERR_INVALID: it is not;
// ERR_RANGE: it does not fit in 64 bits.
err_t text_u64(view_t text, u64 *out);

// Takes the next word, between spaces, tabs or line ends, off the front. False: there is none.
bool text_take_word(view_t *rest, view_t *out);

// Takes the next line, without its end, off the front. False: nothing left.
bool text_take_line(view_t *rest, view_t *out);

// Cuts at the first such byte, which belongs to neither half. False: it is not there.
bool text_split(view_t text, u8 at, view_t *before, view_t *after);

// The value of the last word "key=value" in a line; of a lone word "key" it is empty.
bool text_option(view_t line, view_t key, view_t *out);

view_t text_trim(view_t text);

NONNULL_END

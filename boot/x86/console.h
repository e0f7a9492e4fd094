// SPDX-License-Identifier: MIT
// console.h - messages on the first serial port and, while there is one, the VGA text screen.
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

void console_init(void);
void console_use_screen(bool is_text); // whether text memory may be written
void console_text(const char *text);
void console_number(const char *before, u64 value); // in hexadecimal
NORETURN void console_fail(const char *text, u64 value);

NONNULL_END

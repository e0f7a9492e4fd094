// SPDX-License-Identifier: MIT
// call_words.h - stands before lib/os/call_words.h on the include path of services on the host.
#pragma once

#include "abi/errors.h"
#include "abi/message.h"
#include "abi/syscall_numbers.h"
#include "lib/base/view.h"

NONNULL_BEGIN

struct message_words {
	u64 word[MESSAGE_WORDS];
};

err_t connection_call_words(handle_t connection, u64 *tag, struct message_words *words);

NONNULL_END

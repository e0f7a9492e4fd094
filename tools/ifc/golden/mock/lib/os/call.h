// SPDX-License-Identifier: MIT
// call.h - what generated client stubs need of lib/os, as README.md states it. Stands in for the
// library's header when the compiler is tested alone.
#pragma once

#include "abi/errors.h"
#include "abi/message.h"
#include "lib/base/err.h"

NONNULL_BEGIN

struct message {
	u64 tag;
	u64 badge;
	u64 identity;
	u64 word[MESSAGE_WORDS];
	handle_t handle[MESSAGE_HANDLES];
	u32 handle_rights[MESSAGE_HANDLES];
	struct lend lend[MESSAGE_LENDS];
};

struct message_words {
	u64 word[MESSAGE_WORDS];
};

err_t connection_call_words(handle_t connection, u64 *tag, struct message_words *words);
err_t connection_invoke(handle_t connection, struct message *message);

NONNULL_END

// SPDX-License-Identifier: MIT
// call.h - calling a service, and receiving calls. Generated stubs (ifc/) are built on these; the
// registers are those of abi/message.h.
#pragma once

#include "abi/errors.h"
#include "abi/message.h"
#include "abi/syscall_numbers.h"
#include "lib/base/view.h"
#include "lib/os/call_words.h"

NONNULL_BEGIN

// A message with everything that may be attached. To send, tag says how much of it counts.
struct message {
	u64 tag;
	u64 badge;    // received: the connection's badge, or an event's key
	u64 identity; // received: of the process that called, stamped by the kernel
	u64 word[MESSAGE_WORDS];
	handle_t handle[MESSAGE_HANDLES];
	u32 handle_rights[MESSAGE_HANDLES]; // sent: the rights to pass on
	struct lend lend[MESSAGE_LENDS];    // sent with a call
};

// The short way of a service: with TAG_REPLY in *tag answers the call in hand with words, then
// waits for the next. Received: badge, tag, words.
ALWAYS_INLINE err_t port_receive_words(
	handle_t port, u64 *tag, struct message_words *words, u64 *badge)
{
	u64 rax = SYSCALL_PORT_REPLY_WAIT, rdi = port.raw, rsi = *tag, rdx = AT(words->word, 0), rbx;
	register u64 r10 __asm__("r10") = AT(words->word, 1);
	register u64 r8 __asm__("r8") = AT(words->word, 2);
	register u64 r9 __asm__("r9") = AT(words->word, 3);
	register u64 r12 __asm__("r12") = AT(words->word, 4);
	register u64 r13 __asm__("r13") = AT(words->word, 5);
	register u64 r14 __asm__("r14") = AT(words->word, 6);
	register u64 r15 __asm__("r15") = AT(words->word, 7);
	__asm__ volatile("syscall"
		: "+a"(rax), "=b"(rbx), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9),
		"+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
		:
		: "rcx", "r11", "memory");
	*words = (struct message_words){ { rdx, r10, r8, r9, r12, r13, r14, r15 } };
	*tag = rsi;
	*badge = rdi;
	return (err_t)(i32)rax;
}

// With handles, lends and a deadline, as the tag says: they go through the thread block.
err_t connection_invoke(handle_t connection, struct message *message);
// The same, given up at a deadline.
err_t connection_invoke_until(handle_t connection, struct message *message, u64 deadline);

// Waits at a port. With TAG_REPLY in message->tag the call in hand is answered first, by the words
// and handles in message; then message holds what came. Tag flags: abi/message.h.
err_t port_receive(handle_t port, struct message *message);
err_t port_receive_until(handle_t port, struct message *message, u64 deadline);
// Answers a saved call, or with HANDLE_NONE the call in hand, without waiting.
err_t reply_send(handle_t reply, struct message *message);

static inline enum message_kind message_kind(const struct message *message)
{
	return (enum message_kind)((message->tag & TAG_KIND_MASK) >> TAG_KIND_SHIFT);
}

static inline u64 reply_tag(err_t err, u32 words)
{
	return (u32)err | (u64)words << TAG_WORDS_SHIFT;
}

NONNULL_END

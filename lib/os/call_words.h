// SPDX-License-Identifier: MIT
// call_words.h - the short way of calling a service, words only: one system call in place. The
// POSIX library has another one (lib/posix/core/shadow), whose waits a signal may end.
#pragma once

#include "abi/errors.h"
#include "abi/message.h"
#include "abi/syscall_numbers.h"
#include "lib/base/view.h"

NONNULL_BEGIN

struct message_words {
	u64 word[MESSAGE_WORDS];
};

// The short way: words only. tag: in the call's, out the reply's. Words go out and come back in
// place. The answer is the kernel's error or the service's.
ALWAYS_INLINE err_t connection_call_words(
	handle_t connection, u64 *tag, struct message_words *words)
{
	u64 rax = SYSCALL_CONNECTION_CALL, rdi = connection.raw, rsi = *tag, rdx = AT(words->word, 0);
	register u64 r10 __asm__("r10") = AT(words->word, 1);
	register u64 r8 __asm__("r8") = AT(words->word, 2);
	register u64 r9 __asm__("r9") = AT(words->word, 3);
	register u64 r12 __asm__("r12") = AT(words->word, 4);
	register u64 r13 __asm__("r13") = AT(words->word, 5);
	register u64 r14 __asm__("r14") = AT(words->word, 6);
	register u64 r15 __asm__("r15") = AT(words->word, 7);
	__asm__ volatile("syscall"
		: "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9), "+r"(r12),
		"+r"(r13), "+r"(r14), "+r"(r15)
		:
		: "rcx", "r11", "memory");
	*words = (struct message_words){ { rdx, r10, r8, r9, r12, r13, r14, r15 } };
	*tag = rsi;
	return (err_t)(i32)rax;
}

NONNULL_END

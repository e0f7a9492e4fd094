// SPDX-License-Identifier: MIT
// call.c - the long way of calls: what is attached goes through the thread block, which the kernel
// reads and writes.
#include "lib/os/call.h"

#include "lib/base/view.h"
#include "lib/os/block.h"
#include "lib/os/service.h"

static void attach(struct thread_block *block, const struct message *message)
{
	for (u32 i = 0; i < (message->tag >> TAG_HANDLES_SHIFT & 7) && i < MESSAGE_HANDLES; i++) {
		AT(block->handle, i) = AT(message->handle, i);
		AT(block->handle_rights, i) = AT(message->handle_rights, i);
	}
	for (u32 i = 0; i < (message->tag >> TAG_LENDS_SHIFT & 7) && i < MESSAGE_LENDS; i++)
		AT(block->lend, i) = AT(message->lend, i);
}

// From here on they are the program's, also if it ends.
static void detach(struct thread_block *block, struct message *message)
{
	for (u32 i = 0; i < (message->tag >> TAG_HANDLES_SHIFT & 7) && i < MESSAGE_HANDLES; i++)
		AT(message->handle, i) = AT(block->handle, i);
	block->handle_count = 0;
}

err_t connection_invoke(handle_t connection, struct message *message)
{
	struct message_words words;
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		AT(words.word, i) = AT(message->word, i);
	attach(block_self(), message);
	err_t err = connection_call_words(connection, &message->tag, &words);
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		AT(message->word, i) = AT(words.word, i);
	if (err == OK)
		detach(block_self(), message);
	return err;
}

err_t connection_invoke_until(handle_t connection, struct message *message, u64 deadline)
{
	block_self()->deadline = deadline;
	message->tag |= TAG_DEADLINE;
	return connection_invoke(connection, message);
}

static err_t enter(u64 number, handle_t handle, struct message *message)
{
	u64 rax = number, rdi = handle.raw, rsi = message->tag, rdx = AT(message->word, 0), rbx = 0;
	register u64 r10 __asm__("r10") = AT(message->word, 1);
	register u64 r8 __asm__("r8") = AT(message->word, 2);
	register u64 r9 __asm__("r9") = AT(message->word, 3);
	register u64 r12 __asm__("r12") = AT(message->word, 4);
	register u64 r13 __asm__("r13") = AT(message->word, 5);
	register u64 r14 __asm__("r14") = AT(message->word, 6);
	register u64 r15 __asm__("r15") = AT(message->word, 7);
	__asm__ volatile("syscall"
		: "+a"(rax), "+b"(rbx), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9),
		"+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
		:
		: "rcx", "r11", "memory");
	message->tag = rsi;
	message->badge = rdi;
	message->identity = rbx;
	const u64 words[MESSAGE_WORDS] = { rdx, r10, r8, r9, r12, r13, r14, r15 };
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		AT(message->word, i) = AT(words, i);
	return (err_t)(i32)rax;
}

err_t port_receive(handle_t port, struct message *message)
{
	if (message->tag & TAG_REPLY)
		attach(block_self(), message);
	err_t err = enter(SYSCALL_PORT_REPLY_WAIT, port, message);
	if (err == OK) {
		detach(block_self(), message);
		service_wake();
	}
	return err;
}

err_t port_receive_until(handle_t port, struct message *message, u64 deadline)
{
	block_self()->deadline = deadline;
	message->tag |= TAG_DEADLINE;
	return port_receive(port, message);
}

err_t reply_send(handle_t reply, struct message *message)
{
	attach(block_self(), message);
	struct message copy = *message;
	return enter(SYSCALL_REPLY_SEND, reply, &copy);
}

// SPDX-License-Identifier: MIT
// pass.h - descriptors passed through a socket (SCM_RIGHTS), one with one byte.
#pragma once

#include <string.h>
#include <sys/socket.h>

struct pass {
	char byte;
	struct iovec part;
	struct msghdr message;
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} control;
};

static inline struct cmsghdr *pass_begin(struct pass *pass)
{
	*pass = (struct pass){ .byte = 'x' };
	pass->part = (struct iovec){ &pass->byte, 1 };
	pass->message = (struct msghdr){ .msg_iov = &pass->part,
		.msg_iovlen = 1,
		.msg_control = &pass->control,
		.msg_controllen = sizeof pass->control };
	return CMSG_FIRSTHDR(&pass->message);
}

// As sendmsg: 1 when it went.
static inline long pass_send(int through, int fd)
{
	struct pass pass;
	struct cmsghdr *head = pass_begin(&pass);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	return sendmsg(through, &pass.message, 0);
}

// The descriptor; -1: the byte came without one. -2: nothing came.
static inline int pass_receive(int through, int flags)
{
	struct pass pass;
	int fd = -1;
	pass_begin(&pass);
	if (recvmsg(through, &pass.message, flags) != 1)
		return -2;
	const struct cmsghdr *head = CMSG_FIRSTHDR(&pass.message);
	if (head && head->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(head), sizeof fd);
	return fd;
}

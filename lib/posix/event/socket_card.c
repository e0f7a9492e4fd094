// SPDX-License-Identifier: MIT
// socket_card.c - who is at the other end. What a process says of itself counts for nothing: it
// sends along a connection that servers/proc had made for it, and servers/meet tells the receiver
// who that was (docs/decisions/033).
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/socket.h"
#include "lib/posix/event/voice.h"
#include "lib/posix/linux/errno.h"
#include "os/syscalls.h"

static struct linux_ucred ucred(u32 pid, u32 user, u32 group)
{
	return (struct linux_ucred){ (i32)pid, user, group };
}

struct linux_ucred socket_connected(handle_t grant, handle_t line, u64 key)
{
	meet_t meet = { posix_self()->events.meet };
	u32 pid, user, group;
	u64 reached;
	err_t err = meet_connected(meet, grant, line, &reached, &pid, &user, &group);
	return err == OK && reached == key ? ucred(pid, user, group) : PEER_UNKNOWN;
}

i64 card_make(const struct socket *socket, const struct linux_ucred *who, handle_t *out)
{
	proc_t proc = { posix_self()->identity.connection };
	*out = HANDLE_NONE;
	err_t err = proc_introduce(proc, (u32)who->pid, who->user, who->group, socket->peer.user, out);
	if (err == ERR_NOT_FOUND)
		return -ESRCH;
	if (err == ERR_NOT_OWNER || err == ERR_INVALID)
		return err == ERR_INVALID ? -EINVAL : -EPERM;
	if (err == OK && socket->peer.user == PEER_UNKNOWN.user) {
		(void)!handle_close(*out);
		*out = HANDLE_NONE;
	}
	return 0; // without one the receiver does not know who it was
}

struct linux_ucred card_read(handle_t card)
{
	struct voice voice = voice_begin();
	u32 pid, user, group;
	err_t err;
	do
		err = meet_introduced(voice.meet, card, &pid, &user, &group);
	while (voice_renew(&voice, err));
	return err == OK ? ucred(pid, user, group) : PEER_UNKNOWN;
}

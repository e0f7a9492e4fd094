// SPDX-License-Identifier: MIT
// main.c - stands at the port of a service that will not come: every call is answered with an error
// at once, so that nobody waits for it. Authority: that port.
#include "lib/os/service.h"
#include "lib/os/start.h"

static bool refuse(const void *ops, void *_Nullable self, struct message *message)
{
	(void)ops;
	(void)self;
	message_drop_handles(message);
	message->tag = reply_tag(ERR_CLOSED, 0);
	return true;
}

int main(void)
{
	struct loop loop;
	loop_adopt(&loop, start_handle("port"));
	loop_serve(&loop, refuse, &loop, nullptr);
	return loop_run(&loop) == ERR_CLOSED ? 0 : 1;
}

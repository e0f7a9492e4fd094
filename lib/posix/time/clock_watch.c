// SPDX-License-Identifier: MIT
// clock_watch.c - the clock of the day is set, perhaps by another process: timers and timerfds that
// wait for a moment of it are set anew, and threads that may wait for one look again. servers/clock
// raises an event on its page's memory; the helper is told. Sleeps look themselves (sleep.c).
#include "ifc/clock.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/event/timer_file.h"
#include "lib/posix/signal/send.h"
#include "lib/posix/time/timers.h"
#include "os/syscalls.h"

void clock_watch_locked(struct time_state *state)
{
	handle_t page = posix_self()->core.clock;
	if (state->is_watching || !page.raw || (!state->port.raw && timers_helper_start(state) < 0))
		return;
	state->is_watching =
		port_bind(state->port, page, CLOCK_EVENT_SET, CLOCK_KEY, BIND_MODE_EDGE) == OK;
}

void clock_watch(void)
{
	struct time_state *state = timers_enter();
	clock_watch_locked(state);
	timers_leave(state);
}

void clock_changed(struct posix_thread *self)
{
	struct time_state *state = &posix_self()->time;
	posix_lock_take(&state->helper);
	timers_clock_set(self);
	timer_files_clock_set(self);
	signal_poke_all();
	posix_lock_give(&state->helper);
}

/* SPDX-License-Identifier: MIT
 * kick.pml - no lost wake-up between queuing work at a port (port_kick, port.c) and a server that
 * goes to idle on another CPU (port_wait, port_wait.c). Both stores are sequentially consistent in
 * the code (pending: store and fence; waiters: atomic or), so each step here is one access. A kick
 * is an interrupt that the server's CPU takes only outside of the kernel.
 * Shown: work that was queued is received.
 */
bool pending = false, waiters = false;    /* port->pending, this CPU's bit of port->waiters */
bool kick = false;                        /* CPU_PORTS on its way to the server's CPU */
bool idle = false;                        /* in the idle list */
bool received = false;
bool in_kernel = false;

active proctype queuer() {
	bool seen;
	pending = true;                       /* port_set_pending: sequentially consistent store */
	seen = waiters;                       /* after atomic_fence_seq_cst */
	if :: seen -> kick = true :: else fi
}

active proctype server() {
	bool seen;
	in_kernel = true;
	waiters = true;                       /* enlist: atomic or, a full fence */
	seen = pending;
	if
	:: seen -> pending = false; received = true
	:: else -> idle = true
	fi;
	in_kernel = false
}

active proctype interrupts() {
	do
	:: atomic { kick && !in_kernel -> kick = false;
		if :: idle && pending -> idle = false; pending = false; received = true :: else fi }
	:: received -> break
	od
}

ltl work_arrives { <> received }

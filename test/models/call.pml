/* SPDX-License-Identifier: MIT
 * call.pml - the remote call protocol of kernel/object/call.c, reply.c and lease.c.
 * A caller on its home CPU makes two calls in a row; a server on another CPU takes each from the
 * queue, may save it, may copy lent memory, answers it or dies; the caller may time out or be
 * killed at any step. call.state moves by compare-and-swap, and carries the call's number.
 * Shown: every call ends once (no hang), an answer belongs to the call it was made for, lent memory
 * is not written after the caller went on, nothing is answered twice.
 */
mtype = { NONE, QUEUED, TAKEN, SAVED, COPYING, ANSWERED };
#define CALLS 2

mtype state = NONE;
byte number = 0;        /* together one word in the kernel: read and changed atomically */
bool in_queue = false;  /* under port->lock: one step each */
byte reply_for = 255;   /* the call that the words in call.reply answer */
bool wants_abandon = false;
bool request = false;   /* REQUEST_ANSWERED or INTERRUPT_CALL on its way home */
bool lent = false;      /* the caller's memory may be written now */
bool copying = false;
bool dead = false, server_done = false;
byte ended = 0;

inline cas(n, from, to, won) {
	atomic {
		won = (state == from && number == n);
		if :: won -> state = to :: else fi
	}
}

/* The caller leaves: it goes on with a result and may reuse its memory. */
inline leave() {
	atomic { number++; state = NONE; lent = false; wants_abandon = false; ended++ }
}

inline abandon(kill) {
	if
	:: atomic { in_queue -> in_queue = false; state = NONE; number++; lent = false; ended++ }
	:: atomic { !in_queue && state == ANSWERED && !kill -> skip }
	:: atomic { !in_queue && state == ANSWERED && kill -> state = NONE; number++; lent = false; ended++ }
	:: atomic { !in_queue && state == COPYING && !kill -> wants_abandon = true }
	:: atomic { !in_queue && state == COPYING && kill -> number++; state = NONE; lent = false; ended++ }
	:: atomic { !in_queue && (state == TAKEN || state == SAVED) -> number++; state = NONE; lent = false; ended++ }
	fi
}

active proctype caller() {
	byte mine;
	byte i = 0;
	do
	:: i < CALLS && !dead ->
		atomic { mine = number; in_queue = true; state = QUEUED; lent = true; wants_abandon = false }
		do
		:: atomic { request && state == ANSWERED && number == mine ->
			request = false;
			assert(reply_for == mine);
			state = NONE; number++; lent = false; ended++ }
			break
		:: atomic { request && !(state == ANSWERED && number == mine) -> request = false }
			if
			:: wants_abandon && number == mine -> abandon(false)
			:: else
			fi;
			if :: number != mine -> break :: else fi
		:: abandon(false);                        /* time-out */
			if :: number != mine -> break :: else fi
		:: dead = true; abandon(true);            /* killed */
			break
		od;
		i++
	:: else -> break
	od;
	/* it ended every call it began */
	assert(ended == i || dead)
}

active proctype server() {
	byte n;
	bool won;
	mtype held;
	do
	:: atomic { in_queue -> in_queue = false; state = TAKEN; n = number; held = TAKEN }
		if                                        /* reply_save */
		:: skip
		:: cas(n, TAKEN, COPYING, won);
			if :: won -> cas(n, COPYING, SAVED, won); held = SAVED;
				if :: won && wants_abandon -> request = true :: else fi
			:: else -> held = SAVED
			fi
		fi;
		if                                        /* lease_write */
		:: skip
		:: cas(n, held, COPYING, won);
			if :: won -> copying = true;
				copying = false;
				cas(n, COPYING, held, won);
				if :: won && wants_abandon -> request = true :: else fi
			:: else
			fi
		fi;
		cas(n, held, COPYING, won);               /* answer, or drop by death: same steps */
		if
		:: won ->
			reply_for = n;
			cas(n, COPYING, ANSWERED, won);
			if :: won -> request = true :: else fi
		:: else                                   /* ERR_GONE */
		fi
	:: timeout -> break
	od
}

/* Lent memory is written only while a call is under way, unless the caller was killed: then its
 * pages are held by references and nobody sees them. */
ltl lent_only { [] (copying -> (lent || dead)) }

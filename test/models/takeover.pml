/* SPDX-License-Identifier: MIT
 * takeover.pml - what a killed process had not made durable, taken over by the next one from memory
 * that outlives it (lib/sinter/kept.c; take_over in replay.c; open_root in open.c). A kill may come
 * between any two stores, also while the next process takes over; the device keeps what it was given
 * (commit.pml has the power cuts). Two parts of the memory are used in turns, one for each root.
 * Operations are names: each may be done once, on the state that it followed. Contents of files are
 * left out: doing them again comes to the same.
 * Shown: after each kill all that was answered is there, but for what followed an operation that no
 * record tells of; each record is done once, on its own state; a process opens in the end.
 *
 * Mistakes that check plants, each must be found:
 * -DANY_CHAIN=true             a part is known by its root's number only
 * -DBASE_FIRST=true          a part gets its number before it is emptied
 * -DUSED_FIRST=true          a record counts before it is written
 * -DANSWER_FIRST=true        an operation is answered before it is noted
 * -DALL_WHOLE=true             the next part is taken although this one misses an operation
 * -DNAMES_DONE=0             what the log has done is done again
 * -DBEGIN_EARLY=true         keeping begins anew before what was taken over is durable
 * -DPART_LATE=true           the next part begins when the root is durable, not when it is frozen
 * -DPART_EARLY=true          the commit of what was taken over begins a part
 * Rules that others cover, without all of these it holds too:
 * + -DIS_OWN=true            no part follows a root that was made in the middle of taking over
 */
#ifndef OPS
#define OPS   3
#endif
#ifndef KILLS
#define KILLS 2
#endif
#define IDS   12/* roots ever made */

#ifndef ANY_CHAIN
#define ANY_CHAIN false
#endif
#ifndef BASE_FIRST
#define BASE_FIRST false
#endif
#ifndef USED_FIRST
#define USED_FIRST false
#endif
#ifndef ANSWER_FIRST
#define ANSWER_FIRST false
#endif
#ifndef ALL_WHOLE
#define ALL_WHOLE false
#endif
#ifndef NAMES_DONE
#define NAMES_DONE names_done
#endif
#ifndef IS_OWN
#define IS_OWN root_is_own[first]
#endif
#ifndef BEGIN_EARLY
#define BEGIN_EARLY false
#endif
#ifndef PART_LATE
#define PART_LATE false
#endif

#ifndef PART_EARLY
#define PART_EARLY false
#endif

/* A state: how many operations it has, and which process did the last one. */
#define COUNT(state) (state & 7)
#define NEWER(a, b) (a > b -> a : b)

/* Memory that outlives the process. */
typedef kept_part { byte base; byte chain; byte used; bool whole; byte records[OPS] };
kept_part part[2];
byte kept_turn = 0;                       /* the part that was begun last */
bool magic = false;

/* The device. Records of all groups of one root stand together; a record is the state behind it. */
byte roots = 1, newest = 1, root_txg[IDS], root_state[IDS], root_chain[IDS];
bool root_is_own[IDS];                    /* log_base is its own number */
byte log_base = 0, log_chain = 0, log_used = 0, log_records[OPS];

/* The process. */
bool running = false;
byte process = 0, now = 0, root = 1, first, names_done, at;
byte frozen = 0, turn, logged;
bool is_kept, is_logged, changed;

/* What must be there. */
byte history[OPS + 1], answered = 0;
byte untold = 0;                          /* the newest operation that neither a record nor a root tells of */
bool kill = false, may_interrupt = true;

inline do_one() {
	now = 8 * process + COUNT(now) + 1; history[COUNT(now)] = now
}

inline freeze(is_own_base) {
	roots++; frozen = roots;
	root_txg[frozen] = root_txg[root] + 1; root_state[frozen] = now;
	root_chain[frozen] = 8 * process + roots; root_is_own[frozen] = is_own_base
}

/* begin_part, store by store. */
inline begin_part(which, number, chain_of) {
	part[which].base = (BASE_FIRST -> number : 0);
	d_step { part[which].used = 0; at = 0;
		do :: at < OPS -> part[which].records[at] = 0; at++ :: else -> break od; at = 0 }
	part[which].whole = true;
	part[which].chain = chain_of;
	part[which].base = number;
	d_step { turn = which; kept_turn = which; is_kept = true }
}

/* A record is done on the state that it followed, once. */
inline take_record(next) {
	assert(next && COUNT(next) == COUNT(now) + 1 && history[COUNT(now)] == now);
	now = next; at++; changed = true
}

inline take(which) {
	do
	:: d_step { at < part[which].used -> take_record(part[which].records[at]) }
	:: d_step { changed && may_interrupt -> may_interrupt = false; freeze(false);
		/* From here on a kill is as a power cut. */
		newest = frozen; root = frozen; frozen = 0; answered = COUNT(now); untold = 0 }
	:: d_step { at >= part[which].used -> at = 0 } break
	od;
	skip
}

/* kept_part: the part of this root. */
#define FITS(i) (part[i].base == root_txg[first] && (ANY_CHAIN || part[i].chain == root_chain[first]))

inline take_over() {
	if
	:: magic && IS_OWN && FITS(0) -> turn = 0
	:: magic && IS_OWN && FITS(1) && !FITS(0) -> turn = 1
	:: else -> turn = 2
	fi;
	if
	:: turn < 2 -> at = NAMES_DONE; take(turn);
		if
		:: (ALL_WHOLE || part[turn].whole) && part[1 - turn].base == root_txg[first] + 1 -> at = 0; take(1 - turn)
		:: else
		fi
	:: else
	fi
}

inline begin_keeping() {
	magic = false;
	part[1].base = 0;
	begin_part(0, root_txg[root], root_chain[root]);
	magic = true
}

inline open() {
	d_step { running = false; process++; root = newest; first = root; now = root_state[root];
		at = 0; changed = false; is_kept = false; frozen = 0; turn = 0;
		do                                    /* replay_all */
		:: log_base == root_txg[root] && log_chain == root_chain[root] && root_is_own[root] && at < log_used ->
			take_record(log_records[at])
		:: else -> break
		od;
		names_done = at; at = 0 }
	take_over();
	d_step { assert(COUNT(now) >= answered && history[COUNT(now)] == now);
		at = COUNT(now) + 1;
		do :: at <= OPS -> history[at] = 0; at++ :: else -> break od;
		at = 0; untold = 0; logged = COUNT(now); is_logged = true }
	if :: BEGIN_EARLY -> begin_keeping() :: else fi;
	if :: changed || !root_is_own[root] ->
		if :: PART_EARLY -> begin_part((1 - kept_turn), root_txg[root] + 1, 0) :: else fi;
		d_step { freeze(true); newest = frozen; answered = COUNT(now) }
		d_step { root = frozen; frozen = 0 }
	:: else
	fi;
	if :: !BEGIN_EARLY -> begin_keeping() :: else fi;
	running = true
}

inline operation() {
	d_step { COUNT(now) < OPS -> do_one(); if :: ANSWER_FIRST && !untold -> answered = COUNT(now) :: else fi }
	if
	:: is_kept ->
		if :: USED_FIRST -> part[turn].used++ :: else fi;
		part[turn].records[part[turn].used - (USED_FIRST -> 1 : 0)] = now;
		if :: !USED_FIRST -> part[turn].used++ :: else fi
	:: else -> untold = COUNT(now)
	fi;
	if :: !untold -> answered = COUNT(now) :: else fi
}

inline live() {
	do
	:: timeout -> skip                    /* idle */
	:: operation()
	:: d_step { COUNT(now) < OPS -> do_one(); is_kept = false; is_logged = false } /* kept_end */
		part[turn].whole = false;
		untold = COUNT(now)
	:: d_step { !frozen && is_logged && logged < COUNT(now) ->     /* a group */
		if
		:: log_base != root_txg[root] || log_chain != root_chain[root] ->
			log_base = root_txg[root]; log_chain = root_chain[root]; log_used = 0
		:: else
		fi;
		do
		:: logged < COUNT(now) -> logged++; log_records[log_used] = history[logged]; log_used++
		:: else -> break
		od }
	:: d_step { !frozen && COUNT(now) > COUNT(root_state[root]) ->
		freeze(true); logged = COUNT(now); is_logged = true }
		if :: !PART_LATE -> begin_part((1 - turn), root_txg[frozen], root_chain[frozen]) :: else fi
	:: d_step { frozen && newest != frozen -> newest = frozen;
		answered = NEWER(answered, COUNT(root_state[frozen]));
		if :: untold <= COUNT(root_state[frozen]) -> untold = 0; answered = COUNT(now) :: else fi }
	:: d_step { frozen && newest == frozen -> root = frozen; frozen = 0 }
		if :: PART_LATE -> begin_part((1 - turn), root_txg[root], root_chain[root]) :: else fi
	od
}

active proctype library() {
	d_step { root_txg[1] = 1; root_chain[1] = 1; root_is_own[1] = true }
	do
	:: { open(); live() } unless { d_step { kill -> kill = false } }
	od
}

active proctype killer() {
	byte kills = 0;
	do
	:: d_step { kills < KILLS && !kill -> kill = true; kills++ }
	:: break
	od
}

ltl opens { []<> running }

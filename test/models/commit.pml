/* SPDX-License-Identifier: MIT
 * commit.pml - Sinter's commits and intent log on a disk that keeps what is not flushed for as long as
 * it likes, over power cuts (lib/sinter: begin, advance and end in txg.c, freeze.c, begin and ilog_work
 * in ilog.c; recovery: choose_root and open_root in open.c, replay.c). Once, the disk loses the newest
 * root although it was flushed: the pool goes on from the one before. The log has LOGS places, used in
 * turns; superblocks have two.
 * Shown: whenever the power goes, what is found is a state that there was, no older than what an fsync
 * or sync answered (than the older root, when the newest one was lost); each record of the log is
 * done on the very state that it followed; each operation becomes durable in the end.
 *
 * Mistakes that check plants, each must be found:
 * -DBARRIER=false            no flush between blocks and superblock
 * -DFLUSH_SUPER=false        none behind the superblock
 * -DFLUSH_LOG=false          an fsync does not flush
 * -DLOG_IS_FULL=false        groups are written over those that no root holds yet
 * -DMAY_LOG=true             a group is written during a commit
 * -DIS_CHAIN=true            a group's chain is not compared
 * -DROOT_CHAIN=chain         a root does not begin a chain
 * -DSALT=0 -DBOOTS=4 -DOPS=2  a root's chain is its checksum only
 * -DSKIPPED=0                a commit in the middle of a replay does not keep how far it came
 * -DMUST_END=false           an opening that ends in the middle of the log does not commit
 * Rules that others cover, without all of these it holds too:
 * + -DMAY_COMMIT=true -DOPS=2  no commit begins during a group
 * + -DUSED_AT_FREEZE=0       the log's use begins anew when the root is durable, not when it is frozen
 * + -DIS_SEQUENCE=true       a group's sequence is compared
 * + -DIS_BASE=true           a group's base is compared
 */
#ifndef OPS
#define OPS   3
#endif
#ifndef BOOTS
#define BOOTS 3  /* the last one only looks */
#endif
#define LOGS  2
#define IDS   14 /* roots and groups ever made */

#ifndef BARRIER
#define BARRIER true
#endif
#ifndef FLUSH_SUPER
#define FLUSH_SUPER true
#endif
#ifndef FLUSH_LOG
#define FLUSH_LOG true
#endif
#ifndef LOG_IS_FULL
#define LOG_IS_FULL (used == LOGS)
#endif
#ifndef MAY_LOG
#define MAY_LOG (phase == IDLE)
#endif
#ifndef MAY_COMMIT
#define MAY_COMMIT (!group)
#endif
#ifndef USED_AT_FREEZE
#define USED_AT_FREEZE used
#endif
#ifndef IS_SEQUENCE
#define IS_SEQUENCE (group_sequence[at] == sequence)
#endif
#ifndef IS_BASE
#define IS_BASE (group_base[at] == base)
#endif
#ifndef IS_CHAIN
#define IS_CHAIN (group_chain[at] == chain)
#endif
#ifndef SALT
#define SALT boot
#endif
#ifndef ROOT_CHAIN
#define ROOT_CHAIN (128 + 32 * SALT + now)
#endif
#ifndef SKIPPED
#define SKIPPED skipped
#endif
#ifndef MUST_END
#define MUST_END (root_base[root] != root_txg[root])
#endif

/* A state: how many operations it has, and in which boot the last one was done. */
#define STATE(count) (8 * boot + count)
#define COUNT(state) (state & 7)
#define NEWER(a, b) (a > b -> a : b)

mtype = { IDLE, BLOCKS, SUPER };

/* Memory. */
byte boot = 1, history[OPS + 1];          /* the state after so many operations */
byte now = 0, answered = 0;               /* the state; operations that are known to be durable */
byte logged = 0;                          /* operations that the log or a root has, or will have */
byte open = 1, root = 0, frozen = 0;      /* txg->open; identity of the newest root, of the one under way */
mtype phase = IDLE;                       /* txg->phase */
bool wanted = false;                      /* txg->is_wanted */
byte group = 0;                           /* the one under way, as log->phase */
byte place = 0, sequence = 1, chain = 0, used = 0; /* log->position, sequence, previous, units_used */
bool opening = false, replaying = false, changed = false;
byte base, skipped;                          /* log->replay_base, replay_skip */
bool may_lose = true, may_interrupt = true; /* once each */

/* What blocks contain, by identity, from 1. */
byte roots = 0, root_txg[IDS], root_state[IDS], root_place[IDS], root_sequence[IDS], root_chain[IDS],
	root_base[IDS], root_skip[IDS];
byte groups = 0, group_sequence[IDS], group_base[IDS], group_chain[IDS], group_from[IDS], group_to[IDS];

/* The disk: a root's blocks: 0 not there, 1 on their way, 2 there; the identities that stand in a place,
 * and may soon. */
byte blocks[IDS], super[2], super_next[2], log[LOGS], log_next[LOGS];

inline flush(is_done) {
	if
	:: is_done -> i = 1;
		do
		:: i <= roots -> if :: blocks[i] == 1 -> blocks[i] = 2 :: else fi; i++
		:: else -> break
		od;
		super[0] = super_next[0]; super[1] = super_next[1];
		log[0] = log_next[0]; log[1] = log_next[1]; i = 0
	:: else
	fi
}

inline freeze() {
	roots++; frozen = roots; i = 1;
	do                                    /* the space of a lost root of this number is used again */
	:: i < roots -> if :: root_txg[i] == open -> blocks[i] = 0 :: else fi; i++
	:: else -> break
	od;
	i = 0;
	if :: !replaying -> chain = ROOT_CHAIN; logged = COUNT(now) :: else fi;
	root_txg[frozen] = open; root_state[frozen] = now; root_place[frozen] = place;
	root_sequence[frozen] = sequence; root_chain[frozen] = chain;
	root_base[frozen] = (replaying -> base : open); root_skip[frozen] = (replaying -> SKIPPED : 0);
	blocks[frozen] = 1; used = USED_AT_FREEZE;
	open++; wanted = false; changed = false; phase = BLOCKS
}

inline build() {
	groups++; group = groups;
	group_sequence[group] = sequence; group_base[group] = root_txg[root]; group_chain[group] = chain;
	group_from[group] = history[logged]; group_to[group] = now; logged = COUNT(now);
	log_next[place] = group; place = (place + 1) % LOGS; sequence++; used++; chain = group
}

/* The next block of the log; none ends the replay. */
inline replay() {
	at = log[place];
	if
	:: at && IS_SEQUENCE && IS_BASE && IS_CHAIN ->
		if
		:: skipped == COUNT(group_to[at]) - COUNT(group_from[at]) ->
			place = (place + 1) % LOGS; sequence++; chain = at; skipped = 0
		:: else ->                        /* a record: on the state that it followed */
			assert(now == (skipped == 0 -> group_from[at] : (group_to[at] & 248) + COUNT(group_from[at]) + skipped));
			now = (group_to[at] & 248) + COUNT(group_from[at]) + skipped + 1;
			skipped++; changed = true
		fi
	:: else ->
		replaying = false; skipped = 0; base = 0;
		/* It is a state that there was, new enough. */
		assert(COUNT(now) >= answered && COUNT(now) <= OPS && history[COUNT(now)] == now);
		i = COUNT(now) + 1;
		do :: i <= OPS -> history[i] = 0; i++ :: else -> break od;
		i = 0; logged = COUNT(now);
		if :: changed || MUST_END -> wanted = true :: else -> opening = false; answered = COUNT(now) fi
	fi;
	at = 0
}

inline power_cut() {
	i = 1;
	do
	:: i <= roots -> if :: blocks[i] == 1 -> blocks[i] = 0 :: else fi; i++
	:: else -> break
	od;
	i = 0;
	if                                        /* the newest root may be gone, whatever was flushed */
	:: may_lose && root > 1 -> may_lose = false; blocks[root] = 0; answered = 0
	:: true
	fi;
	super_next[0] = super[0]; super_next[1] = super[1];
	log_next[0] = log[0]; log_next[1] = log[1];
	boot++
}

inline choose_root() {
	root = 0;
	if :: super[0] && blocks[super[0]] == 2 -> root = super[0] :: else fi;
	if
	:: super[1] && blocks[super[1]] == 2 && (!root || root_txg[super[1]] > root_txg[root]) -> root = super[1]
	:: else
	fi;
	assert(root);
	changed = (super[0] && root_txg[super[0]] > root_txg[root]) || (super[1] && root_txg[super[1]] > root_txg[root]);
	open = root_txg[root] + 1; now = root_state[root]; place = root_place[root];
	sequence = root_sequence[root]; chain = root_chain[root]; base = root_base[root]; skipped = root_skip[root];
	replaying = true; opening = true; used = 0; wanted = false; phase = IDLE; frozen = 0; group = 0
}

active proctype library() {
	byte i, at;
	d_step {                                  /* format */
		roots = 1; root = 1; root_txg[1] = 1; root_sequence[1] = 1; root_base[1] = 1; root_chain[1] = 127;
		chain = 127; blocks[1] = 2; super[1] = 1; super_next[1] = 1; open = 2
	}
end:	do
	:: d_step { !opening && COUNT(now) < OPS ->
		now = STATE(COUNT(now)) + 1; history[COUNT(now)] = now }
	/* A sync, a log that is full, or five seconds went by. */
	:: d_step { !opening && !wanted && phase == IDLE && COUNT(now) > COUNT(root_state[root]) -> wanted = true }
	:: d_step { !opening && COUNT(now) > logged && !wanted && !group && MAY_LOG && !LOG_IS_FULL -> build() }
	:: d_step { group -> flush(FLUSH_LOG); answered = NEWER(COUNT(group_to[group]), answered); group = 0 }
	:: d_step { replaying && phase == IDLE -> replay() }
	:: d_step { replaying && phase == IDLE && may_interrupt && changed -> may_interrupt = false; wanted = true; freeze() }
	:: d_step { wanted && phase == IDLE && MAY_COMMIT && !replaying -> freeze() }
	:: d_step { phase == BLOCKS -> flush(BARRIER); super_next[root_txg[frozen] % 2] = frozen; phase = SUPER }
	:: d_step { phase == SUPER -> flush(FLUSH_SUPER);
		root = frozen; frozen = 0; used = 0; phase = IDLE;
		answered = NEWER(COUNT(root_state[root]), answered);
		if :: !replaying -> opening = false :: else fi }
	:: atomic { boot < BOOTS -> power_cut(); d_step { choose_root() } }
	od
}

active proctype disk() {                  /* writes what it was given, in any order */
end:	do
	:: d_step { blocks[roots] == 1 -> blocks[roots] = 2 }
	:: d_step { super[0] != super_next[0] -> super[0] = super_next[0] }
	:: d_step { super[1] != super_next[1] -> super[1] = super_next[1] }
	:: d_step { log[0] != log_next[0] -> log[0] = log_next[0] }
	:: d_step { log[1] != log_next[1] -> log[1] = log_next[1] }
	od
}

ltl all_become_durable { <> (answered == OPS) }

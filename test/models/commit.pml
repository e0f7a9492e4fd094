/* SPDX-License-Identifier: MIT
 * commit.pml - Sinter's commits and intent log on a disk that keeps what is not flushed for as long as
 * it likes (lib/sinter: advance and end in txg.c, freeze_all, begin and ilog_work in ilog.c; recovery:
 * choose_root in open.c, replay.c). Operations go on while a root is being written; groups and
 * commits do not overlap. The log has two places, used in turns; superblocks have two.
 * Shown: whenever the power goes, what an fsync or sync answered is there, and only what was
 * done; each operation becomes durable in the end.
 */
#define OPS  3
#define TXGS 8
#define LOGS 2
#define SEQS 10

byte done = 0, answered = 0;              /* operations: all so far; known to be durable */
byte open = 1, durable = 0;               /* txg->open, txg->durable */
bool committing = false, logging = false; /* txg->phase, log->phase */
bool wanted = false;                      /* txg->is_wanted */
byte place = 0, sequence = 1, used = 0;   /* log->position, sequence, units_used */

/* What blocks contain, by txg or sequence: once made they never change. */
byte root_done[TXGS], root_place[TXGS], root_sequence[TXGS];
byte group_base[SEQS], group_done[SEQS];

/* The disk: 0 not written, 1 on its way, 2 there; and what stands in a place, and may soon. */
byte blocks[TXGS];
byte super[2], super_next[2];             /* txg + 1; 0: nothing */
byte log[LOGS], log_next[LOGS];           /* sequence; 0: nothing */

#define NEWER(a, b) (a > b -> a : b)

inline flush() {
	d_step {
		i = 0;
		do
		:: i < TXGS -> if :: blocks[i] == 1 -> blocks[i] = 2 :: else fi; i++
		:: else -> break
		od;
		super[0] = super_next[0]; super[1] = super_next[1];
		log[0] = log_next[0]; log[1] = log_next[1];
		i = 0
	}
}

active proctype operations() {
	do
	:: done < OPS -> done++
	:: else -> break
	od
}

active proctype commits() {
	byte i, frozen;
end:	do
	:: atomic { wanted && !logging -> committing = true; wanted = false; frozen = open; open++;
			root_done[frozen] = done; root_place[frozen] = place;
			root_sequence[frozen] = sequence }
		blocks[frozen] = 1;
		flush();                          /* COMMIT_BARRIER */
		super_next[frozen % 2] = frozen + 1;
		flush();                          /* COMMIT_FLUSH */
		d_step { durable = frozen; used = 0; committing = false;
			answered = NEWER(root_done[frozen], answered); frozen = 0 }
	od
}

active proctype logs() {
	byte i, seen;
	do
	:: answered == OPS -> break
	:: atomic { done > answered && !committing && !wanted ->
			if
			:: used == LOGS -> wanted = true  /* find_position: full until the next commit */
			:: wanted = true                  /* a sync, or five seconds went by */
			:: used < LOGS -> logging = true; seen = done; group_done[sequence] = done;
				group_base[sequence] = durable; log_next[place] = sequence;
				place = (place + 1) % LOGS; sequence++; used++
			fi }
		if
		:: logging -> flush(); d_step { answered = NEWER(seen, answered); logging = false; seen = 0 }
		:: else
		fi
	od
}

active proctype disk() {                  /* writes what it was given, in any order */
end:	do
	:: blocks[open - 1] == 1 -> blocks[open - 1] = 2
	:: super[0] != super_next[0] -> super[0] = super_next[0]
	:: super[1] != super_next[1] -> super[1] = super_next[1]
	:: log[0] != log_next[0] -> log[0] = log_next[0]
	:: log[1] != log_next[1] -> log[1] = log_next[1]
	od
}

active proctype power() {                 /* goes at any moment: what would be found then? */
	byte root, at, next, found;
	d_step {
		root = NEWER(super[0], super[1]);
		if :: root -> root-- :: else fi;
		assert(!root || blocks[root] == 2);
		found = root_done[root]; at = root_place[root]; next = root_sequence[root];
		if :: !next -> next = 1 :: else fi; /* the root that format made */
		do
		:: log[at] == next && group_base[next] == root ->
			found = group_done[next]; next++; at = (at + 1) % LOGS
		:: else -> break
		od;
		assert(found >= answered && found <= done)
	}
}

ltl all_become_durable { <> (answered == OPS) }

// SPDX-License-Identifier: MIT
// progress.c - see progress.h.
#include "tools/sinter/progress.h"

#include <stdio.h>
#include <unistd.h>

enum { WIDTH = 40, HUNDRED = 100 };

static u64 shown = UINT64_MAX; // per cent, or MiB; only this program's one thread writes it

void progress_show(const char *what, u64 done, u64 all)
{
	u64 now = all ? done * HUNDRED / all : done >> 20;
	now = all && now > HUNDRED ? HUNDRED : now;
	if (now == shown || !isatty(STDERR_FILENO))
		return;
	shown = now;
	if (!all) {
		fprintf(stderr, "\r%s %llu MiB", what, (unsigned long long)now);
		return;
	}
	fprintf(stderr, "\r%s [", what);
	for (u64 i = 0; i < WIDTH; i++)
		fputc(i * HUNDRED < now * WIDTH ? '#' : ' ', stderr);
	fprintf(stderr, "] %3llu %%", (unsigned long long)now);
}

void progress_end(void)
{
	if (shown != UINT64_MAX)
		fputc('\n', stderr);
	shown = UINT64_MAX;
}

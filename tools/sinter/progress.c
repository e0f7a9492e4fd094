// SPDX-License-Identifier: MIT
// progress.c - see progress.h.
#include "tools/sinter/progress.h"

#include <stdio.h>
#include <unistd.h>

enum { WIDTH = 40, HUNDRED = 100 };

static u64 shown = UINT64_MAX; // per cent, or MiB; only this program's one thread writes it

void progress_show(const char *what, u64 done, u64 all)
{
	if (!all && done >> 20 != shown && isatty(STDERR_FILENO)) {
		shown = done >> 20;
		fprintf(stderr, "\r%s %llu MiB", what, (unsigned long long)shown);
	}
	if (!all)
		return;
	u64 percent = done * HUNDRED / all;
	percent = percent > HUNDRED ? HUNDRED : percent;
	if (percent == shown || !isatty(STDERR_FILENO))
		return;
	shown = percent;
	fprintf(stderr, "\r%s [", what);
	for (u64 i = 0; i < WIDTH; i++)
		fputc(i * HUNDRED < percent * WIDTH ? '#' : ' ', stderr);
	fprintf(stderr, "] %3llu %%", (unsigned long long)percent);
}

void progress_end(void)
{
	if (shown != UINT64_MAX)
		fputc('\n', stderr);
	shown = UINT64_MAX;
}

// SPDX-License-Identifier: MIT
// progress.c - see progress.h.
#include "tools/sinter/progress.h"

#include <stdio.h>
#include <unistd.h>

enum { WIDTH = 40, HUNDRED = 100 };

static u64 shown = HUNDRED + 1; // per cent; only this program's one thread writes it

void progress_show(const char *what, u64 done, u64 all)
{
	u64 percent = all ? done * HUNDRED / all : HUNDRED;
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
	if (shown <= HUNDRED)
		fputc('\n', stderr);
	shown = HUNDRED + 1;
}

// SPDX-License-Identifier: MIT
// Memory that grows downwards when it is touched (MAP_GROWSDOWN).
#include "test/posix/test.h"
#include <sys/mman.h>
#include <sys/resource.h>

enum { PAGE = 4096, GAP = 256, PAGES = 64, ROOM = GAP + PAGES };

static char *place; // ROOM pages that are free, but for the last one

static void map_top(void)
{
	place = mmap(NULL, ROOM * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(place != MAP_FAILED, "mmap");
	munmap(place, ROOM * PAGE);
	char *top = place + (ROOM - 1) * PAGE;
	need(mmap(top, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0) == top,
		"MAP_GROWSDOWN");
}

static char *page_of(int number)
{
	return place + (GAP + number) * PAGE;
}

static int touches_all(void)
{
	map_top();
	for (int i = PAGES - 1; i >= 0; i--)
		*page_of(i) = (char)i;
	for (int i = 0; i < PAGES; i++)
		if (*page_of(i) != (char)i || page_of(i)[1])
			return 1;
	return 0;
}

static int touches_lowest(void)
{
	map_top();
	*page_of(0) = 1;
	return *page_of(7) == 0 && *page_of(0) == 1 ? 0 : 1;
}

static int touches_near_another(void)
{
	map_top();
	mmap(page_of(0), PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	*page_of(5) = 1;
	return 0;
}

static int touches_after_unmapping(void)
{
	map_top();
	*page_of(20) = 1;
	munmap(page_of(20), (PAGES - 20) * PAGE);
	*page_of(19) = 1;
	return 0;
}

static int touches_beyond_limit(void)
{
	struct rlimit limit = { 16 * PAGE, 16 * PAGE };
	map_top();
	setrlimit(RLIMIT_STACK, &limit);
	*page_of(PAGES - 16) = 1;
	if (*page_of(PAGES - 16) != 1)
		return 1;
	*page_of(PAGES - 17) = 1;
	return 0;
}

int main(void)
{
	is(child_end(child(touches_all)), 0, "page by page");
	is(child_end(child(touches_lowest)), 0, "all at once");
	is(child_end(child(touches_near_another)), 1000 + SIGSEGV, "not close to something else");
	is(child_end(child(touches_after_unmapping)), 1000 + SIGSEGV, "not when it is gone");
	is(child_end(child(touches_beyond_limit)), 1000 + SIGSEGV, "not beyond RLIMIT_STACK");
	return done();
}

// SPDX-License-Identifier: MIT
// syscall_storm.c - syscall_storm [CALLS [SEED]]: random programs on 1 to 4 CPUs of one host
// thread, some thousand calls each, until CALLS are made; after each nothing may be left over. With
// STORM_RESULTS set: how often each call returned what.
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/syscall_shapes.h"
#include "test/host/kernel_world.h"
#include "test/host/storm.h"

constexpr u64 EPISODE = 3000;

static bool episode(u64 seed)
{
	struct dice dice = { .state = seed };
	storm_begin(1 + (u32)(seed % 4), 2);
	u64 end = storm_calls + EPISODE;
	while (storm_calls < end)
		storm_step(&dice);
	return storm_end();
}

static void print_results(void)
{
	for (u32 i = 0; i < SYSCALL_COUNT; i++) {
		printf("%-20s", syscall_shapes[i].name);
		for (u32 j = 0; j < STORM_RESULTS; j++)
			if (storm_results[i][j])
				printf(" %d:%llu", -(int)j, (unsigned long long)storm_results[i][j]);
		printf("\n");
	}
}

int main(int count, char **words)
{
	u64 calls = count > 1 ? strtoull(words[1], nullptr, 0) : 1'000'000;
	u64 seed = count > 2 ? strtoull(words[2], nullptr, 0) : 1;
	u64 failed = 0;
	for (; storm_calls < calls; seed++) {
		fprintf(stderr, "\rseed %llu, %llu calls ", (unsigned long long)seed,
			(unsigned long long)storm_calls);
		if (!episode(seed)) {
			printf("seed %llu: something was left over\n", (unsigned long long)seed);
			if (++failed == 5)
				break;
		}
	}
	if (getenv("STORM_RESULTS"))
		print_results();
	printf("\n%llu calls\n%u passed, %u failed\n", (unsigned long long)storm_calls, !failed,
		(u32)failed);
	return failed != 0;
}

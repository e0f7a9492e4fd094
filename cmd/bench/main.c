// SPDX-License-Identifier: MIT
// main.c - the kernel's hot paths, many times each, between markers that the counting plugin of
// the peer comparison sees (a no-op with a magic displacement). Prints `bench NAME COUNT` for each
// pair of markers, in order, and the time of one by the clock; tools/bench divides the counts.
// What needs a second CPU is left out on a machine without one.
#include "cmd/bench/bench.h"
#include "lib/base/err.h"
#include "lib/os/process.h"

static err_t measure(const char *name, u32 count, bench_step *step, u64 argument)
{
	assert(count);
	TRY(step(argument)); // warm
	TRY(step(argument));
	u64 began = clock_read();
	bench_marker_start();
	for (u32 i = 0; i < count; i++)
		TRY(step(argument));
	bench_marker_stop();
	print("bench %s %u %lu ns\n", name, count, (clock_read() - began) / count);
	return OK;
}

static err_t run_all(void)
{
	for (u32 i = 0; i < bench_count(); i++) {
		const struct bench *bench = bench_at(i);
		u64 argument = 0;
		err_t err = bench->prepare ? bench->prepare(&argument) : OK;
		if (err == ERR_UNSUPPORTED)
			continue;
		if (err == OK)
			err = measure(bench->name, bench->count, bench->step, argument);
		if (err == OK && bench->finish)
			err = bench->finish(argument);
		if (err == OK)
			continue;
		print("not ok bench_%s: %s\n", bench->name, err_name(err));
		return err;
	}
	return OK;
}

int main(void)
{
	err_t err = run_all();
	if (err == OK)
		print("ok bench\n");
	return err == OK ? 0 : 1;
}

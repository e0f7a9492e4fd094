// SPDX-License-Identifier: MIT
// snapshot.c - see snapshot.h.
#include "lib/sinter/snapshot.h"

err_t snapshot_prepare_freeze(struct sinter *pool, struct need *need)
{
	(void)pool;
	(void)need;
	return OK;
}

void snapshot_freeze(struct sinter *pool, u64 txg)
{
	(void)pool;
	(void)txg;
}

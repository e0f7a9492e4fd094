// SPDX-License-Identifier: MIT
// getrandom.c - random bytes from a pool of the process's own, so that most calls ask nobody. It is
// seeded by servers/entropy, and stirred with what the processor gives: before the first answer,
// anew in a forked child and in a new program, and every so many answers. Without that service
// (tests that run alone) the processor's words are all there is.
#include "lib/posix/time/getrandom.h"

#include "ifc/entropy.h"
#include "ifc/name.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/exec/random.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/system.h"
#include "os/syscalls.h"

constexpr u32 RESEED_AFTER = 4096;

static err_t ask(struct generator *generator, u64 (*out)[4])
{
	handle_t names = posix_self()->files.name;
	if (!generator->entropy.raw)
		TRY(names.raw ? name_open((name_t){ names }, VIEW_TEXT("entropy"), &generator->entropy)
					  : ERR_NOT_FOUND);
	return entropy_seed(
		(entropy_t){ generator->entropy }, &AT(*out, 0), &AT(*out, 1), &AT(*out, 2), &AT(*out, 3));
}

static void seed(struct generator *generator)
{
	u32 pid = posix_self()->identity.pid;
	u64 asked[4] = {}, own[4];
	(void)!ask(generator, &asked);
	random_bytes(span_of(own));
	pool_stir(&generator->pool, view_of(asked));
	pool_stir(&generator->pool, view_of(own));
	pool_stir(&generator->pool, view_of(pid));
	span_fill(span_of(asked), 0);
	generator->owner = pid;
	generator->answers = 0;
}

void random_secret(span_t out)
{
	struct generator *generator = &posix_self()->time.generator;
	posix_lock_take(&generator->lock);
	if (generator->owner != posix_self()->identity.pid || ++generator->answers > RESEED_AFTER)
		seed(generator);
	pool_fill(&generator->pool, out);
	posix_lock_give(&generator->lock);
}

void generator_begun(void)
{
	struct generator *generator = &posix_self()->time.generator;
	posix_lock_init(&generator->lock);
	generator->owner = 0;
}

void generator_forked(void)
{
	posix_lock_init(&posix_self()->time.generator.lock); // the pool is seeded anew: another pid
}

i64 call_getrandom(struct posix_thread *, const struct arguments *arguments)
{
	constexpr u64 MOST = 32u * 1024 * 1024 - 1;
	u64 size = ARG(1) < MOST ? ARG(1) : MOST;
	if (ARG_U32(2) & ~(u32)GRND_ALL || (ARG_U32(2) & GRND_ALL) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	for (u64 done = 0; done < size;) {
		u8 bytes[256] UNINITIALIZED;
		u64 part = size - done < sizeof(bytes) ? size - done : sizeof(bytes);
		random_secret(span_clamp(span_of(bytes), 0, part));
		i64 failed = user_copy_out(ARG(0) + done, bytes, part);
		if (failed < 0)
			return done ? (i64)done : failed;
		done += part;
	}
	return (i64)size;
}

// SPDX-License-Identifier: MIT
// main.c - random bytes for everybody. The pool is seeded before the first call is taken, and anew
// every so many answers. Authority: its port. A new life begins with a new pool.
#include "ifc/entropy.h"
#include "lib/base/format.h"
#include "lib/os/scheme.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/entropy/sources.h"

constexpr u64 BADGE_SCHEME = 2; // image/entropy.svc
constexpr u32 RESEED_AFTER = 4096;

struct entropy {
	struct pool pool;
	u32 sources;
	u32 answers; // since the last seeding
	u64 reseeds;
};

static void fill(struct entropy *entropy, span_t to)
{
	if (entropy->answers++ >= RESEED_AFTER) {
		entropy->sources |= sources_stir(&entropy->pool);
		entropy->reseeds++;
		entropy->answers = 0;
	}
	pool_fill(&entropy->pool, to);
}

static err_t operation_fill(void *self, struct caller caller, lease_t data)
{
	(void)caller;
	u8 bytes[ENTROPY_BYTES_MAX];
	if (data.size > sizeof bytes)
		return ERR_TOO_BIG;
	span_t part = span_clamp(span_of(bytes), 0, data.size);
	fill(self, part);
	err_t err = lease_put(data, 0, span_view(part));
	span_fill(part, 0);
	return err;
}

static err_t operation_seed(
	void *self, struct caller caller, u64 *out_a, u64 *out_b, u64 *out_c, u64 *out_d)
{
	u64 words[4];
	(void)caller;
	fill(self, span_of(words));
	*out_a = AT(words, 0);
	*out_b = AT(words, 1);
	*out_c = AT(words, 2);
	*out_d = AT(words, 3);
	return OK;
}

static err_t operation_stir(void *self, struct caller caller, lease_t data)
{
	struct entropy *entropy = self;
	u8 bytes[ENTROPY_BYTES_MAX];
	u64 sender[] = { caller.badge, caller.identity, __builtin_ia32_rdtsc() };
	if (data.size > sizeof bytes)
		return ERR_TOO_BIG;
	span_t part = span_clamp(span_of(bytes), 0, data.size);
	TRY(lease_get(data, 0, part));
	pool_stir(&entropy->pool, span_view(part));
	pool_stir(&entropy->pool, view_of(sender));
	entropy->sources |= ENTROPY_SOURCE_PROGRAM;
	return OK;
}

static err_t operation_sources(
	void *self, struct caller caller, enum entropy_source *out_sources, u64 *out_reseeds)
{
	const struct entropy *entropy = self;
	(void)caller;
	*out_sources = (enum entropy_source)entropy->sources;
	*out_reseeds = entropy->reseeds;
	return OK;
}

static usize read_sources(void *self, span_t to)
{
	static const char *const names[] = { "instruction", "jitter", "boot", "device", "program" };
	const struct entropy *entropy = self;
	usize at = 0;
	for (u32 i = 0; i < COUNT(names); i++)
		if (entropy->sources >> i & 1)
			at += format(span_from_offset(to, at), "%s\n", AT(names, i));
	return at;
}

static bool dispatch(const void *ops, void *_Nullable self, struct message *message)
{
	static const struct scheme_file files[] = { { "sources", SCHEME_READ, read_sources, nullptr } };
	struct scheme scheme = { files, COUNT(files), BADGE_SCHEME, start_handle("port"), self };
	if ((u16)(message->tag >> TAG_PROTOCOL_SHIFT) == ENTROPY_PROTOCOL)
		return entropy_dispatch(ops, self, message);
	return scheme_dispatch(nullptr, &scheme, message);
}

int main(void)
{
	static struct entropy entropy;
	static struct loop loop;
	static const struct entropy_ops ops = {
		.fill = operation_fill,
		.seed = operation_seed,
		.stir = operation_stir,
		.sources = operation_sources,
	};
	if (service_begin(&loop) != OK)
		return 1;
	entropy.sources = sources_stir(&entropy.pool);
	loop_serve(&loop, dispatch, &ops, &entropy);
	service_ready();
	return loop_run(&loop) == ERR_CLOSED ? 0 : 1;
}

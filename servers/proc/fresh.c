// SPDX-License-Identifier: MIT
// fresh.c - a POSIX process made of nothing that a program ever held: the library's image, empty
// private parts, a struct posix filled from what pid 1 left here (docs/decisions/034). As cmd/birth
// makes the first one, but from outside.
#include "abi/info.h"
#include "abi/rights.h"
#include "lib/base/hash.h"
#include "lib/os/start.h"
#include "lib/posix/core/start.h"
#include "lib/posix/exec/first.h"
#include "lib/posix/exec/vdso/vdso.h"
#include "lib/posix/process/begin.h"
#include "os/syscalls.h"
#include "servers/proc/operations.h"

constexpr u32 LEVEL_PROGRAM = 15;
constexpr u32 MAP_DATA = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_FIXED;
constexpr u32 MAP_CONSTANTS = MAP_FLAGS_READ | MAP_FLAGS_SHARED | MAP_FLAGS_FIXED;
constexpr u32 RIGHTS_CONNECTION = RIGHT_CALL | RIGHT_WAIT | RIGHT_DUP | RIGHT_TRANSFER;
constexpr u32 RIGHTS_MEMORY = RIGHT_READ | RIGHT_MAP | RIGHT_DUP | RIGHT_TRANSFER;

static struct posix posix; // of the one that is being made
static struct exec_first first;
static struct posix_thread thread;
static struct posix_image image;

static handle_t seed(enum proc_seed what)
{
	return AT(store->seeds, (u32)what);
}

err_t operation_seed(
	void *_Nullable self, struct caller caller, enum proc_seed what, handle_t thing)
{
	(void)self;
	if (caller.badge != INIT_PID)
		return ERR_NOT_OWNER;
	if ((u32)what >= SEEDS)
		return ERR_INVALID;
	if (store->is_sealed)
		return ERR_STATE;
	close_later(seed(what)); // given before we died, and once more since nobody could say so
	SET(AT(store->seeds, (u32)what), thing);
	return OK;
}

err_t operation_seal(void *_Nullable self, struct caller caller)
{
	(void)self;
	if (caller.badge != INIT_PID)
		return ERR_NOT_OWNER;
	SET(store->is_sealed, true);
	return OK;
}

// Its number there; none of nothing.
static err_t give(handle_t process, handle_t thing, u32 rights, handle_t *out)
{
	u32 value = 0;
	if (thing.raw)
		TRY(process_give(process, thing, rights, &value));
	*out = (handle_t){ value };
	return OK;
}

static err_t give_services(handle_t process)
{
	struct core_state *core = &posix.core;
	TRY(give(process, seed(PROC_SEED_IMAGE), RIGHTS_ALL, &core->image));
	TRY(give(process, seed(PROC_SEED_LOG), RIGHTS_ALL, &core->log));
	TRY(give(process, seed(PROC_SEED_TIME), RIGHTS_ALL, &core->time));
	TRY(give(process, seed(PROC_SEED_CLOCK), RIGHTS_ALL, &core->clock));
	TRY(give(process, seed(PROC_SEED_CLOCK_SETTER), RIGHTS_ALL, &core->clock_setter));
	TRY(give(process, seed(PROC_SEED_MEET), RIGHTS_ALL, &posix.events.meet));
	return give(process, seed(PROC_SEED_NAME), RIGHTS_ALL, &posix.files.name);
}

static err_t give_identity(const struct process *record, handle_t process)
{
	struct identity *identity = &posix.identity;
	handle_t connection;
	identity->pid = record->pid;
	identity->slot = process_slot(record);
	identity->credentials = *credentials_of(record);
	identity->parent_signal = 0; // as after any exec that lends powers
	identity->is_subreaper = record->is_subreaper;
	identity->seen = record->changed - 1; // to be looked at: limits, priority
	identity->is_changed = 1;             // the program gets memory of its own (exec/exec.c)
	static_assert(sizeof identity->limits == sizeof record->limits);
	(void)span_copy(span_of(identity->limits), view_of(record->limits));
	TRY(connection_create(port, process_badge(record), &connection));
	err_t err = give(process, connection, RIGHTS_CONNECTION, &identity->connection);
	(void)handle_close(connection);
	TRY(err);
	return give(process, store->table, RIGHTS_MEMORY, &identity->table);
}

static err_t give_files(const struct process *record, handle_t process)
{
	posix.files.has_terminals = store->steering.raw != 0;
	return give(
		process, set_files(record), RIGHTS_CONNECTION, &AT(posix.files.sources, 0).connection);
}

static err_t give_start(const struct fresh_start *start, handle_t process)
{
	first.inode = start->inode;
	first.generation = start->generation;
	TRY(give(process, start->contents, RIGHTS_MEMORY | RIGHT_EXEC, &first.contents));
	TRY(give(process, start->texts, RIGHT_READ, &first.texts));
	return give(process, start->descriptors, RIGHT_READ, &first.descriptors);
}

static err_t map_constants(handle_t process, handle_t memory, u64 address, u64 size)
{
	u64 mapped;
	return memory_map(process, memory, address, size, 0, MAP_CONSTANTS, &mapped);
}

// Zeros where there is no such page.
static err_t map_clock(handle_t process, handle_t page, u64 address)
{
	handle_t zeros;
	if (page.raw)
		return map_constants(process, page, address, PAGE_SIZE);
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, PAGE_SIZE, HANDLE_NONE, 0, 0, &zeros));
	err_t err = map_constants(process, zeros, address, PAGE_SIZE);
	(void)handle_close(zeros);
	return err;
}

static err_t map_shared(handle_t process)
{
	const struct identity own = { .table = store->table };
	u64 mapped;
	TRY(memory_map(process, seed(PROC_SEED_IMAGE), POSIX_IMAGE, image.end - POSIX_IMAGE, 0,
		MAP_CONSTANTS | MAP_FLAGS_EXEC, &mapped));
	TRY(map_clock(process, seed(PROC_SEED_TIME), CLOCK_AREA));
	TRY(map_clock(process, seed(PROC_SEED_CLOCK), CLOCK_AREA + CLOCK_PAGE_OFFSET));
	return identity_map(&own, process);
}

static err_t write_all(handle_t memory, u64 address, view_t bytes)
{
	u64 done;
	for (u64 offset = address - PRIVATE_AREA; bytes.size; offset += done) {
		TRY(memory_write(memory, offset, bytes, &done));
		if (!done)
			return ERR_IO;
		bytes = view_from_offset(bytes, done);
	}
	return OK;
}

static err_t map_private(handle_t process)
{
	handle_t memory;
	u64 mapped;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, PRIVATE_SIZE, HANDLE_NONE, 0, 0, &memory));
	err_t err = write_all(memory, PROCESS_AREA, view_of(posix));
	if (err == OK)
		err = write_all(memory, (u64)(uintptr_t)exec_first(), view_of(first));
	if (err == OK)
		err = write_all(memory, thread_address(0), view_of(thread));
	if (err == OK)
		err = memory_map(process, memory, PRIVATE_AREA, PRIVATE_SIZE, 0, MAP_DATA, &mapped);
	(void)handle_close(memory);
	return err;
}

static u64 random_word(void)
{
	static u64 count;
	return hash_mix(AT(start_self()->random, 0) ^ hash_mix(AT(start_self()->random, 1) + ++count) ^
					__builtin_ia32_rdtsc());
}

static err_t read_image(void)
{
	u64 done;
	TRY(memory_read(seed(PROC_SEED_IMAGE), 0, span_of(image), &done));
	return done == sizeof image && image.magic == POSIX_IMAGE_MAGIC ? OK : ERR_CORRUPT;
}

static err_t fill(const struct process *record, const struct fresh_start *start, handle_t process)
{
	const u64 random[2] = { random_word(), random_word() };
	posix = (struct posix){};
	first = (struct exec_first){};
	thread = (struct posix_thread){};
	posix.magic = POSIX_MAGIC;
	posix.used = (u64)(uintptr_t)exec_first() - PROCESS_AREA + sizeof first;
	posix.areas.random = random_word();
	thread_prepare(&thread, &image, 0, random);
	thread.begin = BEGIN_FIRST;
	TRY(give_services(process));
	TRY(give_identity(record, process));
	TRY(give_files(record, process));
	return give_start(start, process);
}

static err_t create(const struct process *record, handle_t *out)
{
	struct process_info info = {};
	u64 size;
	TRY(handle_info(record->process, INFO_TOPIC_PROCESS, span_of(info), &size));
	return process_create(start_handle("programs"), info.identity, LEVEL_PROGRAM, out);
}

err_t fresh_make(
	const struct process *record, const struct fresh_start *start, handle_t *out_process)
{
	handle_t process;
	if (!store->is_sealed || !seed(PROC_SEED_IMAGE).raw || !start_handle("programs").raw)
		return ERR_UNSUPPORTED;
	TRY(read_image());
	TRY(create(record, &process));
	ledger_hold(process);
	err_t err = fill(record, start, process);
	if (err == OK)
		err = map_shared(process);
	if (err == OK)
		err = map_private(process);
	if (err != OK)
		(void)handle_close(process); // never run: it ends with us
	*out_process = err == OK ? process : HANDLE_NONE;
	return err;
}

err_t fresh_run(handle_t process)
{
	handle_t started;
	TRY(thread_create(
		process, image.start, thread_stack_top(0), thread_address(0), thread_address(0), &started));
	return handle_close(started);
}

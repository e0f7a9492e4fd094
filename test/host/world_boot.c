// SPDX-License-Identifier: MIT
// world_boot.c - the kernel's birth in this process, programs to play with, and the audit: when
// all processes are gone, frames, objects and quota are what they were at first.
#include <stdio.h>
#include <stdlib.h>

#include "boot/boot_info.h"
#include "kernel/arch/arch.h"
#include "kernel/arch/host/host.h"
#include "kernel/memory/frame.h"
#include "kernel/memory/slab.h"
#include "kernel/memory/space.h"
#include "kernel/object/grace.h"
#include "kernel/object/iommu_domain.h"
#include "kernel/object/process.h"
#include "kernel/object/quota.h"
#include "kernel/object/resource.h"
#include "kernel/panic.h"
#include "kernel/sched/futex.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"
#include "test/host/kernel_world.h"
#include "test/host/world_local.h"
#include "test/host/world_wrap.h"

constexpr u64 RAM = 64 * 1024 * 1024;
constexpr u32 KEPT_MAX = 256;

static struct boot_info info;
static bool is_booted;
static struct world_totals baseline;
static struct object *kept[KEPT_MAX]; // owned references
static u32 kept_count;

static void must(err_t err, const char *what)
{
	if (err != OK)
		panic("harness: %s: %e", what, err);
}

// Each size class, whatever they are, keeps one empty page. From the start, so that totals compare
// exactly.
static void warm_slabs(void)
{
	static void *objects[PAGE_SIZE / 8 + 1];
	for (u32 size = 8; size <= 2048; size += 8) {
		u32 count = (u32)PAGE_SIZE / size + 1;
		for (u32 i = 0; i < count; i++)
			must(slab_alloc(size, &objects[i]), "slabs");
		for (u32 i = 0; i < count; i++)
			slab_free(objects[i], size);
	}
}

static void boot(u32 processors)
{
	host_start(RAM, processors, &info);
	host_select_cpu(0);
	for (u16 id = 0; id < CPU_MAX; id++) {
		cpu_init(id);
		cpus[id].arch.timer_ns = DEADLINE_NEVER;
	}
	arch_init_early(&info);
	frames_init(&info);
	futexes_init();
	u64 pages = frames_free();
	quota_init_root(pages, pages * 2, pages * 128);
	must(object_get_handle(&quota_root()->object), "root quota"); // reachable in every episode
	iommu_init(&info);
	warm_slabs();
	for (u16 id = 0; id < (u16)processors; id++)
		cpus[id].is_online = true;
	cpu_count = processors;
	host.idle = world_idle_hook;
	is_booted = true;
}

struct world_totals world_totals(void)
{
	struct quota *root = quota_root();
	return (struct world_totals){
		.frames = frames_free(),
		.objects = object_count(),
		.pages_used = atomic_load_relaxed(&root->pages_used),
		.objects_used = atomic_load_relaxed(&root->objects_used),
		.handles_used = atomic_load_relaxed(&root->handles_used),
	};
}

void world_begin(u32 processors)
{
	if (!is_booted)
		boot(processors);
	cpu_count = processors;
	host_select_cpu(0);
	world_settle();
	if (!baseline.frames)
		baseline = world_totals();
}

void world_keep(struct object *object)
{
	if (kept_count == KEPT_MAX)
		panic("harness: too many things to keep");
	kept[kept_count++] = object_get(object);
}

void world_keep_nothing(void)
{
	while (kept_count)
		object_put(kept[--kept_count]);
}

static void make_memory(struct process *process)
{
	struct memory *memory;
	must(memory_create_anonymous(process->quota, WORLD_SIZE, &memory), "memory");
	u64 mapped;
	u32 access = MAP_FLAGS_READ | MAP_FLAGS_WRITE;
	struct long_call call = {};
	struct map_request request = { memory, WORLD_BASE, WORLD_SIZE, 0, access | MAP_FLAGS_FIXED,
		access | MAP_FLAGS_EXEC, 0 };
	must(space_map(process->space, &request, &call, &mapped), "map");
	handle_t handle;
	must(handle_install_take(&process->handles, &memory->object, RIGHTS_ALL, &handle), "handle");
}

static struct thread *start_thread(struct process *process, u64 block)
{
	struct program_start start = { .entry = WORLD_CALL_SITE + 2,
		.stack = WORLD_BASE + WORLD_SIZE,
		.block = WORLD_BASE + block * THREAD_BLOCK_SIZE };
	struct thread *thread;
	must(thread_create(process, &start, &thread), "thread");
	sched_start(thread);
	world_keep(&thread->object);
	object_put(&thread->object);
	world_settle();
	return thread;
}

// Handles are given in this order, so their values follow from it.
struct thread *world_process_of(struct quota *quota, u8 level)
{
	static u64 identity = 100;
	struct process *process;
	handle_t handle;
	must(process_create(quota, ++identity, level, &process), "process");
	must(handle_install(&process->handles, &process->object, RIGHTS_ALL, &handle), "handle");
	must(handle_install(&process->handles, &quota->object, RIGHTS_ALL, &handle), "handle");
	make_memory(process);
	struct resource *resource;
	must(resource_create(quota, RESOURCE_KIND_ROOT, 0, UINT64_MAX, &resource), "resource");
	must(handle_install_take(&process->handles, &resource->object, RIGHTS_ALL, &handle), "handle");
	world_keep(&process->object);
	object_put(&process->object);
	return start_thread(process, 0);
}

struct thread *world_process(u8 level)
{
	return world_process_of(quota_root(), level);
}

static handle_t find_handle(struct process *process, enum object_kind kind)
{
	for (u32 slot = 0; slot < process->handles.limit; slot++) {
		struct handle_entry *entry = handle_entry_at(&process->handles, slot);
		if (entry->object && entry->object->kind == kind)
			return (handle_t){ (entry->tag & HANDLE_GENERATION_MASK) | slot };
	}
	return HANDLE_NONE;
}

struct world_handles world_handles(struct thread *thread)
{
	struct process *process = thread->process;
	return (struct world_handles){
		.process = find_handle(process, OBJECT_PROCESS),
		.quota = find_handle(process, OBJECT_QUOTA),
		.memory = find_handle(process, OBJECT_MEMORY),
		.resource = find_handle(process, OBJECT_RESOURCE),
	};
}

struct thread *world_thread(struct thread *sibling)
{
	return start_thread(sibling->process, sibling->process->thread_count);
}

static void newest_process(struct object *object, void *context)
{
	struct object **found = context;
	if (object->kind == OBJECT_PROCESS && (!*found || object->id > (*found)->id))
		*found = object;
}

struct thread *_Nullable world_child(struct thread *parent)
{
	struct object *found = nullptr;
	wrap_each_object(newest_process, (void *)&found);
	if (!found || process_of(found) == parent->process)
		return nullptr;
	struct list_node *node = list_first(&process_of(found)->threads);
	if (!node)
		return nullptr;
	struct thread *thread = container_of(node, struct thread, process_node);
	world_keep(&thread->object);
	return thread;
}

static void take_process(struct object *object, void *context)
{
	struct object **found = context;
	if (object->kind != OBJECT_PROCESS || *found)
		return;
	const struct process *process = process_of(object);
	if ((!process->is_dying || process->has_estate) && object_try_get(object))
		*found = object;
}

void world_kill_all(void)
{
	for (;;) {
		struct object *found = nullptr;
		wrap_each_object(take_process, (void *)&found);
		if (!found)
			return;
		process_kill(process_of(found), 0, EXIT_KILLED);
		object_put(found);
		if (!host.is_threaded) {
			world_leave();
			world_settle();
		}
	}
}

bool world_is_empty(void)
{
	return object_count() == baseline.objects && !grace_pending();
}

static void describe(struct object *object, void *context)
{
	static const char *const names[] = { "any", "process", "thread", "memory", "port", "connection",
		"stream", "quota", "timer", "interrupt", "resource", "iommu_domain", "reply" };
	u32 *left = context;
	if (object == &quota_root()->object || !*left)
		return;
	--*left;
	fprintf(stderr, "left: %s %llu: %u references, %u handles\n", names[object->kind],
		(unsigned long long)object->id, object->references, object->handles);
}

static bool compare(const char *name, u64 now, u64 then)
{
	if (now != then)
		fprintf(stderr, "audit: %s: %llu, was %llu\n", name, (unsigned long long)now,
			(unsigned long long)then);
	return now == then;
}

static bool audit(void)
{
	struct world_totals now = world_totals();
	bool is_good = compare("objects", now.objects, baseline.objects);
	is_good &= compare("frames", now.frames, baseline.frames);
	is_good &= compare("pages charged", now.pages_used, baseline.pages_used);
	is_good &= compare("objects charged", now.objects_used, baseline.objects_used);
	is_good &= compare("handles charged", now.handles_used, baseline.handles_used);
	u32 left = 20;
	if (!is_good)
		wrap_each_object(describe, &left);
	return is_good;
}

bool world_end(void)
{
	wrap_fail_at(0, false);
	host_select_cpu(0);
	world_keep_nothing();
	world_kill_all();
	for (u32 i = 0; i < 1000 && !world_is_empty(); i++)
		world_advance(1'000'000);
	bool is_good = audit();
	baseline = world_totals();
	return is_good;
}

void world_fail_at(u64 n, bool is_lasting)
{
	wrap_fail_at(n, is_lasting);
}

u64 world_chances(void)
{
	return wrap_chances();
}

static void check_object(struct object *object, void *_Nullable context)
{
	(void)context;
	u32 references = object->references & REFERENCE_COUNT;
	if (object->kind == OBJECT_ANY || object->kind >= OBJECT_KINDS)
		panic("object %lu has kind %u", object->id, (u32)object->kind);
	if (object_handles(object) > references)
		panic("object %lu has %u handles and %u references", object->id, object_handles(object),
			references);
	if (object->kind != OBJECT_THREAD)
		return;
	struct thread *thread = thread_of(object);
	if (thread->home >= cpu_count || thread->state > THREAD_DEAD)
		panic("thread %lu: home %u, state %u", thread->id, thread->home, thread->state);
}

static void check_running(u16 id)
{
	struct cpu *cpu = &cpus[id];
	if (!cpu->current)
		return;
	if (cpu->current->state != THREAD_READY || !cpu->entity || cpu->entity->thread != cpu->current)
		panic("CPU %u: thread %lu in state %u runs on another's share", id, cpu->current->id,
			cpu->current->state);
}

void world_check_invariants(void)
{
	wrap_each_object(check_object, nullptr);
	for (u16 id = 0; id < (u16)cpu_count; id++)
		check_running(id);
	struct world_totals now = world_totals();
	if (now.pages_used > quota_root()->pages || now.objects_used > quota_root()->objects)
		panic("the root quota gave out more than it has");
	// Every object is charged, and nothing else is charged for one but bindings and parcels.
	if (now.objects - 1 > now.objects_used)
		panic("%lu objects, %lu charged", now.objects, now.objects_used);
}

// SPDX-License-Identifier: MIT
// info.c - handle_info: one function a topic fills its struct (abi/info.h) from the object.
#include "abi/info.h"

#include "kernel/memory/frame.h"
#include "kernel/memory/space.h"
#include "kernel/object/grace.h"
#include "kernel/object/process.h"
#include "kernel/object/quota.h"
#include "kernel/object/stream.h"
#include "kernel/sched/sched.h"
#include "kernel/syscall_table.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

struct question {
	struct object *target; // of the topic's kind
	u32 rights;            // of the handle; of one's own: all
	struct user_span data;
};

static err_t answer(const struct question *question, view_t all, u64 *size)
{
	u64 fits = question->data.size < all.size ? question->data.size : all.size;
	*size = all.size;
	return fits ? user_copy_out(question->data.address, (const void *)all.data, fits) : OK;
}

static err_t tell_object(const struct question *question, u64 *size)
{
	struct object *object = question->target;
	struct object_info info = {
		.kind = object->kind,
		.rights = question->rights,
		.id = object->id,
		.signals = atomic_load_relaxed(&object->signals),
		.handles = object_handles(object),
	};
	return answer(question, view_of(info), size);
}

static err_t tell_process(const struct question *question, u64 *size)
{
	struct process *process = process_of(question->target);
	struct space *space = atomic_load_acquire(&process->space);
	lock_take(&process->lock);
	struct process_info info = {
		.identity = atomic_load_relaxed(&process->identity),
		.exit_code = process->exit_code,
		.exit_reason = process->exit_reason,
		.threads = process->thread_count,
		.cpu_ns = process->cpu_ns,
		.fault_cause = process->fault_cause,
		.fault_address = process->fault_address,
		.fault_instruction = process->fault_instruction,
		.fault_detail = process->fault_detail,
	};
	LIST_EACH(node, &process->threads)
		info.cpu_ns += entity_ran_ns(&container_of(node, struct thread, process_node)->own);
	lock_give(&process->lock);
	info.mapped_pages = space ? atomic_load_relaxed(&space->mapped_pages) : 0;
	return answer(question, view_of(info), size);
}

// enum numbers of struct thread_info.state.
static u32 state_of(struct thread *thread)
{
	switch ((enum thread_state)atomic_load_relaxed(&thread->state)) {
	case THREAD_NEW:
	case THREAD_READY: return 0;
	case THREAD_IDLE:
	case THREAD_CALLING:
	case THREAD_WAITING: return 1;
	case THREAD_STOPPED: return atomic_load_relaxed(&thread->is_fault_stopped) ? 3 : 2;
	case THREAD_DEAD: return 4;
	}
	return 4;
}

static err_t tell_thread(const struct question *question, u64 *size)
{
	struct thread *thread = thread_of(question->target);
	struct thread_info info = {
		.id = thread->id,
		.state = state_of(thread),
		.cpu = atomic_load_relaxed(&thread->home),
		.cpu_ns = entity_ran_ns(&thread->own),
		.fault_cause = thread->fault_cause,
		.fault_address = thread->fault_address,
		.fault_detail = thread->fault_detail,
	};
	return answer(question, view_of(info), size);
}

static err_t tell_memory(const struct question *question, u64 *size)
{
	struct memory *memory = memory_of(question->target);
	lock_take(&memory->lock);
	struct memory_info info = {
		.size = memory->length,
		.committed_pages = memory->committed,
		.kind = memory->kind,
		.dirty = memory->dirty < UINT32_MAX ? (u32)memory->dirty : UINT32_MAX,
		// Only drivers, which need it for DMA, learn where memory is.
		.physical = question->rights & RIGHT_PIN ? memory->base.raw : 0,
		.modified_ns = memory->modified_ns,
	};
	lock_give(&memory->lock);
	return answer(question, view_of(info), size);
}

static err_t tell_quota(const struct question *question, u64 *size)
{
	struct quota *quota = quota_of(question->target);
	// What is on its way out is not shown as used: the answer comes when it is gone.
	if (grace_retry(quota_refuse(quota)) == SYSCALL_RESTART)
		return SYSCALL_RESTART;
	struct quota_info info = {
		.pages = quota->pages,
		.pages_used = atomic_load_relaxed(&quota->pages_used),
		.objects = quota->objects,
		.objects_used = atomic_load_relaxed(&quota->objects_used),
		.handles = quota->handles,
		.handles_used = atomic_load_relaxed(&quota->handles_used),
		.weight = quota->weight,
	};
	return answer(question, view_of(info), size);
}

static err_t tell_system(const struct question *question, u64 *size)
{
	struct system_info info = {
		.pages = frames_total(),
		.pages_free = frames_free(),
		.objects = object_count(),
		.cpus = atomic_load_relaxed(&cpu_count),
		.deferred = grace_pending(),
	};
	for (u32 i = 0; i < CPU_MAX; i++)
		info.switches += atomic_load_relaxed(&AT(cpus, i).switches);
	return answer(question, view_of(info), size);
}

static err_t tell_stream(const struct question *question, u64 *size)
{
	struct stream *stream = stream_of(question->target);
	struct stream_core *core = stream->core;
	lock_take(&core->lock);
	struct stream_info info = {
		.readable = AT(core->direction, stream->side).ring.used,
		.writable = stream_ring_space(&AT(core->direction, 1 - stream->side).ring),
	};
	lock_give(&core->lock);
	return answer(question, view_of(info), size);
}

constexpr u32 MAPPINGS_BATCH = 16;

// Copies while space->lock is not held, so a mapping that changes meanwhile may show in either
// state.
static err_t tell_mappings(const struct question *question, u64 *size)
{
	if (!(question->rights & RIGHT_DEBUG))
		return ERR_RIGHTS;
	struct space *space = atomic_load_acquire(&process_of(question->target)->space);
	if (!space)
		return ERR_STATE;
	struct mapping_info batch[MAPPINGS_BATCH];
	struct user_span to = question->data;
	u64 address = 0;
	u64 all = 0;
	u32 count;
	do {
		for (count = 0; count < MAPPINGS_BATCH; count++) {
			if (!space_mapping_info(space, address, &AT(batch, count)))
				break;
			address = AT(batch, count).address + AT(batch, count).size;
		}
		u64 bytes = count * sizeof(struct mapping_info);
		u64 fits = bytes < to.size ? bytes : to.size;
		if (fits)
			TRY(user_copy_out(to.address, batch, fits));
		to = (struct user_span){ to.address + fits, to.size - fits };
		all += bytes;
	} while (count == MAPPINGS_BATCH);
	*size = all;
	return OK;
}

static const struct topic {
	enum object_kind kind; // OBJECT_ANY: of all
	err_t (*tell)(const struct question *question, u64 *size);
} topics[] = {
	[INFO_TOPIC_OBJECT] = { OBJECT_ANY, tell_object },
	[INFO_TOPIC_PROCESS] = { OBJECT_PROCESS, tell_process },
	[INFO_TOPIC_THREAD] = { OBJECT_THREAD, tell_thread },
	[INFO_TOPIC_MEMORY] = { OBJECT_MEMORY, tell_memory },
	[INFO_TOPIC_QUOTA] = { OBJECT_QUOTA, tell_quota },
	[INFO_TOPIC_SYSTEM] = { OBJECT_RESOURCE, tell_system },
	[INFO_TOPIC_MAPPINGS] = { OBJECT_PROCESS, tell_mappings },
	[INFO_TOPIC_STREAM] = { OBJECT_STREAM, tell_stream },
};

// What HANDLE_NONE stands for.
static struct object *own_of(struct thread *caller, enum object_kind kind)
{
	if (kind == OBJECT_QUOTA)
		return &caller->process->quota->object;
	return kind == OBJECT_THREAD ? &caller->object : &caller->process->object;
}

err_t sys_handle_info(struct thread *caller, struct object *_Nullable target,
	handle_t target_handle, enum info_topic topic, struct user_span data, u64 *out_size)
{
	const struct topic *asked = &AT(topics, topic);
	struct question question = { target ? target : own_of(caller, asked->kind), RIGHTS_ALL, data };
	if (target) {
		struct handle_item item;
		TRY(handle_find(&caller->process->handles, target_handle, target, &item));
		question.rights = item.rights;
	}
	if (asked->kind != OBJECT_ANY && question.target->kind != asked->kind)
		return ERR_WRONG_TYPE;
	return asked->tell(&question, out_size);
}

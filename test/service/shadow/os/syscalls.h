// SPDX-License-Identifier: MIT
// syscalls.h - stands before the generated one on the include path of services on the host: the
// same calls, as functions of world.c.
#pragma once

#include "abi/errors.h"
#include "abi/syscall_numbers.h"
#include "lib/base/view.h"

NONNULL_BEGIN

err_t handle_close(handle_t target);
err_t handle_duplicate(handle_t source, u32 rights, handle_t *out_duplicate);
err_t handle_info(handle_t target, enum info_topic topic, span_t data, u64 *out_size);
err_t object_signal(handle_t target, u32 clear, u32 set);
err_t object_wait(handle_t target, u32 bits, u64 deadline, u32 *out_observed);
err_t port_bind(handle_t port, handle_t target, u32 bits, u64 key, enum bind_mode mode);
err_t connection_create(handle_t port, u64 badge, handle_t *out_connection);
err_t stream_create(u64 capacity, enum stream_flags flags, handle_t *first, handle_t *second);
err_t world_memory_create(handle_t *out_memory);
// Macros, because functions of ours have at most five parameters.
#define memory_create(kind, size, source, base, flags, out)                                        \
	((void)(size), (void)(flags), world_memory_create(out))
err_t memory_read(handle_t source, u64 offset, span_t data, u64 *out_done);
err_t memory_write(handle_t target, u64 offset, view_t data, u64 *out_done);
err_t world_memory_map(handle_t process, handle_t memory, u64 address, u64 size, u64 *out_mapped);
#define memory_map(process, memory, address, size, offset, flags, out)                             \
	((void)(offset), (void)(flags), world_memory_map(process, memory, address, size, out))
err_t memory_control(
	handle_t memory, enum memory_operation operation, u64 a, u64 b, u64 *out_result);
err_t process_create(handle_t quota, u64 identity, u32 level, handle_t *out_process);
err_t process_control(handle_t process, enum process_operation operation, u64 a, u64 b);
err_t process_give(handle_t process, handle_t object, u32 rights, u32 *out_value);
err_t world_thread_create(handle_t process, handle_t *out_thread);
#define thread_create(process, entry, stack, argument, block, out)                                 \
	((void)(entry), (void)(stack), (void)(argument), (void)(block),                                \
		world_thread_create(process, out))
err_t thread_notify(handle_t target, u64 bits);

NONNULL_END

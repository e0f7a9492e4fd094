// SPDX-License-Identifier: MIT
// atomic.h - atomic access to u8..u64 and pointers, the order in the name. The type is that of
// the variable. Each use names its partner: // pairs with ring_take.
#pragma once

#include "abi/types.h"

#define atomic_load_relaxed(address) __atomic_load_n((address), __ATOMIC_RELAXED)
#define atomic_load_acquire(address) __atomic_load_n((address), __ATOMIC_ACQUIRE)
#define atomic_load_seq_cst(address) __atomic_load_n((address), __ATOMIC_SEQ_CST)

#define atomic_store_relaxed(address, value) __atomic_store_n((address), (value), __ATOMIC_RELAXED)
#define atomic_store_release(address, value) __atomic_store_n((address), (value), __ATOMIC_RELEASE)
#define atomic_store_seq_cst(address, value) __atomic_store_n((address), (value), __ATOMIC_SEQ_CST)

// All of these return the value from before.
#define atomic_exchange_acquire(address, value)                                                    \
	__atomic_exchange_n((address), (value), __ATOMIC_ACQUIRE)
#define atomic_exchange_acq_rel(address, value)                                                    \
	__atomic_exchange_n((address), (value), __ATOMIC_ACQ_REL)
#define atomic_exchange_seq_cst(address, value)                                                    \
	__atomic_exchange_n((address), (value), __ATOMIC_SEQ_CST)
#define atomic_add_relaxed(address, value) __atomic_fetch_add((address), (value), __ATOMIC_RELAXED)
#define atomic_add_acq_rel(address, value) __atomic_fetch_add((address), (value), __ATOMIC_ACQ_REL)
#define atomic_add_seq_cst(address, value) __atomic_fetch_add((address), (value), __ATOMIC_SEQ_CST)
#define atomic_sub_relaxed(address, value) __atomic_fetch_sub((address), (value), __ATOMIC_RELAXED)
#define atomic_sub_acq_rel(address, value) __atomic_fetch_sub((address), (value), __ATOMIC_ACQ_REL)
#define atomic_or_relaxed(address, value) __atomic_fetch_or((address), (value), __ATOMIC_RELAXED)
#define atomic_or_acq_rel(address, value) __atomic_fetch_or((address), (value), __ATOMIC_ACQ_REL)
#define atomic_or_seq_cst(address, value) __atomic_fetch_or((address), (value), __ATOMIC_SEQ_CST)
#define atomic_and_relaxed(address, value) __atomic_fetch_and((address), (value), __ATOMIC_RELAXED)
#define atomic_and_acq_rel(address, value) __atomic_fetch_and((address), (value), __ATOMIC_ACQ_REL)
#define atomic_and_seq_cst(address, value) __atomic_fetch_and((address), (value), __ATOMIC_SEQ_CST)

// True when *address held *expected and now holds value; otherwise *expected is what it held.
#define atomic_swap_if_relaxed(address, expected, value)                                           \
	__atomic_compare_exchange_n(                                                                   \
		(address), (expected), (value), false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#define atomic_swap_if_acquire(address, expected, value)                                           \
	__atomic_compare_exchange_n(                                                                   \
		(address), (expected), (value), false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
#define atomic_swap_if_acq_rel(address, expected, value)                                           \
	__atomic_compare_exchange_n(                                                                   \
		(address), (expected), (value), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
#define atomic_swap_if_seq_cst(address, expected, value)                                           \
	__atomic_compare_exchange_n(                                                                   \
		(address), (expected), (value), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

#define atomic_fence_acquire() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define atomic_fence_release() __atomic_thread_fence(__ATOMIC_RELEASE)
#define atomic_fence_seq_cst() __atomic_thread_fence(__ATOMIC_SEQ_CST)

// Keeps the compiler, not the CPU, from moving memory accesses across.
#define compiler_barrier() __atomic_signal_fence(__ATOMIC_SEQ_CST)

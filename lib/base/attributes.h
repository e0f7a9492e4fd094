// SPDX-License-Identifier: MIT
// attributes.h - short names for what we tell the compiler: promises it then checks for us.
// The thread-safety words are clang's (-Wthread-safety); a lock is a CAPABILITY("lock").
#pragma once

#include "lib/base/config.h"

// Nullability is clang's, not C23's; we use it in every header, so say so once.
#pragma clang diagnostic ignored "-Wnullability-extension"

#define NONNULL_BEGIN _Pragma("clang assume_nonnull begin")
#define NONNULL_END _Pragma("clang assume_nonnull end")

#define NODISCARD [[nodiscard]]
#define NORETURN [[noreturn]]
#define ALWAYS_INLINE [[gnu::always_inline]] static inline
#define NO_INLINE [[gnu::noinline]]
#define PACKED [[gnu::packed]]
#define CLEANUP(function) [[gnu::cleanup(function)]]
#define ALIGNED(bytes) [[gnu::aligned(bytes)]]
// A large buffer on the stack that is written before it is read: not even zeroed.
#define UNINITIALIZED __attribute__((uninitialized))

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#define CAPABILITY(name) __attribute__((capability(name)))
#define REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define TRY_ACQUIRE(...) __attribute__((try_acquire_capability(__VA_ARGS__)))
#define RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))
#define ASSERT_CAPABILITY(...) __attribute__((assert_capability(__VA_ARGS__)))
#define EXCLUDES(...) __attribute__((locks_excluded(__VA_ARGS__)))
#define NO_THREAD_SAFETY_ANALYSIS __attribute__((no_thread_safety_analysis))

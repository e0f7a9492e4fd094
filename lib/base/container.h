// SPDX-License-Identifier: MIT
// container.h - from a member back to the struct that holds it; how many elements an array has.
#pragma once

#include "abi/types.h"
#include "lib/base/unsafe.h"

// The struct of this type whose member is at pointer. The comparison refuses a pointer of another
// type than the member's.
#define container_of(pointer, type, member)                                                        \
	UNSAFE_BEGIN("the pointer is known to be inside such a struct")                                \
	((type *)(void *)((u8 *)(1 ? (pointer) : &((type *)nullptr)->member) -                         \
					  offsetof(type, member))) UNSAFE_END

// Elements of an array. A pointer is refused: its type differs from that of its own element 0's
// address only when it is an array.
#define COUNT(array)                                                                               \
	(sizeof(array) / sizeof((array)[0]) + 0 * sizeof(struct {                                      \
		static_assert(!__builtin_types_compatible_p(typeof(array), typeof(&(array)[0])));          \
		u8 unused;                                                                                 \
	}))

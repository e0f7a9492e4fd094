// SPDX-License-Identifier: MIT
// object.h - stands in for the kernel's header when the compiler is tested alone.
#pragma once

#include "abi/errors.h"
#include "abi/rights.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

enum object_kind : u8 {
	OBJECT_ANY = 0,
	OBJECT_PROCESS,
	OBJECT_THREAD,
	OBJECT_MEMORY,
	OBJECT_PORT,
	OBJECT_CONNECTION,
	OBJECT_STREAM,
	OBJECT_QUOTA,
	OBJECT_TIMER,
	OBJECT_INTERRUPT,
	OBJECT_RESOURCE,
	OBJECT_IOMMU_DOMAIN,
	OBJECT_REPLY,
};

struct object {
	enum object_kind kind;
};

#define MOCK_OBJECT(type)                                                                          \
	struct type {                                                                                  \
		struct object object;                                                                      \
	};                                                                                             \
	static inline struct type *type##_of(struct object *object)                                    \
	{                                                                                              \
		return (struct type *)object;                                                              \
	}

MOCK_OBJECT(process)
MOCK_OBJECT(thread)
MOCK_OBJECT(memory)
MOCK_OBJECT(port)
MOCK_OBJECT(connection)
MOCK_OBJECT(stream)
MOCK_OBJECT(quota)
MOCK_OBJECT(timer)
MOCK_OBJECT(interrupt)
MOCK_OBJECT(resource)
MOCK_OBJECT(iommu_domain)
MOCK_OBJECT(reply)

NONNULL_END

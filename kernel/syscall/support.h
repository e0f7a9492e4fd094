// SPDX-License-Identifier: MIT
// support.h - what the generated dispatcher needs to know: where arguments are, and each kind of
// object's own type.
#pragma once

#include "arch_types.h"
#include "kernel/memory/memory.h"
#include "kernel/memory/user.h"
#include "kernel/object/interrupt.h"
#include "kernel/object/iommu_domain.h"
#include "kernel/object/port.h"
#include "kernel/object/process.h"
#include "kernel/object/quota.h"
#include "kernel/object/resource.h"
#include "kernel/object/stream.h"
#include "kernel/object/timer.h"
#include "kernel/sched/thread.h"

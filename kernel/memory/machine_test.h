// SPDX-License-Identifier: MIT
// machine_test.h - for the tests of this folder: 64 MiB of RAM, a CPU and a quota, made once.
#pragma once

#include "boot/boot_info.h"
#include "kernel/arch/host/host.h"
#include "kernel/memory/frame.h"
#include "kernel/object/grace.h"
#include "kernel/object/quota.h"
#include "kernel/sched/cpu.h"
#include "lib/base/test.h"

NONNULL_BEGIN

constexpr u64 TEST_RAM = 64 * 1024 * 1024;

static inline void test_machine(void)
{
	if (frames_total())
		return;
	static struct boot_info info;
	host_start(TEST_RAM, 1, &info);
	cpu_init(0);
	host_select_cpu(0);
	frames_init(&info);
	quota_init_root(frames_total(), 100'000, 100'000);
}

// What was dropped is destroyed.
static inline void test_settle(void)
{
	for (u32 i = 0; i < 1000 && grace_pending(); i++)
		grace_run();
}

NONNULL_END

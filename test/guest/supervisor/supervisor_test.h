// SPDX-License-Identifier: MIT
// supervisor_test.h - what the files of this test share.
#pragma once

#include "ifc/clock.h"
#include "ifc/entropy.h"
#include "ifc/file.h"
#include "ifc/log.h"
#include "ifc/name.h"
#include "ifc/supervisor.h"
#include "test/guest/harness/guest.h"

NONNULL_BEGIN

extern supervisor_t supervisor;

bool status_of(const char *name, u32 *index, struct supervisor_status *out);
// Until it runs and was restarted so often; false: not within ten seconds.
bool wait_running(const char *name, u32 restarts);

void test_clock(void);
void test_entropy(void);
void test_log(void);
void test_names(void);
void test_scheme(void);
void test_stop(void);
void test_kills(void);
void test_init(void);

NONNULL_END

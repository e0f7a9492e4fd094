// SPDX-License-Identifier: MIT
// proc_test.h - the tests of this program, by file.
#pragma once

#include "test/guest/proc/client.h"

NONNULL_BEGIN

// life.c
void test_wait(void);
void test_wait_kinds(void);
void test_no_hang(void);
void test_fault(void);
void test_table(void);
void test_orphan(void);
void test_subreaper(void);
void test_many(void);
void test_unborn(void);
// signal.c
void test_stop(void);
void test_stop_self(void);
void test_groups(void);
void test_session(void);
void test_details(void);
void test_orphaned_group(void);
// short.c
void test_relieve(void);
// files.c
void test_files(void);
void test_folders(void);
// restart.c
void test_restart(void);
void test_restarts(void);
// identity.c
void test_credentials(void);
void test_limits(void);

NONNULL_END

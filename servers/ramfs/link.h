// SPDX-License-Identifier: MIT
// link.h - what becomes of an inode when one of its names goes.
#pragma once

#include "servers/ramfs/request.h"

NONNULL_BEGIN
// One name less: the last one's inode goes. A directory has one.
void name_lost(u32 inode);
NONNULL_END

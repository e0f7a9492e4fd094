// SPDX-License-Identifier: MIT
// power.h - turns the machine off.
#pragma once

#include "abi/types.h"

void power_off(u64 code); // returns where that is not possible

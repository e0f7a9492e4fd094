// SPDX-License-Identifier: MIT
// power.h - the end of a machine that only ran one program.
#pragma once

#include "abi/types.h"

void power_off(u64 code); // returns where there is no such device

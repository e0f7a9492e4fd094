// SPDX-License-Identifier: MIT
// root_image.c - no first program: the harness makes processes itself.
#include "abi/types.h"

extern const u8 root_image[1], root_image_end[1];
const u8 root_image[1] = {};
const u8 root_image_end[1] = {};

// SPDX-License-Identifier: MIT
// config.h - what a build may choose. The only header outside arch/ that may hold #if: everybody
// else asks the constants below, so that the code not chosen is compiled all the same.
#pragma once

#ifdef CARBIDE_RELEASE
constexpr bool IS_DEBUG = false;
#else
constexpr bool IS_DEBUG = true;
#endif

constexpr unsigned CACHE_LINE_SIZE = 64;

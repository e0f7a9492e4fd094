// SPDX-License-Identifier: MIT
// config.h - what a build may choose. The only header outside arch/ that may hold #if: everybody
// else asks the constants below, so that the code not chosen is compiled all the same.
#pragma once

#ifdef CARBIDE_DEBUG
constexpr bool IS_DEBUG = true;
#else
constexpr bool IS_DEBUG = false;
#endif

// The static analyser reads every build as one that checks.
#ifdef __clang_analyzer__
constexpr bool IS_ANALYSED = true;
#else
constexpr bool IS_ANALYSED = false;
#endif

// On the build host the libc has memcpy and its like, and the sanitizers watch those.
#ifdef CARBIDE_HOST
constexpr bool IS_HOST = true;
#define MEMORY_SYMBOL(name) base_##name
#else
constexpr bool IS_HOST = false;
#define MEMORY_SYMBOL(name) name
#endif

constexpr unsigned CACHE_LINE_SIZE = 64;

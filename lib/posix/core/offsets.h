// SPDX-License-Identifier: MIT
// offsets.h - places in struct posix_thread and a few values, for assembly; entry.c checks them.
#pragma once

// clang-format off
#define BLOCK_SELF 0
#define BLOCK_BLOCKED 8
#define BLOCK_PENDING 16
#define BLOCK_FRAME_INSTRUCTION 40
#define BLOCK_FRAME_STACK 48
#define BLOCK_FRAME_FLAGS 56
#define BLOCK_FRAME_CAUSE 64
#define BLOCK_FRAME_ADDRESS 72
#define BLOCK_FRAME_DETAIL 80
#define BLOCK_FOREIGN_RETURN 440

#define THREAD_RDI 512
#define THREAD_RSI 520
#define THREAD_RDX 528
#define THREAD_R10 536
#define THREAD_R8 544
#define THREAD_R9 552
#define THREAD_RAX 560
#define THREAD_RBX 568
#define THREAD_RBP 576
#define THREAD_R11 584
#define THREAD_R12 592
#define THREAD_R13 600
#define THREAD_R14 608
#define THREAD_R15 616
#define THREAD_RCX 624
#define THREAD_RIP 632
#define THREAD_RFLAGS 648
#define THREAD_RSP 656
#define THREAD_MASK 672
#define THREAD_OPEN_MASK 680
#define THREAD_NUMBER 688
#define THREAD_STACK_TOP 696
#define THREAD_SLOW 704
#define THREAD_SCRATCH 712
#define THREAD_INTERRUPTION 744

#define WAIT_RAX 0
#define WAIT_RDI 8
#define WAIT_RSI 16
#define WAIT_RDX 24
#define WAIT_R10 32
#define WAIT_R8 40
#define WAIT_R9 48
#define WAIT_R12 56
#define WAIT_R13 64
#define WAIT_R14 72
#define WAIT_R15 80
#define WAIT_RBX 88

#define POSIX_IMAGE_MAGIC_VALUE 0x31307869736f70
#define TABLE_NUMBERS_VALUE 512
#define SLOW_REGISTERS_VALUE 1
#define GS_GUARD_VALUE 256
#define ERESTART_LAST 516
#define ERESTART_COUNT 5
#define CAUSE_NOTIFICATION 1
#define CAUSE_BUS_ERROR 3
#define ERR_INTERRUPTED_VALUE -11

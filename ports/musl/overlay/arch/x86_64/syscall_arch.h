// SPDX-License-Identifier: MIT
// syscall_arch.h - replaces musl's file: a system call of a program built for Carbide is a jump into
// the POSIX library, whose entry stands in the thread block behind GS. As after a `syscall`, rcx and
// r11 are lost and all else stays; rcx brings the return address, so nothing is written to the stack.
// Both instructions together are NATIVE_SITE_SIZE bytes long: an interrupted call begins there anew.

#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

#define CARBIDE_CALL "lea 1f(%%rip), %%rcx\n\tjmp *%%gs:0xf8\n1:"
#define CARBIDE_LOST "rcx", "r11", "memory"

static __inline long __syscall0(long n)
{
	unsigned long ret;
	__asm__ __volatile__(CARBIDE_CALL : "=a"(ret) : "a"(n) : CARBIDE_LOST);
	return ret;
}

static __inline long __syscall1(long n, long a1)
{
	unsigned long ret;
	__asm__ __volatile__(CARBIDE_CALL : "=a"(ret) : "a"(n), "D"(a1) : CARBIDE_LOST);
	return ret;
}

static __inline long __syscall2(long n, long a1, long a2)
{
	unsigned long ret;
	__asm__ __volatile__(CARBIDE_CALL : "=a"(ret) : "a"(n), "D"(a1), "S"(a2) : CARBIDE_LOST);
	return ret;
}

static __inline long __syscall3(long n, long a1, long a2, long a3)
{
	unsigned long ret;
	__asm__ __volatile__(CARBIDE_CALL
						 : "=a"(ret)
						 : "a"(n), "D"(a1), "S"(a2), "d"(a3)
						 : CARBIDE_LOST);
	return ret;
}

static __inline long __syscall4(long n, long a1, long a2, long a3, long a4)
{
	unsigned long ret;
	register long r10 __asm__("r10") = a4;
	__asm__ __volatile__(CARBIDE_CALL
						 : "=a"(ret)
						 : "a"(n), "D"(a1), "S"(a2), "d"(a3), "r"(r10)
						 : CARBIDE_LOST);
	return ret;
}

static __inline long __syscall5(long n, long a1, long a2, long a3, long a4, long a5)
{
	unsigned long ret;
	register long r10 __asm__("r10") = a4;
	register long r8 __asm__("r8") = a5;
	__asm__ __volatile__(CARBIDE_CALL
						 : "=a"(ret)
						 : "a"(n), "D"(a1), "S"(a2), "d"(a3), "r"(r10), "r"(r8)
						 : CARBIDE_LOST);
	return ret;
}

static __inline long __syscall6(long n, long a1, long a2, long a3, long a4, long a5, long a6)
{
	unsigned long ret;
	register long r10 __asm__("r10") = a4;
	register long r8 __asm__("r8") = a5;
	register long r9 __asm__("r9") = a6;
	__asm__ __volatile__(CARBIDE_CALL
						 : "=a"(ret)
						 : "a"(n), "D"(a1), "S"(a2), "d"(a3), "r"(r10), "r"(r8), "r"(r9)
						 : CARBIDE_LOST);
	return ret;
}

#define VDSO_USEFUL
#define VDSO_CGT_SYM "__vdso_clock_gettime"
#define VDSO_CGT_VER "LINUX_2.6"
#define VDSO_GETCPU_SYM "__vdso_getcpu"
#define VDSO_GETCPU_VER "LINUX_2.6"

#define IPC_64 0

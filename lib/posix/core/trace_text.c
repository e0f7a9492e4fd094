// SPDX-License-Identifier: MIT
// trace_text.c - the arguments of a call as text, after the form of the call: one letter for each.
#include "lib/base/format.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/table.h"
#include "lib/posix/core/trace.h"
#include "lib/posix/core/user.h"

enum form : u8 {
	FORM_NUMBER = 'd',
	FORM_LONG = 'l',
	FORM_UNSIGNED = 'u',
	FORM_BITS = 'x',
	FORM_MODE = 'o',
	FORM_SIGNAL = 'S',
	FORM_DIRECTORY = 'A', // a descriptor or AT_FDCWD
	FORM_STRING = 's',
	FORM_STRINGS = 'v', // a vector that ends with a null pointer
	FORM_BYTES = 'b',   // given by the program; the next argument is their number
	FORM_FILLED = 'B',  // filled in by the call; the answer is their number
	FORM_POINTER = 'p',
};

enum call_number : u16 {
#define CALL_NUMBER(number, name) NUMBER_##name = (number),
	POSIX_CALLS(CALL_NUMBER)
};

constexpr usize QUOTED_BYTES = 32, STRING_BYTES = 160, STRINGS = 6;
constexpr i32 AT_CURRENT = -100; // AT_FDCWD

#define FORM(name, form) [NUMBER_##name] = (form),

static const char *_Nullable const forms[TABLE_NUMBERS] = {
	// clang-format off
	FORM(read, "dBu")
	FORM(write, "dbu")
	FORM(open, "sxo")
	FORM(close, "d")
	FORM(stat, "sp")
	FORM(fstat, "dp")
	FORM(lstat, "sp")
	FORM(poll, "pud")
	FORM(lseek, "dld")
	FORM(mmap, "puxxdx")
	FORM(mprotect, "pux")
	FORM(munmap, "pu")
	FORM(brk, "p")
	FORM(rt_sigaction, "Sppu")
	FORM(rt_sigprocmask, "dppu")
	FORM(rt_sigreturn, "")
	FORM(ioctl, "dxp")
	FORM(pread64, "dBul")
	FORM(pwrite64, "dbul")
	FORM(readv, "dpd")
	FORM(writev, "dpd")
	FORM(access, "sx")
	FORM(pipe, "p")
	FORM(select, "dpppp")
	FORM(sched_yield, "")
	FORM(mremap, "puuxp")
	FORM(msync, "pux")
	FORM(madvise, "pux")
	FORM(dup, "d")
	FORM(dup2, "dd")
	FORM(pause, "")
	FORM(nanosleep, "pp")
	FORM(getitimer, "dp")
	FORM(alarm, "d")
	FORM(getpid, "")
	FORM(sendfile, "ddpu")
	FORM(socket, "ddd")
	FORM(connect, "dpu")
	FORM(accept, "dpp")
	FORM(sendto, "dbuxpu")
	FORM(recvfrom, "dBuxpp")
	FORM(sendmsg, "dpx")
	FORM(recvmsg, "dpx")
	FORM(shutdown, "dd")
	FORM(bind, "dpu")
	FORM(listen, "dd")
	FORM(getsockname, "dpp")
	FORM(getpeername, "dpp")
	FORM(socketpair, "dddp")
	FORM(setsockopt, "dddpu")
	FORM(getsockopt, "dddpu")
	FORM(clone, "xpppp")
	FORM(fork, "")
	FORM(vfork, "")
	FORM(execve, "svp")
	FORM(exit, "d")
	FORM(wait4, "dpxp")
	FORM(kill, "dS")
	FORM(uname, "p")
	FORM(fcntl, "ddx")
	FORM(flock, "dx")
	FORM(fsync, "d")
	FORM(fdatasync, "d")
	FORM(truncate, "sl")
	FORM(ftruncate, "dl")
	FORM(getdents, "dpu")
	FORM(getcwd, "pu")
	FORM(chdir, "s")
	FORM(fchdir, "d")
	FORM(rename, "ss")
	FORM(mkdir, "so")
	FORM(rmdir, "s")
	FORM(creat, "so")
	FORM(link, "ss")
	FORM(unlink, "s")
	FORM(symlink, "ss")
	FORM(readlink, "spu")
	FORM(chmod, "so")
	FORM(fchmod, "do")
	FORM(chown, "sdd")
	FORM(fchown, "ddd")
	FORM(lchown, "sdd")
	FORM(umask, "o")
	FORM(gettimeofday, "pp")
	FORM(getrlimit, "dp")
	FORM(getrusage, "dp")
	FORM(sysinfo, "p")
	FORM(times, "p")
	FORM(getuid, "")
	FORM(getgid, "")
	FORM(setuid, "d")
	FORM(setgid, "d")
	FORM(geteuid, "")
	FORM(getegid, "")
	FORM(setpgid, "dd")
	FORM(getppid, "")
	FORM(getpgrp, "")
	FORM(setsid, "")
	FORM(setresuid, "ddd")
	FORM(setresgid, "ddd")
	FORM(getpgid, "d")
	FORM(getsid, "d")
	FORM(rt_sigpending, "pu")
	FORM(rt_sigsuspend, "pu")
	FORM(sigaltstack, "pp")
	FORM(utime, "sp")
	FORM(mknod, "soxu")
	FORM(statfs, "sp")
	FORM(fstatfs, "dp")
	FORM(mlock, "pu")
	FORM(munlock, "pu")
	FORM(munlockall, "")
	FORM(vhangup, "")
	FORM(prctl, "xxxxx")
	FORM(arch_prctl, "xx")
	FORM(setrlimit, "dp")
	FORM(chroot, "s")
	FORM(sync, "")
	FORM(mount, "sss")
	FORM(umount2, "sx")
	FORM(swapoff, "s")
	FORM(gettid, "")
	FORM(tkill, "dS")
	FORM(time, "p")
	FORM(futex, "pxdppd")
	FORM(sched_setaffinity, "dup")
	FORM(sched_getaffinity, "dup")
	FORM(getdents64, "dpu")
	FORM(set_tid_address, "p")
	FORM(restart_syscall, "")
	FORM(clock_settime, "dp")
	FORM(clock_gettime, "dp")
	FORM(clock_getres, "dp")
	FORM(clock_nanosleep, "dxpp")
	FORM(exit_group, "d")
	FORM(epoll_wait, "dpdd")
	FORM(epoll_ctl, "dddp")
	FORM(tgkill, "ddS")
	FORM(mq_unlink, "s")
	FORM(waitid, "ddpxp")
	FORM(inotify_add_watch, "Asx")
	FORM(openat, "Asxo")
	FORM(mkdirat, "Aso")
	FORM(mknodat, "Asoxu")
	FORM(fchownat, "Asddx")
	FORM(newfstatat, "Aspx")
	FORM(unlinkat, "Asx")
	FORM(renameat, "AsAs")
	FORM(linkat, "AsAsx")
	FORM(symlinkat, "sAs")
	FORM(readlinkat, "Aspu")
	FORM(fchmodat, "Aso")
	FORM(faccessat, "Asx")
	FORM(pselect6, "dppppp")
	FORM(ppoll, "pupp")
	FORM(set_robust_list, "pu")
	FORM(splice, "dpdpux")
	FORM(utimensat, "Aspx")
	FORM(epoll_pwait, "dpddp")
	FORM(timerfd_create, "dx")
	FORM(eventfd, "ux")
	FORM(fallocate, "dxll")
	FORM(timerfd_settime, "dxpp")
	FORM(accept4, "dppx")
	FORM(signalfd4, "dpux")
	FORM(eventfd2, "ux")
	FORM(epoll_create1, "x")
	FORM(dup3, "ddx")
	FORM(pipe2, "px")
	FORM(inotify_init1, "x")
	FORM(prlimit64, "ddpp")
	FORM(syncfs, "d")
	FORM(renameat2, "AsAsx")
	FORM(getrandom, "pux")
	FORM(memfd_create, "sx")
	FORM(execveat, "Asvpx")
	FORM(copy_file_range, "dpdpux")
	FORM(statx, "Asxxp")
	FORM(rseq, "puxx")
	FORM(pidfd_open, "dx")
	FORM(clone3, "pu")
	FORM(close_range, "ddx")
	FORM(openat2, "Aspu")
	FORM(faccessat2, "Asxx")
	// clang-format on
};

// A call without a form shows six words.
static const char *form_of(u64 number)
{
	const char *form = number < TABLE_NUMBERS ? AT(forms, number) : nullptr;
	return form ? form : "xxxxxx";
}

// Text with an end that moves; what does not fit is left out.
struct text {
	span_t span;
	usize size;
};

static void add(struct text *text, view_t more)
{
	span_t room = span_from_offset(text->span, text->size);
	view_t fits = view_clamp(more, 0, room.size);
	(void)span_copy(room, fits); // it fits
	text->size += fits.size;
}

static void add_character(struct text *text, u8 character)
{
	add(text, view_from(&character, 1));
}

#define ADD(text, ...)                                                                             \
	do {                                                                                           \
		u8 piece_[24];                                                                             \
		add((text), format_view(span_of(piece_), __VA_ARGS__));                                    \
	} while (0)

static void add_escaped(struct text *text, u8 byte)
{
	switch (byte) {
	case '\n': add(text, view_cstring("\\n")); return;
	case '\t': add(text, view_cstring("\\t")); return;
	case '\r': add(text, view_cstring("\\r")); return;
	case 033: add(text, view_cstring("\\e")); return;
	case '"':
	case '\\': add_character(text, '\\'); break;
	default: break;
	}
	if (byte >= ' ' && byte < 0x7f)
		add_character(text, byte);
	else
		ADD(text, "\\x%02x", (u32)byte);
}

static void add_quoted(struct text *text, view_t bytes)
{
	add_character(text, '"');
	for (usize i = 0; i < bytes.size; i++)
		add_escaped(text, view_at(bytes, i));
	add_character(text, '"');
}

static void add_bytes(struct text *text, u64 address, u64 size)
{
	u8 bytes[QUOTED_BYTES];
	usize shown = size < sizeof bytes ? (usize)size : sizeof bytes;
	if (user_copy_in(bytes, address, shown) < 0) {
		ADD(text, "0x%lx", address);
		return;
	}
	add_quoted(text, view_clamp(view_of(bytes), 0, shown));
	if (size > shown)
		add(text, view_cstring("..."));
}

static void add_string(struct text *text, u64 address)
{
	u8 bytes[STRING_BYTES];
	i64 size = user_copy_string(span_of(bytes), address);
	if (size >= 0)
		add_quoted(text, view_clamp(view_of(bytes), 0, (usize)size));
	else
		ADD(text, "0x%lx", address);
}

static void add_strings(struct text *text, u64 address)
{
	add_character(text, '[');
	for (u64 i = 0; i <= STRINGS; i++) {
		u64 string = 0;
		if (user_get(string, address + i * sizeof string) < 0 || !string)
			break;
		add(text, view_cstring(i == 0 ? "" : ", "));
		if (i < STRINGS)
			add_string(text, string);
		else
			add(text, view_cstring("..."));
	}
	add_character(text, ']');
}

static void add_word(struct text *text, enum form form, u64 word)
{
	switch (form) {
	case FORM_NUMBER: ADD(text, "%d", (i32)word); break;
	case FORM_LONG: ADD(text, "%ld", (i64)word); break;
	case FORM_UNSIGNED: ADD(text, "%lu", word); break;
	case FORM_MODE:
		ADD(text, "0%u%u%u", (u32)word >> 6 & 7, (u32)word >> 3 & 7, (u32)word & 7);
		break;
	case FORM_SIGNAL: ADD(text, "signal %u", (u32)word); break;
	case FORM_DIRECTORY:
		if ((i32)word == AT_CURRENT)
			add(text, view_cstring("AT_FDCWD"));
		else
			ADD(text, "%d", (i32)word);
		break;
	case FORM_STRING: add_string(text, word); break;
	case FORM_STRINGS: add_strings(text, word); break;
	default: // bits and pointers
		if (word || form == FORM_BITS)
			ADD(text, "0x%lx", word);
		else
			add(text, view_cstring("NULL"));
		break;
	}
}

usize trace_quote(span_t to, u64 address, u64 size)
{
	struct text text = { to, 0 };
	add_bytes(&text, address, size);
	return text.size;
}

// Argument i; bytes are never the last.
static void add_argument(struct trace_line *line, struct text *text, enum form form,
	const struct arguments *arguments, usize i)
{
	u64 word = AT(arguments->raw, i);
	if (form == FORM_BYTES) {
		add_bytes(text, word, AT(arguments->raw, i + 1));
	} else if (form == FORM_FILLED) {
		line->split = (u32)text->size;
		line->filled = word;
	} else {
		add_word(text, form, word);
	}
}

void trace_describe(struct trace_line *line, const struct arguments *arguments)
{
	const char *name = table_name(line->number);
	view_t form = view_cstring(form_of(line->number));
	struct text text = { span_of(line->text), 0 };
	line->split = TRACE_NO_SPLIT;
	if (name)
		add(&text, view_cstring(name));
	else
		ADD(&text, "call_%lu", line->number);
	add_character(&text, '(');
	for (usize i = 0; i < form.size; i++) {
		add(&text, view_cstring(i == 0 ? "" : ", "));
		add_argument(line, &text, (enum form)view_at(form, i), arguments, i);
	}
	add_character(&text, ')');
	line->size = (u32)text.size;
}

// SPDX-License-Identifier: MIT
// main.c - the first program: finds the program that the command line names in the boot image,
// starts it, and reports its end. It is part of the kernel's trusted base and does nothing else.
#include "servers/root/start.h"

#include "abi/info.h"
#include "abi/rights.h"
#include "lib/base/format.h"
#include "lib/base/text.h"
#include "lib/os/process.h"
#include "lib/os/spawn.h"
#include "os/syscalls.h"
#include "servers/root/boot_image.h"
#include "servers/root/life.h"
#include "servers/root/power.h"

constexpr u64 CODE_BROKEN = 126, CODE_NOT_FOUND = 127; // as shells have it
constexpr u64 PROGRAM_IDENTITY = 2;
constexpr u64 LEDGER_SIZE = 1024 * 1024;
constexpr u32 LEVEL_INIT = 0, LEVEL_PROGRAM = 15;
constexpr u64 OWN_SHARE = 8; // the root keeps one part in so many of all memory
constexpr u32 RIGHTS_LOOK = RIGHT_READ | RIGHT_MAP | RIGHT_DUP | RIGHT_TRANSFER | RIGHT_WAIT;

struct program {
	view_t path;
	view_t arguments; // with the program's name in front
	view_t image;
};

// What follows the word init=, up to the end of the line.
static bool find_command(view_t line, view_t *out)
{
	view_t key = VIEW_TEXT("init=");
	for (view_t rest = text_trim(line), word; rest.size; rest = text_trim(rest)) {
		if (view_starts_with(rest, key)) {
			*out = view_from_offset(rest, key.size);
			return true;
		}
		if (!text_take_word(&rest, &word))
			break;
	}
	return false;
}

static bool is_init(view_t path)
{
	return view_equal(path, VIEW_TEXT("/service/init"));
}

// Programs that look after hardware, or test the kernel, get authority over all of it.
static bool is_trusted(view_t path)
{
	view_t value;
	return is_init(path) || view_starts_with(path, VIEW_TEXT("/test/")) ||
	       text_option(root_command_line(), VIEW_TEXT("trust"), &value);
}

// `level=N` on the command line lets tests run as a service does.
static u32 level_of(view_t path)
{
	view_t value;
	u64 level;
	if (is_init(path))
		return LEVEL_INIT;
	bool is_given = text_option(root_command_line(), VIEW_TEXT("level"), &value) &&
	                text_u64(value, &level) == OK && level <= LEVEL_PROGRAM;
	return is_given ? (u32)level : LEVEL_PROGRAM;
}

static err_t choose(struct program *program)
{
	view_t command, rest;
	if (find_command(root_command_line(), &command)) {
		rest = command;
		program->arguments = command;
		return text_take_word(&rest, &program->path)
		           ? boot_image_find(program->path, &program->image)
		           : ERR_NOT_FOUND;
	}
	program->path = VIEW_TEXT("/service/init");
	err_t err = boot_image_find(program->path, &program->image);
	if (err == ERR_NOT_FOUND) {
		program->path = VIEW_TEXT("/native/hello");
		err = boot_image_find(program->path, &program->image);
	}
	program->arguments = program->path;
	return err;
}

// All that is left, but for what the root needs to load the program.
static err_t make_quota(handle_t *out)
{
	struct quota_info info = {};
	u64 size;
	TRY(handle_info(start_handle("quota"), INFO_TOPIC_QUOTA, span_of(info), &size));
	u64 pages = info.pages - info.pages_used, objects = info.objects - info.objects_used;
	u64 handles = info.handles - info.handles_used;
	return quota_create(start_handle("quota"), pages - pages / OWN_SHARE,
		objects - objects / OWN_SHARE, handles - handles / OWN_SHARE, 100, out);
}

// What only the loader knows, as words for the supervisor; then the whole command line.
static void fill_arguments(struct spawn *spawn, const struct program *program)
{
	static u8 text[200];
	spawn->arguments = program->arguments;
	if (!is_init(program->path))
		return;
	const struct root_info *info = root_self();
	spawn->last = root_command_line();
	spawn->arguments = format_view(span_of(text), "%v acpi=0x%lx framebuffer=0x%lx,%u,%u,%u,%u",
		&program->path, info->acpi_root, info->framebuffer_address, info->framebuffer_pitch,
		info->framebuffer_width, info->framebuffer_height, info->framebuffer_bits);
}

// Where the supervisor keeps what it knows.
static err_t give_ledger(struct spawn *spawn)
{
	handle_t ledger;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, LEDGER_SIZE, HANDLE_NONE, 0, 0, &ledger));
	return spawn_give(spawn, "ledger", ledger, RIGHTS_ALL);
}

static err_t fill_spawn(struct spawn *spawn, const struct program *program)
{
	spawn->image = program->image;
	fill_arguments(spawn, program);
	spawn->identity = PROGRAM_IDENTITY;
	spawn->level = level_of(program->path);
	TRY(make_quota(&spawn->quota));
	TRY(spawn_give(spawn, "quota", spawn->quota, RIGHTS_ALL));
	TRY(spawn_give(spawn, "console", start_handle("console"), RIGHTS_ALL));
	TRY(spawn_give(spawn, "time", start_handle("time"), RIGHTS_LOOK));
	if (start_handle("boot").raw)
		TRY(spawn_give(spawn, "boot", start_handle("boot"), RIGHTS_LOOK));
	if (is_trusted(program->path))
		TRY(spawn_give(spawn, "resource", start_handle("resource"), RIGHTS_ALL));
	return is_init(program->path) ? give_ledger(spawn) : OK;
}

static u64 run(const struct program *program)
{
	static struct spawn spawn;
	u64 code = 0;
	err_t err = fill_spawn(&spawn, program);
	if (err == OK)
		err = is_init(program->path) ? life_run_kept(&spawn, &code) : life_run(&spawn, &code);
	if (err == ERR_CORRUPT) {
		print("root: %v: %s\n", &program->path, elf_problem_text(spawn.problem));
		return CODE_BROKEN;
	}
	if (err == OK)
		return code;
	print("root: %v cannot be started: %e\n", &program->path, err);
	return CODE_BROKEN;
}

static u64 run_named(void)
{
	struct program program = {};
	err_t err = boot_image_open();
	if (err == OK)
		err = choose(&program);
	if (err == OK)
		return run(&program);
	if (err != ERR_NOT_FOUND)
		return CODE_BROKEN; // boot_image.c has said why
	print("root: no program %v in the boot image\n", &program.path);
	return CODE_NOT_FOUND;
}

int main(void)
{
	view_t value;
	print("@@BEGIN\n");
	u64 code = run_named();
	print("@@EXIT %lu\n", code);
	if (!text_option(root_command_line(), VIEW_TEXT("stay"), &value))
		power_off(code);
	for (;;)
		(void)sleep_until(DEADLINE_NEVER);
}

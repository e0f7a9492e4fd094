// SPDX-License-Identifier: MIT
// cd.c - boots from a CD on a PC with BIOS: reads the loader of boot/ and the boot image to their
// places, tells what the firmware knows, and enters as a multiboot2 loader does. Where on the disc
// everything lies tools/eltorito wrote into cd_table: no file system is read here.
#include "boot/cd/bios.h"
#include "boot/cd/screen.h"
#include "boot/cd/tags.h"
#include "boot/multiboot2.h"
#include "boot/x86/console.h"
#include "boot/x86/machine.h"
#include "lib/base/bits.h"

constexpr u32 SECTOR_SIZE = 2048;
constexpr u32 BOUNCE =
	0x10000; // 64 KiB that this program does not use: a BIOS reads below 1 MiB only
constexpr u32 BOUNCE_SIZE = 0x10000;
constexpr u32 READ_ATTEMPTS = 4;
constexpr u32 TABLE_MAGIC = 0x64634344;
constexpr u32 PIECES = 4;
constexpr u32 RANGES_MAX = 64;
constexpr u32 REACH = 0xfffff000;
constexpr u32 SMAP = 0x534d4150; // int 15h, function e820h
constexpr u32 E820_USABLE = 1;

struct piece {
	u32 sector;
	u32 size; // bytes
	u32 paddr;
	u32 memory_size; // what is more than size is zeros
};

// tools/eltorito knows the offsets.
struct cd_table {
	u32 magic;
	u32 entry;
	struct piece loader[PIECES];
	struct piece image;
	char command_line[1024];
};

struct [[gnu::packed]] packet {
	u8 size, zero;
	u16 sector_count;
	u16 offset, segment;
	u64 sector;
};

struct range {
	u64 base;
	u64 size;
	u32 type;
	u32 zero;
};

// Volatile: the file is changed behind the compiler's back.
[[gnu::section(".table"),
	gnu::used]] static volatile struct cd_table cd_table = { .magic = TABLE_MAGIC };
static struct range ranges[RANGES_MAX]; // by the firmware, any order
static u32 range_count;
static u32 drive;

// For boot/x86/console.c.
void machine_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

NORETURN void cd_main(u32 drive_number);
NORETURN void cd_enter(u32 entry, u32 magic, u32 info);

static void read_memory_map(void)
{
	struct bios_registers registers = {};
	while (range_count < RANGES_MAX) {
		struct range range = {};
		registers.eax = 0xe820;
		registers.ecx = 20;
		registers.edx = SMAP;
		registers.edi = bios_offset(range);
		bios_interrupt(0x15, &registers);
		if (bios_failed(&registers) || registers.eax != SMAP)
			break;
		range.zero = 0;
		AT(ranges, range_count++) = range;
		if (!registers.ebx)
			break;
	}
	if (!range_count)
		console_fail("the BIOS tells no memory map, function e820h answers", registers.eax);
}

// The lowest page at or above low from which on size bytes are RAM below 4 GiB.
static u32 find_place(u32 low, u32 size)
{
	u64 best = REACH;
	for (u32 i = 0; i < range_count; i++) {
		struct range *range = &AT(ranges, i);
		u64 start = align_up(range->base > low ? range->base : low, PAGE_SIZE);
		u64 end = range->base + range->size;
		if (range->type == E820_USABLE && start < end && size <= end - start && start < best)
			best = start;
	}
	if (size > REACH - best)
		console_fail("no memory for so many bytes", size);
	return (u32)best;
}

static void copy_up(u32 paddr, u32 size)
{
	u32 from = BOUNCE, words = (size + 3) / 4; // an end of less than a word is rounded up
	__asm__ volatile("rep movsl" : "+S"(from), "+D"(paddr), "+c"(words) : : "memory");
}

static void read_sectors(u32 sector, u32 count)
{
	struct packet packet = {
		.size = sizeof packet, .sector_count = (u16)count, .segment = BOUNCE >> 4, .sector = sector
	};
	struct bios_registers registers;
	for (u32 i = 0; i < READ_ATTEMPTS; i++) {
		registers =
			(struct bios_registers){ .eax = 0x4200, .edx = drive, .esi = bios_offset(packet) };
		bios_interrupt(0x13, &registers);
		if (!bios_failed(&registers))
			return;
	}
	console_fail("the CD cannot be read, sector", sector);
}

static void read_piece(const struct piece *piece)
{
	for (u32 done = 0; done < piece->size; done += BOUNCE_SIZE) {
		u32 left = piece->size - done;
		u32 part = left < BOUNCE_SIZE ? left : BOUNCE_SIZE;
		read_sectors(piece->sector + done / SECTOR_SIZE, (part + SECTOR_SIZE - 1) / SECTOR_SIZE);
		copy_up(piece->paddr + done, part);
	}
	if (piece->memory_size > piece->size) {
		u32 zeros = piece->memory_size - piece->size;
		span_fill(bios_memory(piece->paddr + piece->size, zeros), 0);
	}
}

// Answers where it ends.
static u32 read_loader(void)
{
	u32 end = 0;
	for (u32 i = 0; i < PIECES; i++) {
		struct piece piece = AT(cd_table.loader, i);
		if (!piece.memory_size)
			continue;
		if (find_place(piece.paddr, piece.memory_size) != piece.paddr)
			console_fail("no memory at", piece.paddr);
		read_piece(&piece);
		if (end < piece.paddr + piece.memory_size)
			end = piece.paddr + piece.memory_size;
	}
	return end;
}

static void tell_memory_map(void)
{
	tags_begin(MULTIBOOT2_MEMORY_MAP);
	tags_put_u32(sizeof(struct range));
	tags_put_u32(0);
	for (u32 i = 0; i < range_count; i++)
		tags_put(view_of(AT(ranges, i)));
	tags_end();
}

static void tell_image(const struct piece *image)
{
	tags_begin(MULTIBOOT2_MODULE);
	tags_put_u32(image->paddr);
	tags_put_u32(image->paddr + image->size);
	tags_put(view_of((char[1]){}));
	tags_end();
}

static void tell_command_line(void)
{
	struct cd_table table = cd_table;
	AT(table.command_line, sizeof table.command_line - 1) = 0;
	tags_begin(MULTIBOOT2_COMMAND_LINE);
	tags_put(view_of(table.command_line));
	tags_end();
}

void cd_main(u32 drive_number)
{
	drive = drive_number;
	console_init();
	if (cd_table.magic != TABLE_MAGIC || !cd_table.entry)
		console_fail("the CD was not finished by tools/eltorito", cd_table.magic);
	read_memory_map();
	struct piece image = cd_table.image;
	u32 end = read_loader();
	if (image.size) {
		image.paddr = find_place(end, image.size);
		read_piece(&image);
		tell_image(&image);
	}
	tell_memory_map();
	tell_command_line();
	screen_tell();
	cd_enter(cd_table.entry, MULTIBOOT2_DOOR, tags_finish());
}

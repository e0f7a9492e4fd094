// SPDX-License-Identifier: MIT
// sleep.c - FADT: where the sleep registers are (ACPI 6.5, section 5.2.9); DSDT: which value means
// off. That table is a program, of which we want one constant: Name (\_S5, Package () { a, b, ...
// }). It is looked for by its bytes (section 20.2), since firmware writes it so and not computed.
#include "servers/root/sleep.h"

#include "lib/base/reader.h"

constexpr usize FADT_DSDT = 40, FADT_COMMAND_PORT = 48, FADT_COMMAND = 52, FADT_PM1A = 64;
constexpr usize FADT_WIDE_DSDT = 140, FADT_WIDE_PM1A = 172, GAS_BYTES = 12, GAS_ADDRESS = 4;
constexpr u8 GAS_SPACE_IO = 1;
constexpr u32 PORT_MAX = 0xfffe;

constexpr u8 AML_ZERO = 0x00, AML_ONE = 0x01, AML_NAME = 0x08, AML_BYTE = 0x0a, AML_WORD = 0x0b;
constexpr u8 AML_PACKAGE = 0x12, AML_ROOT = '\\';

constexpr u32 SLEEP_TYPE_SHIFT = 10, SLEEP_TYPE_MASK = 7, SLEEP_ENABLE = 1 << 13;

// The wide field of newer tables counts where it is there and is a port.
static u32 read_port(view_t fadt, u32 i)
{
	u32 port = 0;
	u8 space = 0;
	u64 wide = 0;
	(void)view_load(fadt, FADT_PM1A + i * sizeof port, span_of(port));
	usize gas = FADT_WIDE_PM1A + i * GAS_BYTES;
	if (view_load(fadt, gas, span_of(space)) == OK && space == GAS_SPACE_IO &&
		view_load(fadt, gas + GAS_ADDRESS, span_of(wide)) == OK && wide && wide <= PORT_MAX)
		port = (u32)wide;
	return port <= PORT_MAX ? port : 0;
}

err_t sleep_read_fadt(view_t fadt, struct sleep *out)
{
	struct sleep sleep = {};
	u32 dsdt;
	u64 wide = 0;
	TRY(view_load(fadt, FADT_DSDT, span_of(dsdt)));
	TRY(view_load(fadt, FADT_COMMAND_PORT, span_of(sleep.command_port)));
	TRY(view_load(fadt, FADT_COMMAND, span_of(sleep.command)));
	if (view_load(fadt, FADT_WIDE_DSDT, span_of(wide)) != OK)
		wide = 0;
	sleep.dsdt = wide ? wide : dsdt;
	for (u32 i = 0; i < SLEEP_PORTS; i++)
		AT(sleep.ports, i) = read_port(fadt, i);
	if (sleep.command_port > PORT_MAX || !sleep.command)
		sleep.command_port = 0;
	if (!sleep.dsdt || !sleep.ports[0])
		return ERR_NOT_FOUND;
	*out = sleep;
	return OK;
}

static err_t take_constant(reader_t *reader, u8 *out)
{
	u8 kind;
	u16 word;
	TRY(reader_take_u8(reader, &kind));
	if (kind == AML_BYTE)
		return reader_take_u8(reader, out);
	if (kind == AML_WORD) {
		TRY(reader_take_u16(reader, &word));
		*out = (u8)word;
		return OK;
	}
	*out = kind;
	return kind == AML_ZERO || kind == AML_ONE ? OK : ERR_CORRUPT;
}

// What stands behind the name: the package's length (its top two bits: how many more bytes say
// it), the number of elements, the elements.
static err_t take_package(reader_t reader, struct sleep *out)
{
	u8 kind, length, elements;
	TRY(reader_take_u8(&reader, &kind));
	TRY(reader_take_u8(&reader, &length));
	TRY(reader_skip(&reader, length >> 6));
	TRY(reader_take_u8(&reader, &elements));
	if (kind != AML_PACKAGE || !elements)
		return ERR_CORRUPT;
	u8 types[SLEEP_PORTS] = {};
	for (u32 i = 0; i < SLEEP_PORTS && i < elements; i++)
		TRY(take_constant(&reader, &AT(types, i)));
	for (u32 i = 0; i < SLEEP_PORTS; i++)
		AT(out->types, i) = AT(types, i) & SLEEP_TYPE_MASK;
	return OK;
}

err_t sleep_read_dsdt(view_t dsdt, struct sleep *out)
{
	view_t name = VIEW_TEXT("_S5_");
	for (usize at = 2; at + name.size < dsdt.size; at++) {
		if (!view_starts_with(view_from_offset(dsdt, at), name))
			continue;
		bool is_rooted = view_at(dsdt, at - 1) == AML_ROOT;
		if (view_at(dsdt, is_rooted ? at - 2 : at - 1) != AML_NAME)
			continue;
		if (take_package((reader_t){ dsdt, at + name.size }, out) == OK)
			return OK;
	}
	return ERR_NOT_FOUND;
}

u32 sleep_value(const struct sleep *sleep, u32 i, u32 was)
{
	u32 kept = was & ~(SLEEP_TYPE_MASK << SLEEP_TYPE_SHIFT | SLEEP_ENABLE) & 0xffff;
	return kept | (u32)AT(sleep->types, i) << SLEEP_TYPE_SHIFT | SLEEP_ENABLE;
}

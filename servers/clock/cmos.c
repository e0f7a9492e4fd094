// SPDX-License-Identifier: MIT
// cmos.c - see cmos.h. The year has two digits: this century's.
#include "servers/clock/cmos.h"

#include "lib/base/err.h"

constexpr u64 SECONDS_PER_DAY = 86400;
constexpr u64 CENTURY_START = 946684800; // 2000-01-01
constexpr u8 AFTERNOON = 0x80;           // of the hour, in 12-hour mode

static const u8 month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

static bool is_binary(const u8 (*registers)[CMOS_REGISTERS])
{
	return AT(*registers, CMOS_STATUS_B) & CMOS_BINARY;
}

static u32 decode(const u8 (*registers)[CMOS_REGISTERS], u8 value)
{
	return is_binary(registers) ? value : (value >> 4) * 10u + (value & 15u);
}

static u8 encode(const u8 (*registers)[CMOS_REGISTERS], u64 value)
{
	return (u8)(is_binary(registers) ? value : value / 10 << 4 | value % 10);
}

// Every fourth year of this century, 2000 too.
static u64 days_of_month(u64 year, u64 month)
{
	return AT(month_days, month - 1) + (month == 2 && year % 4 == 0 ? 1u : 0u);
}

static u64 days_before_year(u64 year)
{
	return year * 365 + (year + 3) / 4;
}

static u32 read_hour(const u8 (*registers)[CMOS_REGISTERS])
{
	u8 raw = AT(*registers, CMOS_HOURS);
	if (AT(*registers, CMOS_STATUS_B) & CMOS_24_HOURS)
		return decode(registers, raw);
	u32 hour = decode(registers, raw & (u8)~AFTERNOON) % 12;
	return raw & AFTERNOON ? hour + 12 : hour;
}

err_t cmos_to_seconds(const u8 (*registers)[CMOS_REGISTERS], u64 *out)
{
	u32 second = decode(registers, AT(*registers, CMOS_SECONDS));
	u32 minute = decode(registers, AT(*registers, CMOS_MINUTES));
	u32 hour = read_hour(registers), day = decode(registers, AT(*registers, CMOS_DAY));
	u32 month = decode(registers, AT(*registers, CMOS_MONTH));
	u32 year = decode(registers, AT(*registers, CMOS_YEAR));
	if (second > 59 || minute > 59 || hour > 23 || month < 1 || month > 12 || year > 99 ||
		day < 1 || day > days_of_month(year, month))
		return ERR_DEVICE;
	u64 days = days_before_year(year) + day - 1;
	for (u32 i = 1; i < month; i++)
		days += days_of_month(year, i);
	*out = CENTURY_START + days * SECONDS_PER_DAY + hour * 3600u + minute * 60u + second;
	return OK;
}

err_t cmos_from_seconds(u64 seconds, u8 (*registers)[CMOS_REGISTERS])
{
	if (seconds < CENTURY_START ||
		(seconds - CENTURY_START) / SECONDS_PER_DAY >= days_before_year(100))
		return ERR_RANGE;
	u64 rest = (seconds - CENTURY_START) / SECONDS_PER_DAY, year = 0, month = 1;
	u64 time = (seconds - CENTURY_START) % SECONDS_PER_DAY, hour = time / 3600;
	while (days_before_year(year + 1) <= rest)
		year++;
	rest -= days_before_year(year);
	for (; rest >= days_of_month(year, month); month++)
		rest -= days_of_month(year, month);
	AT(*registers, CMOS_SECONDS) = encode(registers, time % 60);
	AT(*registers, CMOS_MINUTES) = encode(registers, time / 60 % 60);
	AT(*registers, CMOS_DAY) = encode(registers, rest + 1);
	AT(*registers, CMOS_MONTH) = encode(registers, month);
	AT(*registers, CMOS_YEAR) = encode(registers, year);
	if (AT(*registers, CMOS_STATUS_B) & CMOS_24_HOURS)
		AT(*registers, CMOS_HOURS) = encode(registers, hour);
	else
		AT(*registers, CMOS_HOURS) =
			(u8)(encode(registers, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? AFTERNOON : 0));
	return OK;
}

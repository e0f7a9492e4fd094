// SPDX-License-Identifier: MIT
// acpi_local.h - one function for each table that the loader reads; the header is checked already.
#pragma once

#include "boot/acpi.h"

NONNULL_BEGIN

constexpr u32 ACPI_HEADER_BYTES = 36;

err_t acpi_parse_madt(view_t table, struct boot_info *info, struct complaint *complaint);
err_t acpi_parse_fadt(view_t table, struct boot_info *info, struct complaint *complaint);
err_t acpi_parse_hpet(view_t table, struct boot_info *info, struct complaint *complaint);

NONNULL_END

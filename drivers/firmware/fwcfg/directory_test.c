// SPDX-License-Identifier: MIT
// directory_test.c - a file is found; counts that lie lead nowhere.
#include "drivers/firmware/fwcfg/directory.h"

#include "lib/base/test.h"

TEST(fwcfg_directory)
{
	struct {
		u8 count[4];
		struct fwcfg_record records[2];
	} directory = { { 0, 0, 0, 2 }, { { { 0, 0, 1, 2 }, { 0, 0x20 }, {}, "etc/acpi" },
										{ { 0, 0, 0, 9 }, { 0, 0x21 }, {}, "opt/bench" } } };
	struct fwcfg_file file;
	REQUIRE_OK(fwcfg_find(view_of(directory), VIEW_TEXT("opt/bench"), &file));
	CHECK_EQ(file.size, 9);
	CHECK_EQ(file.select, 0x21);
	CHECK_EQ(fwcfg_find(view_of(directory), VIEW_TEXT("opt"), &file), ERR_NOT_FOUND);
	directory.count[0] = 0xff;
	CHECK_EQ(fwcfg_find(view_of(directory), VIEW_TEXT("none"), &file), ERR_NOT_FOUND);
	CHECK_EQ(fwcfg_find((view_t){}, VIEW_TEXT("none"), &file), ERR_NOT_FOUND);
}

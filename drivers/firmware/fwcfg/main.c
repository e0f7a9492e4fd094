// SPDX-License-Identifier: MIT
// main.c - what QEMU was told for the guest: /scheme/fwcfg/bench is its file opt/bench. Authority:
// the device's two ports. On other machines the signature is missing and the file is empty.
#include "drivers/firmware/fwcfg/directory.h"
#include "lib/driver/driver.h"
#include "lib/os/scheme.h"
#include "lib/os/start.h"
#include "os/syscalls.h"

constexpr u64 BADGE_SCHEME = 2; // image/fwcfg.svc
constexpr u32 PORTS = 0x510, DATA = 1;
constexpr u32 SELECT_SIGNATURE = 0, SELECT_DIRECTORY = 0x19;
constexpr usize CONTENTS_MAX = 4096;

static struct ports ports;

static void select(u32 item)
{
	u32 unused;
	(void)resource_io(ports.resource, ports.base, IO_OPERATION_WRITE16, item, &unused);
}

static void take(span_t to)
{
	for (usize i = 0; i < to.size; i++)
		*span_at(to, i) = port_read(&ports, DATA);
}

static bool is_there(void)
{
	u8 signature[4];
	select(SELECT_SIGNATURE);
	take(span_of(signature));
	return view_equal(view_of(signature), VIEW_TEXT("QEMU"));
}

static usize read_bench(void *_Nullable self, span_t to)
{
	static u8 directory[4 + FWCFG_FILES_MAX * sizeof(struct fwcfg_record)];
	struct fwcfg_file file;
	(void)self;
	if (!is_there())
		return 0;
	select(SELECT_DIRECTORY);
	take(span_of(directory));
	if (fwcfg_find(view_of(directory), VIEW_TEXT("opt/bench"), &file) != OK ||
		file.size > CONTENTS_MAX)
		return 0;
	select(file.select);
	take(span_clamp(to, 0, file.size));
	return file.size;
}

int main(void)
{
	static const struct scheme_file files[] = { { "bench", SCHEME_READ, read_bench, nullptr } };
	struct loop loop;
	if (service_begin(&loop) != OK || ports_claim("registers", PORTS, &ports) != OK)
		return 1;
	struct scheme scheme = { files, COUNT(files), BADGE_SCHEME, loop.port, nullptr };
	loop_serve(&loop, scheme_dispatch, &scheme, &scheme);
	service_ready();
	return loop_run(&loop) == ERR_CLOSED ? 0 : 1;
}

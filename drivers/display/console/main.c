// SPDX-License-Identifier: MIT
// main.c - the console: bytes from tty through the escape parser to text in the framebuffer.
// Flow:      tty's kick -> ring -> vt/ (a grid of cells) -> paint.c; answers to questions -> ring
// -> tty Authority: the memory "framebuffer", whose shape an argument says; nothing else Not here:
// keys (drivers/input/ps2), lines and echo (servers/tty)
#include "drivers/display/console/paint.h"

#include "abi/signals.h"
#include "lib/base/text.h"
#include "lib/driver/driver.h"
#include "lib/driver/wire_side.h"
#include "lib/os/process.h"
#include "lib/os/service.h"
#include "lib/os/start.h"

constexpr u32 BURST = 4096; // bytes between two looks at the screen

struct console {
	struct wire_side side;
	struct vt *vt; // in the ledger: the screen outlives us
	struct paint paint;
	struct vt_host host;
};

// In one piece: a key between its bytes would be lost with it.
static void on_answer(void *self, view_t bytes)
{
	const struct console *console = self;
	(void)rings_up_put_text(console->side.rings, bytes);
}

static void on_bell(void *self)
{
	(void)self; // there is no speaker yet
}

// A byte counts as taken when the grid has it: one may be shown twice after a death, none is lost.
static u32 take(struct console *console)
{
	struct rings *rings = console->side.rings;
	view_t bytes = view_clamp(rings_down(rings), 0, BURST);
	for (usize i = 0; i < bytes.size; i++) {
		vt_write(console->vt, &console->host, view_at(bytes, i));
		rings_down_taken(rings, 1);
	}
	return (u32)bytes.size;
}

static void work(struct console *console)
{
	struct rings *rings = console->side.rings;
	do {
		while (take(console))
			;
		rings_down_taken(rings, 0); // passes what was dropped
		__atomic_store_n(&rings->modes, console->vt->modes, __ATOMIC_RELAXED);
		paint_show(&console->paint, console->vt);
		wire_side_wake(&console->side);
	} while (!rings_driver_may_sleep(rings));
	wire_side_wake(&console->side);
}

static void on_kick(void *_Nullable self, u32 bits)
{
	struct console *console = self;
	(void)bits;
	wire_side_heard(&console->side);
	work(console);
}

static err_t operation_open(void *_Nullable self, struct caller caller, enum wire_kind *out_kind,
	u32 *out_columns, u32 *out_rows, handle_t *out_rings, handle_t *out_events)
{
	const struct console *console = self;
	(void)caller;
	*out_kind = WIRE_KIND_SCREEN;
	*out_columns = console->paint.columns;
	*out_rows = console->paint.rows;
	wire_side_open(&console->side, out_rings, out_events);
	return OK;
}

static const struct wire_ops ops = { .open = operation_open };

// `framebuffer=PITCH,WIDTH,HEIGHT,BITS` among the arguments.
static err_t find_shape(struct shape *out)
{
	view_t rest, part;
	u32 *const places[4] = { &out->pitch, &out->width, &out->height, &out->bits };
	bool is_there = false;
	for (u32 i = 1; !is_there && i < start_argument_count(); i++)
		is_there = text_option(view_cstring(start_argument(i)), VIEW_TEXT("framebuffer"), &rest);
	for (u32 i = 0; i < COUNT(places); i++) {
		u64 number;
		if (!is_there || (!text_split(rest, ',', &part, &rest) && i + 1 < COUNT(places)))
			return ERR_NOT_FOUND;
		TRY(text_u64(i + 1 < COUNT(places) ? part : rest, &number));
		*AT(places, i) = (u32)number;
	}
	return OK;
}

static err_t claim_screen(struct console *console)
{
	struct shape shape;
	span_t memory;
	TRY(find_shape(&shape));
	u64 size = ((u64)shape.pitch * shape.height + PAGE_MASK) & ~PAGE_MASK;
	TRY(mmio_claim(
		"framebuffer", size, MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED, &memory));
	return paint_init(&console->paint, memory, shape);
}

static err_t start(struct console *console, struct loop *loop)
{
	console->host = (struct vt_host){ console, on_answer, on_bell };
	TRY(claim_screen(console));
	TRY(service_begin(loop));
	wire_serve(loop, &ops, console);
	console->side.extra_size = sizeof *console->vt;
	TRY(wire_side_begin(&console->side, loop, on_kick, console));
	console->vt = console->side.extra;
	if (!vt_check(console->vt, console->paint.columns, console->paint.rows))
		vt_init(console->vt, console->paint.columns, console->paint.rows);
	work(console);
	service_ready();
	return OK;
}

int main(void)
{
	static struct console console;
	static struct loop loop;
	err_t err = start(&console, &loop);
	if (err != OK)
		print("console: %e\n", err);
	if (err == ERR_NOT_FOUND || err == ERR_UNSUPPORTED || err == ERR_DEVICE)
		return 0; // this machine has none: that is no failure
	return err == OK && loop_run(&loop) == ERR_CLOSED ? 0 : 1;
}

// SPDX-License-Identifier: MIT
// main.c - the PC's serial port (16550A): bytes in and out of the rings that tty shares.
// Flow:      irq -> drain the receive FIFO -> records -> tty; tty's kick or irq -> fill the
// transmit FIFO Authority: ports "registers" (0x3f8), interrupt "irq" (4); nothing else Not here:
// lines, echo, flow control by bytes (servers/tty). Modem lines are not looked at.
#include "abi/signals.h"
#include "drivers/serial/uart16550/uart.h"
#include "lib/driver/driver.h"
#include "lib/driver/wire_side.h"
#include "lib/os/process.h"
#include "lib/os/service.h"

constexpr u32 COM1 = 0x3f8, COM1_IRQ = 4;
constexpr u16 UNREAD = 0xee00;
constexpr u32 BURST_MAX = 1024; // a broken chip must not hold us

struct uart {
	struct ports ports;
	struct irq irq;
	struct wire_side side;
	bool is_full;    // records are held back in the chip: nobody takes them
	bool is_sending; // the chip says when its FIFO is empty
	bool is_pulled;  // the line is held low
	u8 line;         // as set
};

static void enable(const struct uart *uart)
{
	u32 bits =
		(uart->is_full ? 0 : UART_ON_DATA | UART_ON_LINE) | (uart->is_sending ? UART_ON_EMPTY : 0);
	port_write(&uart->ports, UART_INTERRUPTS, (u8)bits);
}

static void order(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST); // a death is an interruption of this thread
}

// A byte goes from the chip into its slot of the ring in one system call; the slot says whether
// that has happened: the register behind the data, which comes along, is never UNREAD.
static err_t fetch(const struct uart *uart, u8 status)
{
	struct rings *rings = uart->side.rings;
	struct wire_kept *kept = uart->side.kept;
	u16 *slot = &AT(rings->up, rings->up_put % RINGS_UP);
	*slot = UNREAD;
	kept->fetching_status = status;
	kept->fetching = rings->up_put + 1;
	order();
	TRY(ports_fetch(&uart->ports, UART_DATA, span_of(*slot)));
	(void)rings_up_put(rings, uart_record((u8)*slot, status));
	return OK;
}

// What the former life had begun.
static void recover(struct uart *uart)
{
	struct rings *rings = uart->side.rings;
	struct wire_kept *kept = uart->side.kept;
	u16 slot = AT(rings->up, rings->up_put % RINGS_UP);
	if (kept->fetching == rings->up_put + 1 && slot >> 8 != UNREAD >> 8)
		(void)rings_up_put(rings, uart_record((u8)slot, (u8)kept->fetching_status));
	if (kept->storing_count && kept->storing == rings->down_taken + kept->storing_count &&
		port_read(&uart->ports, UART_SCRATCH) == (u8)kept->storing)
		rings_down_passed(rings, kept->storing);
	kept->storing_count = 0;
}

// Everything that came. Held back when the ring is full: then the sender has to wait.
static void receive(struct uart *uart)
{
	struct rings *rings = uart->side.rings;
	for (u32 i = 0; i < BURST_MAX; i++) {
		if (__atomic_load_n(&rings->up_put, __ATOMIC_RELAXED) -
					__atomic_load_n(&rings->up_taken, __ATOMIC_RELAXED) >=
				RINGS_UP &&
			rings_up_wait(rings)) {
			uart->is_full = true;
			return;
		}
		u8 status = port_read(&uart->ports, UART_LINE_STATUS);
		if (!(status & STATUS_DATA) || status == 0xff)
			return;
		if (fetch(uart, status) != OK)
			return;
	}
}

// As much as the FIFO takes, and behind it, in the same system call, how far that was into the
// scratch register: there the next life sees whether it went out.
static err_t store_some(struct uart *uart, view_t bytes, u32 from)
{
	struct wire_kept *kept = uart->side.kept;
	struct port_pair pairs[UART_FIFO_SIZE + 1];
	u32 end = from + (u32)bytes.size;
	if (port_read(&uart->ports, UART_SCRATCH) != (u8)from)
		port_write(&uart->ports, UART_SCRATCH, (u8)from);
	for (usize i = 0; i < bytes.size; i++)
		AT(pairs, i) = (struct port_pair){ UART_DATA, view_at(bytes, i) };
	AT(pairs, bytes.size) = (struct port_pair){ UART_SCRATCH, (u8)end };
	kept->storing_count = 0;
	order();
	kept->storing = end;
	order();
	kept->storing_count = (u32)bytes.size;
	order();
	TRY(ports_store(
		&uart->ports, view_clamp(view_of(pairs), 0, (bytes.size + 1) * sizeof(struct port_pair))));
	rings_down_passed(uart->side.rings, end);
	return OK;
}

static bool send_some(struct uart *uart)
{
	struct rings *rings = uart->side.rings;
	if (!(port_read(&uart->ports, UART_LINE_STATUS) & STATUS_EMPTY))
		return false;
	rings_down_taken(rings, 0); // passes what was dropped
	u32 from = rings->down_taken;
	view_t bytes = view_clamp(rings_down(rings), 0, UART_FIFO_SIZE);
	return bytes.size && store_some(uart, bytes, from) == OK;
}

static void send(struct uart *uart)
{
	struct rings *rings = uart->side.rings;
	if (uart->is_pulled)
		return;
	for (u32 i = 0; i < BURST_MAX && send_some(uart); i++)
		receive(uart);          // what comes meanwhile must not overrun
	rings_down_taken(rings, 0); // passes what was dropped
	uart->is_sending = rings_down(rings).size != 0 || !rings_driver_may_sleep(rings);
}

static void work(struct uart *uart)
{
	uart->is_full = false;
	receive(uart);
	send(uart);
	enable(uart);
	wire_side_wake(&uart->side);
}

// The line is an edge: acknowledged first, so that what comes meanwhile raises it again.
static void on_irq(void *_Nullable self, u32 bits)
{
	struct uart *uart = NOT_NULL(self);
	(void)bits;
	irq_acknowledge(&uart->irq);
	port_write(
		&uart->ports, UART_INTERRUPTS, 0); // what is left when they are enabled is a new edge
	(void)port_read(&uart->ports, UART_IDENTITY); // takes back the cause "empty"
	work(uart);
}

static void on_kick(void *_Nullable self, u32 bits)
{
	struct uart *uart = NOT_NULL(self);
	(void)bits;
	wire_side_heard(&uart->side);
	work(uart);
}

static err_t operation_open(void *_Nullable self, struct caller caller, enum wire_kind *out_kind,
	u32 *out_columns, u32 *out_rows, handle_t *out_rings, handle_t *out_events)
{
	const struct uart *uart = NOT_NULL(self);
	(void)caller;
	*out_kind = WIRE_KIND_SERIAL;
	*out_columns = *out_rows = 0;
	wire_side_open(&uart->side, out_rings, out_events);
	return OK;
}

static void program(const struct uart *uart, u16 divisor)
{
	if (divisor) {
		port_write(&uart->ports, UART_LINE, uart->line | LINE_DIVISOR);
		port_write(&uart->ports, UART_DATA, (u8)divisor);
		port_write(&uart->ports, UART_INTERRUPTS, (u8)(divisor >> 8));
	}
	u8 breaks = uart->is_pulled ? LINE_BREAKS : 0;
	port_write(&uart->ports, UART_LINE, uart->line | breaks);
	enable(uart);
}

static void modem_set(const struct uart *uart, u32 lines)
{
	u8 loop = port_read(&uart->ports, UART_MODEM) & MODEM_LOOP; // stays, for who tests with it
	port_write(&uart->ports, UART_MODEM, (u8)(lines | MODEM_OUT2 | loop));
}

static err_t operation_set(void *_Nullable self, struct caller caller, u32 flags, u32 speed)
{
	struct uart *uart = NOT_NULL(self);
	u16 divisor = uart_divisor(speed);
	(void)caller;
	if (speed && !divisor)
		return ERR_UNSUPPORTED;
	uart->line = uart_line_of(flags);
	program(uart, divisor);
	modem_set(uart, speed ? MODEM_READY | MODEM_REQUEST : 0);
	return OK;
}

static err_t operation_pull(void *_Nullable self, struct caller caller, u32 is_down)
{
	struct uart *uart = NOT_NULL(self);
	(void)caller;
	uart->is_pulled = is_down != 0;
	program(uart, 0);
	work(uart);
	return OK;
}

static const struct wire_ops ops = {
	.open = operation_open,
	.set = operation_set,
	.pull = operation_pull,
};

static err_t start(struct uart *uart, struct loop *loop)
{
	uart->line = 3;
	TRY(ports_claim("registers", COM1, &uart->ports));
	TRY(service_begin(loop));
	wire_serve(loop, &ops, uart);
	TRY(wire_side_begin(&uart->side, loop, on_kick, uart));
	recover(uart);
	TRY(irq_claim("irq", COM1_IRQ, &uart->side.kept->interrupt, &uart->irq));
	TRY(loop_watch(loop, uart->irq.interrupt, SIGNAL_RAISED, on_irq, uart));
	// Not cleared: a former life, or the kernel's console, may have bytes in the FIFO.
	port_write(&uart->ports, UART_FIFO, FIFO_ON | FIFO_AT_8);
	modem_set(uart, MODEM_READY | MODEM_REQUEST);
	on_irq(uart, 0); // a byte may wait whose edge is gone
	service_ready();
	return OK;
}

int main(void)
{
	static struct uart uart;
	static struct loop loop;
	err_t err = start(&uart, &loop);
	if (err != OK)
		print("uart16550: %e\n", err);
	return err == OK && loop_run(&loop) == ERR_CLOSED ? 0 : 1;
}

// SPDX-License-Identifier: MIT
// files.c - /scheme/svc: `tree` and `use` for people and scripts, `control` and `power` to write
// to, for whom servers/name gives a connection that takes orders.
#include "lib/base/format.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/os/process.h"
#include "lib/os/scheme.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/init/init.h"

static usize put_line(span_t to, u32 index)
{
	struct supervisor_status status;
	u8 room[200];
	status_fill(index, &status);
	const struct service *service = service_at(index);
	u64 now = clock_read(), life = status.started_ns ? now - status.started_ns : 0;
	view_t why = end_text(service, span_of(room));
	return format(to, "%-12s %5u %-9s %8lu %8lu %7lu %8u %9lu %v\n", manifest_at(index)->name,
		status.level, state_text(service->state), life / NS_PER_SECOND,
		status.processor_ns / NS_PER_MS, status.pages * PAGE_SIZE / 1024, status.restarts,
		status.recovery_ns / NS_PER_US, &why);
}

static usize read_tree(void *_Nullable self, span_t to)
{
	(void)self;
	usize at = format(to, "%-12s %5s %-9s %8s %8s %7s %8s %9s %s\n", "SERVICE", "LEVEL", "STATE",
		"UP-S", "CPU-MS", "KIB", "RESTARTS", "BACK-US", "LAST-END");
	for (u32 i = 0; i < system->services; i++)
		at += put_line(span_from_offset(to, at), i);
	return at;
}

static usize put_quota(span_t to, const char *name, handle_t quota)
{
	struct quota_info info = {};
	u64 size;
	if (handle_info(quota, INFO_TOPIC_QUOTA, span_of(info), &size) != OK)
		return 0;
	return format(to, "%-12s %9lu %9lu %9lu %9lu %9lu %9lu\n", name, info.pages_used, info.pages,
		info.objects_used, info.objects, info.handles_used, info.handles);
}

// What is used of each quota, and of what it may use.
static usize read_use(void *_Nullable self, span_t to)
{
	(void)self;
	usize at = format(to, "%-12s %9s %9s %9s %9s %9s %9s\n", "QUOTA", "PAGES", "OF", "OBJECTS",
		"OF", "HANDLES", "OF");
	at += put_quota(span_from_offset(to, at), "all", start_handle("quota"));
	for (u32 i = 0; i < system->services; i++)
		if (service_at(i)->quota.raw)
			at += put_quota(span_from_offset(to, at), manifest_at(i)->name, service_at(i)->quota);
	return at;
}

// "restart NAME", "stop NAME", "start NAME"
static err_t write_control(void *_Nullable self, view_t text)
{
	static const char *const orders[] = { "restart", "stop", "start" }; // enum operation
	view_t order, name;
	u32 index;
	(void)self;
	if (!text_take_word(&text, &order) || !text_take_word(&text, &name))
		return ERR_INVALID;
	TRY(service_find(name, &index));
	for (u32 i = 0; i < COUNT(orders); i++)
		if (view_equal(order, view_cstring(AT(orders, i))))
			return order_take(index, (enum supervisor_operation)i);
	return ERR_INVALID;
}

// "off [CODE]", "reboot"
static err_t write_power(void *_Nullable self, view_t text)
{
	view_t word, number;
	u64 code = 0;
	(void)self;
	if (!text_take_word(&text, &word))
		return ERR_INVALID;
	if (text_take_word(&text, &number))
		TRY(text_u64(number, &code));
	bool is_reboot = view_equal(word, VIEW_TEXT("reboot"));
	if (!is_reboot && !view_equal(word, VIEW_TEXT("off")))
		return ERR_INVALID;
	system_end(code, is_reboot);
	return OK;
}

bool files_dispatch(struct message *message)
{
	static const struct scheme_file files[] = {
		{ "tree", SCHEME_READ, read_tree, nullptr },
		{ "use", SCHEME_READ, read_use, nullptr },
		{ "control", SCHEME_WRITE, nullptr, nullptr },
		{ "power", SCHEME_WRITE, nullptr, nullptr },
	};
	static const struct scheme_file orders[] = {
		{ "tree", SCHEME_READ, read_tree, nullptr },
		{ "use", SCHEME_READ, read_use, nullptr },
		{ "control", SCHEME_WRITE, nullptr, write_control },
		{ "power", SCHEME_WRITE, nullptr, write_power },
	};
	static_assert(COUNT(files) == COUNT(orders) && BADGE_FILES + COUNT(files) < BADGE_ORDERS);
	bool takes_orders = message->badge >= BADGE_ORDERS;
	struct scheme scheme = { .files = takes_orders ? orders : files,
		.count = COUNT(files),
		.badge = takes_orders ? BADGE_ORDERS : BADGE_FILES,
		.port = system->port };
	return scheme_dispatch(nullptr, &scheme, message);
}

// SPDX-License-Identifier: MIT
// parse.c - one manifest: a keyword a line, its items parted by commas, `#` begins a comment.
// Every keyword has a function; the table at the end is the language.
#include "lib/base/checked.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "tools/svc/words.h"

constexpr u64 READY_NS = 10 * NS_PER_SECOND;
constexpr u64 RESTART_NS = 10 * NS_PER_SECOND;
constexpr u32 RESTART_COUNT = 5;

static void parse_run(struct words *words, struct source *source)
{
	struct manifest_service *service = &source->service;
	view_t rest;
	if (!words_text(words, "the program", span_of(service->run)))
		return;
	rest = text_trim(words->rest);
	words->rest = (view_t){};
	if (service->run[0] != '/')
		words_complain(words, "the program is a path in the boot image");
	else if (rest.size >= sizeof service->arguments)
		words_complain(
			words, "the arguments are longer than %zu characters", sizeof service->arguments - 1);
	else if (span_copy(span_of(service->arguments), rest) != OK)
		words_complain(words, "too long");
}

static void parse_match(struct words *words, struct source *source)
{
	struct manifest_service *service = &source->service;
	do {
		if (service->match_count == MANIFEST_MATCHES) {
			words_complain(words, "more than %u matches", MANIFEST_MATCHES);
			return;
		}
		struct manifest_match *match = &AT(service->matches, service->match_count++);
		if (!words_text(words, "the bus", span_of(match->bus)) ||
			!words_text(words, "the device", span_of(match->what)))
			return;
	} while (words_comma(words));
}

static const struct {
	const char *word;
	enum manifest_grant_kind kind;
	bool has_base, has_size;
} grant_kinds[] = {
	{ "port", MANIFEST_PORT, true, false },
	{ "mmio", MANIFEST_MMIO, true, true },
	{ "irq", MANIFEST_IRQ, true, false },
	{ "framebuffer", MANIFEST_FRAMEBUFFER, false, false },
	{ "console", MANIFEST_CONSOLE, false, false },
	{ "boot", MANIFEST_BOOT, false, false },
	{ "quota", MANIFEST_QUOTA, false, false },
	{ "messages", MANIFEST_MESSAGES, false, false },
	{ "programs", MANIFEST_PROGRAMS, false, false },
};

static void parse_irq_flags(struct words *words, struct manifest_grant *grant)
{
	for (;;) {
		if (words_skip(words, "shared"))
			grant->flags |= MANIFEST_SHARED_IRQ;
		else if (words_skip(words, "level"))
			grant->flags |= MANIFEST_LEVEL_TRIGGERED;
		else if (words_skip(words, "low"))
			grant->flags |= MANIFEST_ACTIVE_LOW;
		else
			return;
	}
}

static void check_grant(struct words *words, const struct manifest_grant *grant)
{
	u64 end;
	if (!grant->size && grant->kind <= MANIFEST_IRQ)
		words_complain(words, "a grant of nothing");
	else if (ckd_add(&end, grant->base, grant->size) ||
			 (grant->kind == MANIFEST_PORT && end > 0x1'0000))
		words_complain(words, "there are no such addresses");
	else if (grant->kind == MANIFEST_MMIO && (grant->base | grant->size) & PAGE_MASK)
		words_complain(words, "memory is granted in whole pages");
}

// KIND NAME [BASE [size SIZE]] [flags]
static void parse_grant_item(struct words *words, struct manifest_grant *grant)
{
	for (u32 i = 0; i < COUNT(grant_kinds); i++) {
		if (!words_skip(words, AT(grant_kinds, i).word))
			continue;
		grant->kind = AT(grant_kinds, i).kind;
		if (!words_name(words, &grant->name))
			return;
		if (AT(grant_kinds, i).has_base && !words_number(words, "the address", &grant->base))
			return;
		grant->size = AT(grant_kinds, i).has_base;
		bool has_size = words_skip(words, "size");
		if (has_size && !words_number(words, "the size", &grant->size))
			return;
		if (!has_size && AT(grant_kinds, i).has_size)
			words_complain(words, "`size` is missing");
		if (grant->kind == MANIFEST_IRQ)
			parse_irq_flags(words, grant);
		check_grant(words, grant);
		return;
	}
	words_complain(
		words, "a grant is one of port mmio irq framebuffer console boot quota messages programs");
}

static void parse_grant(struct words *words, struct source *source)
{
	struct manifest_service *service = &source->service;
	do {
		if (service->grant_count == MANIFEST_GRANTS) {
			words_complain(words, "more than %u grants", MANIFEST_GRANTS);
			return;
		}
		AT(source->grant_lines, service->grant_count) = words->line;
		parse_grant_item(words, &AT(service->grants, service->grant_count++));
	} while (words_comma(words));
}

static void parse_provide(struct words *words, struct source *source)
{
	struct manifest_service *service = &source->service;
	do {
		if (service->provide_count == MANIFEST_PROVIDES) {
			words_complain(words, "more than %u names", MANIFEST_PROVIDES);
			return;
		}
		AT(source->provide_lines, service->provide_count) = words->line;
		struct manifest_provide *provide = &AT(service->provides, service->provide_count++);
		u64 badge = 0;
		if (!words_name(words, &provide->name))
			return;
		if (words_skip(words, "scheme")) {
			provide->flags = MANIFEST_SCHEME;
			if (words_skip(words, "badge") && !words_number(words, "the badge", &badge))
				return;
			provide->badge = (u32)badge;
		}
	} while (words_comma(words));
}

static void parse_call(struct words *words, struct source *source)
{
	do {
		if (source->wish_count == MANIFEST_CALLS) {
			words_complain(words, "more than %u calls", MANIFEST_CALLS);
			return;
		}
		struct wish *wish = &AT(source->wishes, source->wish_count);
		u64 badge = 1;
		*wish = (struct wish){ .line = words->line };
		if (!words_name(words, &wish->name))
			return;
		if (words_skip(words, "badge") && !words_number(words, "the badge", &badge))
			return;
		if (badge > UINT32_MAX)
			words_complain(words, "a badge has 32 bits");
		wish->badge = (u32)badge;
		source->wish_count++;
	} while (words_comma(words));
}

static void parse_level(struct words *words, struct source *source)
{
	u64 level;
	if (!words_number(words, "the level", &level))
		return;
	if (level >= MANIFEST_LEVELS)
		words_complain(words, "levels are 0 to %u", MANIFEST_LEVELS - 1);
	source->service.level = (u32)level;
}

static void parse_ledger(struct words *words, struct source *source)
{
	(void)words_size(words, &source->service.ledger_size);
}

constexpr u32 SHARE_MAX = 90; // others live, too

static bool parse_share(struct words *words, struct manifest_service *service)
{
	if (!words_number(words, "percent", &service->quota_share))
		return false;
	if (!service->quota_share || service->quota_share > SHARE_MAX)
		words_complain(words, "a share is 1 to %u percent", SHARE_MAX);
	return true;
}

// One part of a quota; false: it was no number, which has been said.
static bool parse_quota_part(struct words *words, struct manifest_service *service)
{
	u64 bytes = 0;
	bool is_good = true;
	if (words_skip(words, "share"))
		return parse_share(words, service);
	if (words_skip(words, "memory")) {
		is_good = words_size(words, &bytes);
		service->quota_pages = bytes / PAGE_SIZE;
	} else if (words_skip(words, "objects")) {
		is_good = words_number(words, "the number of objects", &service->quota_objects);
	} else if (words_skip(words, "handles")) {
		is_good = words_number(words, "the number of handles", &service->quota_handles);
	} else {
		words_complain(words, "a quota is one of share memory objects handles");
	}
	return is_good;
}

static void parse_quota(struct words *words, struct source *source)
{
	while (parse_quota_part(words, &source->service) && words_comma(words)) {
	}
}

static const struct {
	const char *word;
	enum manifest_restart restart;
} policies[] = {
	{ "always", MANIFEST_ALWAYS },
	{ "on_failure", MANIFEST_ON_FAILURE },
	{ "never", MANIFEST_NEVER },
	{ "ends_system", MANIFEST_ENDS_SYSTEM },
};

// at most N in TIME
static void parse_restart_limit(struct words *words, struct manifest_service *service)
{
	u64 count;
	if (!words_skip(words, "at") || !words_skip(words, "most")) {
		words_complain(words, "`at most N in TIME` is expected");
		return;
	}
	if (!words_number(words, "the number of restarts", &count))
		return;
	service->restart_count = count < UINT32_MAX ? (u32)count : UINT32_MAX;
	if (!words_skip(words, "in"))
		words_complain(words, "`in TIME` is expected");
	else
		(void)words_duration(words, &service->restart_ns);
}

static void parse_restart(struct words *words, struct source *source)
{
	for (u32 i = 0; i < COUNT(policies); i++) {
		if (!words_skip(words, AT(policies, i).word))
			continue;
		source->service.restart = AT(policies, i).restart;
		if (words_comma(words))
			parse_restart_limit(words, &source->service);
		return;
	}
	words_complain(words, "a restart is one of always on_failure never ends_system");
}

static void parse_ready(struct words *words, struct source *source)
{
	if (words_skip(words, "never"))
		source->service.ready_ns = 0;
	else if (words_skip(words, "within"))
		(void)words_duration(words, &source->service.ready_ns);
	else
		words_complain(words, "`within TIME` or `never` is expected");
}

static void parse_heartbeat(struct words *words, struct source *source)
{
	(void)words_duration(words, &source->service.heartbeat_ns);
}

static void parse_pass(struct words *words, struct source *source)
{
	if (words_skip(words, "command"))
		source->service.flags |= MANIFEST_COMMAND;
	else if (words_skip(words, "line"))
		source->service.flags |= MANIFEST_LINE;
	else
		words_complain(words, "`command` or `line` is expected");
}

static const struct {
	const char *word;
	void (*parse)(struct words *words, struct source *source);
	bool is_once, is_needed;
} keywords[] = {
	{ "run", parse_run, true, true },
	{ "match", parse_match, false, false },
	{ "grant", parse_grant, false, false },
	{ "provide", parse_provide, false, false },
	{ "call", parse_call, false, false },
	{ "level", parse_level, true, true },
	{ "ledger", parse_ledger, true, false },
	{ "quota", parse_quota, true, false },
	{ "restart", parse_restart, true, true },
	{ "ready", parse_ready, true, false },
	{ "heartbeat", parse_heartbeat, true, false },
	{ "pass", parse_pass, true, false },
};

static void parse_line(struct words *words, struct source *source)
{
	view_t word;
	for (u32 i = 0; i < COUNT(keywords); i++) {
		if (!words_skip(words, AT(keywords, i).word))
			continue;
		if (AT(keywords, i).is_once && source->seen & 1ull << i)
			words_complain(words, "`%s` stands here twice", AT(keywords, i).word);
		source->seen |= 1ull << i;
		AT(keywords, i).parse(words, source);
		if (!words->is_bad && words_next(words, &word))
			words_complain(
				words, "`%.*s` is not expected here", (int)word.size, (const char *)word.data);
		return;
	}
	if (words_next(words, &word))
		words_complain(words, "unknown word `%.*s`", (int)word.size, (const char *)word.data);
}

// The file's name without folder and ending.
static view_t base_name(const char *file)
{
	view_t name = view_cstring(file);
	for (usize slash; (slash = view_find(name, '/')) < name.size;)
		name = view_from_offset(name, slash + 1);
	return view_clamp(name, 0, view_find(name, '.'));
}

void source_parse(struct sources *sources, const char *file, view_t text)
{
	if (sources->count == MANIFEST_SERVICES) {
		complain(sources, file, 0, "more than %u services", MANIFEST_SERVICES);
		return;
	}
	struct source *source = &AT(sources->list, sources->count++);
	*source = (struct source){ .file = file };
	source->service.ready_ns = READY_NS;
	source->service.restart_ns = RESTART_NS;
	source->service.restart_count = RESTART_COUNT;
	struct words words = { .sources = sources, .file = file, .rest = base_name(file) };
	(void)words_name(&words, &source->service.name);
	view_t line;
	for (u32 number = 1; text_take_line(&text, &line); number++) {
		line = view_clamp(line, 0, view_find(line, '#'));
		words = (struct words){ sources, file, number, line, false };
		parse_line(&words, source);
	}
	for (u32 i = 0; i < COUNT(keywords); i++)
		if (AT(keywords, i).is_needed && !(source->seen & 1ull << i))
			complain(sources, file, 0, "no `%s`", AT(keywords, i).word);
}

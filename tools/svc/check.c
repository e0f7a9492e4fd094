// SPDX-License-Identifier: MIT
// check.c - all manifests of an image together. The order of the table is by level, then by name:
// since calls go down, whom a service calls stands before it.
#include "tools/svc/manifest.h"

#include <stdlib.h>
#include <string.h>

static bool is_same(const char (*a)[MANIFEST_NAME], const char (*b)[MANIFEST_NAME])
{
	return view_equal(view_of(*a), view_of(*b));
}

static int compare(const void *a, const void *b)
{
	const struct manifest_service *first = &((const struct source *)a)->service;
	const struct manifest_service *second = &((const struct source *)b)->service;
	if (first->level != second->level)
		return first->level < second->level ? -1 : 1;
	return strcmp(first->name, second->name);
}

struct provider {
	u32 service, provide;
};

static bool find_provider(
	const struct sources *sources, const char (*name)[MANIFEST_NAME], struct provider *out)
{
	for (u32 i = 0; i < sources->count; i++) {
		const struct manifest_service *service = &AT(sources->list, i).service;
		for (u32 k = 0; k < service->provide_count; k++) {
			*out = (struct provider){ i, k };
			if (is_same(&AT(service->provides, k).name, name))
				return true;
		}
	}
	return false;
}

static void check_name(struct sources *sources, u32 index)
{
	const struct source *source = &AT(sources->list, index);
	for (u32 i = 0; i < index; i++)
		if (is_same(&AT(sources->list, i).service.name, &source->service.name))
			complain(sources, source->file, 0, "a second service of this name");
}

static void check_provides(struct sources *sources, u32 index)
{
	const struct source *source = &AT(sources->list, index);
	struct provider first;
	for (u32 i = 0; i < source->service.provide_count; i++) {
		const struct manifest_provide *provide = &AT(source->service.provides, i);
		u32 line = AT(source->provide_lines, i);
		if (!strcmp(provide->name, "supervisor"))
			complain(sources, source->file, line, "`supervisor` is provided by the supervisor");
		else if (find_provider(sources, &provide->name, &first) &&
				 (first.service != index || first.provide != i))
			complain(sources, source->file, line, "`%s` is provided by %s already", provide->name,
				AT(sources->list, first.service).service.name);
	}
}

static void check_call(struct sources *sources, struct source *source, const struct wish *wish)
{
	struct manifest_service *service = &source->service;
	struct provider found;
	struct manifest_call call = { MANIFEST_SUPERVISOR, 0, wish->badge };
	if (strcmp(wish->name, "supervisor") != 0) {
		if (!find_provider(sources, &wish->name, &found)) {
			complain(sources, source->file, wish->line, "nobody provides `%s`", wish->name);
			return;
		}
		const struct manifest_service *provider = &AT(sources->list, found.service).service;
		if (provider->level >= service->level) {
			complain(sources, source->file, wish->line,
				"the call of `%s` goes %s: from level %u to %s at level %u", wish->name,
				provider->level > service->level ? "up" : "sideways", service->level,
				provider->name, provider->level);
			return;
		}
		call.service = (u16)found.service;
		call.provide = (u16)found.provide;
	} else if (service->level <= 1) {
		complain(sources, source->file, wish->line,
			"the call of `supervisor` goes up or sideways: it is at level 1");
	}
	AT(service->calls, service->call_count++) = call;
}

static bool do_overlap(const struct manifest_grant *a, const struct manifest_grant *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case MANIFEST_PORT:
	case MANIFEST_MMIO: return a->base < b->base + b->size && b->base < a->base + a->size;
	case MANIFEST_IRQ: return a->base == b->base && !(a->flags & b->flags & MANIFEST_SHARED_IRQ);
	case MANIFEST_FRAMEBUFFER:
	case MANIFEST_MESSAGES: return true;
	case MANIFEST_CONSOLE: // several may write, read, or start programs
	case MANIFEST_BOOT:
	case MANIFEST_QUOTA:
	case MANIFEST_PROGRAMS:
	case MANIFEST_GRANT_KINDS: return false;
	}
	return false;
}

static void check_grants(struct sources *sources, u32 index)
{
	const struct source *source = &AT(sources->list, index);
	for (u32 i = 0; i < source->service.grant_count; i++) {
		const struct manifest_grant *grant = &AT(source->service.grants, i);
		for (u32 k = 0; k <= index; k++) {
			const struct manifest_service *other = &AT(sources->list, k).service;
			for (u32 n = 0; n < (k == index ? i : other->grant_count); n++)
				if (do_overlap(grant, &AT(other->grants, n)))
					complain(sources, source->file, AT(source->grant_lines, i),
						"%s holds the device of `%s` already", other->name, grant->name);
		}
	}
}

// A service finds what it is given by name: calls, grants and the names that are always there.
static void check_handles(struct sources *sources, const struct source *source)
{
	static const char *const always[] = { "port", "ledger", "time", "watch", "process", "thread" };
	const struct manifest_service *service = &source->service;
	for (u32 i = 0; i < service->grant_count; i++) {
		const struct manifest_grant *grant = &AT(service->grants, i);
		bool is_taken = false;
		for (u32 k = 0; k < COUNT(always); k++)
			is_taken |= !strcmp(AT(always, k), grant->name);
		for (u32 k = 0; k < i; k++)
			is_taken |= is_same(&AT(service->grants, k).name, &grant->name);
		for (u32 k = 0; k < source->wish_count; k++)
			is_taken |= is_same(&AT(source->wishes, k).name, &grant->name);
		if (is_taken)
			complain(sources, source->file, AT(source->grant_lines, i),
				"a second handle with the name `%s`", grant->name);
	}
	for (u32 i = 0; i < source->wish_count; i++)
		for (u32 k = 0; k < i; k++)
			if (is_same(&AT(source->wishes, i).name, &AT(source->wishes, k).name))
				complain(sources, source->file, AT(source->wishes, i).line,
					"`%s` is called already", AT(source->wishes, i).name);
}

static void check_end(struct sources *sources)
{
	const struct source *first = nullptr;
	for (u32 i = 0; i < sources->count; i++) {
		const struct source *source = &AT(sources->list, i);
		if (source->service.restart != MANIFEST_ENDS_SYSTEM)
			continue;
		if (first)
			complain(sources, source->file, 0, "%s ends the system already", first->service.name);
		first = source;
	}
}

void sources_check(struct sources *sources)
{
	qsort(sources->list, sources->count, sizeof(struct source), compare);
	for (u32 i = 0; i < sources->count; i++) {
		struct source *source = &AT(sources->list, i);
		check_name(sources, i);
		check_provides(sources, i);
		check_grants(sources, i);
		check_handles(sources, source);
		for (u32 k = 0; k < source->wish_count; k++)
			check_call(sources, source, &AT(source->wishes, k));
	}
	check_end(sources);
}

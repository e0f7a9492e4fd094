// SPDX-License-Identifier: MIT
// table.c - see table.h. The image is not trusted: each count, text, index and value is checked
// once, here.
#include "lib/manifest/table.h"

#include "lib/base/checked.h"

const char *manifest_problem_text(enum manifest_problem problem)
{
	switch (problem) {
	case MANIFEST_GOOD: return "good";
	case MANIFEST_CUT: return "the table ends within a record";
	case MANIFEST_BAD_MAGIC: return "this is no table of services";
	case MANIFEST_BAD_VERSION: return "the table is of another version";
	case MANIFEST_BAD_COUNT: return "a count is too large";
	case MANIFEST_BAD_NAME: return "a name is missing, not terminated or there twice";
	case MANIFEST_BAD_TEXT: return "a text is not terminated";
	case MANIFEST_BAD_VALUE: return "a level, policy or flag has no meaning";
	case MANIFEST_BAD_GRANT: return "a grant has no meaning";
	case MANIFEST_BAD_CALL: return "a call leads nowhere, or not down";
	}
	return "unknown problem";
}

static bool is_text(view_t field)
{
	return view_find(field, 0) < field.size;
}

static bool is_name(view_t field)
{
	return is_text(field) && view_at(field, 0);
}

static const struct manifest_service *_Nullable record_at(view_t records, u32 index)
{
	return VIEW_AS(struct manifest_service, records, index * sizeof(struct manifest_service));
}

static enum manifest_problem check_texts(const struct manifest_service *service)
{
	if (!is_name(view_of(service->name)))
		return MANIFEST_BAD_NAME;
	if (!is_name(view_of(service->run)) || !is_text(view_of(service->arguments)))
		return MANIFEST_BAD_TEXT;
	for (u32 i = 0; i < service->match_count; i++) {
		const struct manifest_match *match = &AT(service->matches, i);
		if (!is_name(view_of(match->bus)) || !is_name(view_of(match->what)))
			return MANIFEST_BAD_TEXT;
	}
	for (u32 i = 0; i < service->provide_count; i++)
		if (!is_name(view_of(AT(service->provides, i).name)))
			return MANIFEST_BAD_NAME;
	return MANIFEST_GOOD;
}

static enum manifest_problem check_grants(const struct manifest_service *service)
{
	for (u32 i = 0; i < service->grant_count; i++) {
		const struct manifest_grant *grant = &AT(service->grants, i);
		u64 end;
		if (!is_name(view_of(grant->name)))
			return MANIFEST_BAD_NAME;
		if ((u32)grant->kind >= MANIFEST_GRANT_KINDS || grant->flags > 7)
			return MANIFEST_BAD_GRANT;
		if (ckd_add(&end, grant->base, grant->size) ||
			(grant->kind == MANIFEST_PORT && end > 0x1'0000))
			return MANIFEST_BAD_GRANT;
	}
	return MANIFEST_GOOD;
}

// Calls go down, and to services that stand before: so they are started before, too.
static enum manifest_problem check_calls(view_t records, u32 index)
{
	const struct manifest_service *service = record_at(records, index);
	for (u32 i = 0; service && i < service->call_count; i++) {
		const struct manifest_call *call = &AT(service->calls, i);
		if (call->service == MANIFEST_SUPERVISOR && call->provide == 0)
			continue;
		const struct manifest_service *provider =
			call->service < index ? record_at(records, call->service) : nullptr;
		if (!provider || provider->level >= service->level)
			return MANIFEST_BAD_CALL;
		if (call->provide >= provider->provide_count)
			return MANIFEST_BAD_CALL;
	}
	return MANIFEST_GOOD;
}

static bool is_twice(view_t records, u32 index)
{
	const struct manifest_service *service = record_at(records, index), *other;
	for (u32 i = 0; service && i < index; i++) {
		other = record_at(records, i);
		if (other && view_equal(view_of(other->name), view_of(service->name)))
			return true;
	}
	return false;
}

static enum manifest_problem check(view_t records, u32 index)
{
	const struct manifest_service *service = record_at(records, index);
	if (!service)
		return MANIFEST_CUT;
	if (service->match_count > MANIFEST_MATCHES || service->grant_count > MANIFEST_GRANTS ||
		service->provide_count > MANIFEST_PROVIDES || service->call_count > MANIFEST_CALLS)
		return MANIFEST_BAD_COUNT;
	if (service->level >= MANIFEST_LEVELS || (u32)service->restart > MANIFEST_ENDS_SYSTEM ||
		service->flags > MANIFEST_LINE)
		return MANIFEST_BAD_VALUE;
	enum manifest_problem problem = check_texts(service);
	if (problem == MANIFEST_GOOD)
		problem = check_grants(service);
	if (problem == MANIFEST_GOOD)
		problem = check_calls(records, index);
	return problem == MANIFEST_GOOD && is_twice(records, index) ? MANIFEST_BAD_NAME : problem;
}

enum manifest_problem manifest_read(view_t bytes, struct manifest *out)
{
	const struct manifest_table *table = VIEW_AS(struct manifest_table, bytes, 0);
	*out = (struct manifest){};
	if (!table)
		return MANIFEST_CUT;
	if (table->magic != MANIFEST_MAGIC)
		return MANIFEST_BAD_MAGIC;
	if (table->version != MANIFEST_VERSION || table->record_size != sizeof(struct manifest_service))
		return MANIFEST_BAD_VERSION;
	if (table->count > MANIFEST_SERVICES)
		return MANIFEST_BAD_COUNT;
	view_t records = view_from_offset(bytes, sizeof *table);
	for (u32 i = 0; i < table->count; i++) {
		enum manifest_problem problem = check(records, i);
		out->bad = i;
		if (problem != MANIFEST_GOOD)
			return problem;
	}
	*out = (struct manifest){ records, table->count, 0 };
	return MANIFEST_GOOD;
}

const struct manifest_service *manifest_service_at(const struct manifest *manifest, u32 index)
{
	const struct manifest_service *service =
		index < manifest->count ? record_at(manifest->services, index) : nullptr;
	if (!service)
		__builtin_trap();
	return service;
}

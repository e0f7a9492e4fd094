// SPDX-License-Identifier: MIT
// ifc_fuzz.c - arbitrary text against the parser; what it accepts goes through all emitters. The
// first byte chooses the mode.
#include "lib/base/view.h"
#include "tools/ifc/emit.h"

#include <stdlib.h>

static void emit_all(const struct model *model)
{
	char *text = nullptr;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (out == nullptr)
		return;
	for (u32 i = 0; emitter_at(model->is_protocol, i) != nullptr; i++)
		emitter_at(model->is_protocol, i)->emit(model, out);
	fclose(out);
	FILE *none = fopen("/dev/null", "w");
	if (none != nullptr) {
		emit_folded(none, text);
		fclose(none);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	view_t input = view_from(data, size);
	if (size == 0)
		return 0;
	struct model model;
	model_init(&model, "fuzz.ifc");
	view_t source = view_from_offset(input, 1);
	char *text = arena_take(&model.arena, source.size + 1);
	if (source.size > 0)
		memory_copy(text, source.data, source.size);
	if (parse(&model, text, source.size, view_at(input, 0) % 2 != 0))
		emit_all(&model);
	model_fini(&model);
	return 0;
}

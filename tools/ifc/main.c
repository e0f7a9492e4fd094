// SPDX-License-Identifier: MIT
// main.c - ifc syscalls|protocol FILE.ifc OUTDIR [PATH]: reads one interface file and writes what
// follows from it below OUTDIR, or only the file PATH of it. Nothing is written after an error.
#include "tools/ifc/emit.h"

#include "lib/base/unsafe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

constexpr size_t source_max = 1024 * 1024;

static char *read_source(struct arena *arena, const char *path, size_t *out_size)
{
	FILE *file = fopen(path, "rb");
	if (file == nullptr) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return nullptr;
	}
	char *text = arena_take(arena, source_max + 1);
	*out_size = fread(text, 1, source_max + 1, file);
	bool is_bad = ferror(file) != 0;
	fclose(file);
	if (is_bad || *out_size > source_max) {
		fprintf(stderr, "%s: %s\n", path, is_bad ? "cannot be read" : "larger than 1 MiB");
		return nullptr;
	}
	return text;
}

// Makes the folders that lead to path.
static bool make_folders(struct arena *arena, const char *path)
{
	for (size_t i = 1; text_at(path, i) != '\0'; i++) {
		if (text_at(path, i) != '/')
			continue;
		const char *folder = text_copy(arena, path, 0, i);
		if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
			fprintf(stderr, "%s: %s\n", folder, strerror(errno));
			return false;
		}
	}
	return true;
}

static void emit_code(const struct model *model, const struct emitter *emitter, FILE *out)
{
	char *text = nullptr;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	if (memory == nullptr) {
		fputs("ifc: out of memory\n", stderr);
		exit(1);
	}
	emitter->emit(model, memory);
	fclose(memory);
	emit_folded(out, text);
	free(text);
}

static bool write_output(struct model *model, const struct emitter *emitter, const char *path)
{
	if (!make_folders(&model->arena, path))
		return false;
	FILE *out = fopen(path, "wb");
	if (out == nullptr) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	if (text_ends(path, ".md"))
		emitter->emit(model, out);
	else
		emit_code(model, emitter, out);
	bool is_good = ferror(out) == 0;
	is_good = fclose(out) == 0 && is_good;
	if (!is_good)
		fprintf(stderr, "%s: cannot be written\n", path);
	return is_good;
}

static bool write_outputs(struct model *model, const char *folder, const char *only)
{
	bool is_written = false;
	for (u32 i = 0;; i++) {
		const struct emitter *emitter = emitter_at(model->is_protocol, i);
		if (emitter == nullptr)
			break;
		const char *path = text_format(&model->arena, "%s%s%s", emitter->path,
			model->is_protocol ? model->name.text : "", emitter->ending);
		if (only != nullptr && !text_same(path, only))
			continue;
		is_written = true;
		if (!write_output(model, emitter, text_format(&model->arena, "%s/%s", folder, path)))
			return false;
	}
	if (!is_written)
		fprintf(stderr, "%s: no such output: %s\n", model->file, only);
	return is_written;
}

static bool compile(const char *path, bool is_protocol, const char *folder, const char *only)
{
	struct model model;
	model_init(&model, path);
	size_t size = 0;
	const char *source = read_source(&model.arena, path, &size);
	bool is_good = source != nullptr && parse(&model, source, size, is_protocol) &&
	               write_outputs(&model, folder, only);
	model_fini(&model);
	return is_good;
}

int main(int count, char **argument)
{
	if (count == 4 || count == 5) {
		UNSAFE_BEGIN("count was compared")
		const char *mode = argument[1], *only = count == 5 ? argument[4] : nullptr;
		const char *path = argument[2], *folder = argument[3];
		UNSAFE_END
		if (text_same(mode, "syscalls") || text_same(mode, "protocol"))
			return compile(path, text_same(mode, "protocol"), folder, only) ? 0 : 1;
	}
	fputs("usage: ifc syscalls|protocol FILE.ifc OUTDIR [PATH]\n", stderr);
	return 2;
}

// SPDX-License-Identifier: MIT
// main.c - svc OUT MANIFEST...: checks the manifests of an image and writes them as one table
// (lib/manifest/table.h). OUT `-`: checks only and prints the order. Nothing is written after an
// error.
#include "tools/svc/manifest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

constexpr usize TEXT_MAX = 64 * 1024;

void complain(struct sources *sources, const char *file, u32 line, const char *format, ...)
{
	va_list arguments;
	if (line)
		fprintf(stderr, "%s:%u: ", file, line);
	else
		fprintf(stderr, "%s: ", file);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	sources->errors++;
}

static void read_manifest(struct sources *sources, const char *path)
{
	static char text[TEXT_MAX];
	FILE *file = fopen(path, "rb");
	if (!file) {
		complain(sources, path, 0, "%s", strerror(errno));
		return;
	}
	usize size = fread(text, 1, sizeof text, file);
	bool is_whole = !ferror(file) && size < sizeof text;
	fclose(file);
	if (is_whole)
		source_parse(sources, path, view_from(text, size));
	else
		complain(sources, path, 0, "cannot be read, or is larger than %zu bytes", TEXT_MAX);
}

static void print_order(const struct sources *sources)
{
	for (u32 i = 0; i < sources->count; i++) {
		const struct manifest_service *service = &AT(sources->list, i).service;
		printf("%2u %-12s %s", service->level, service->name, service->run);
		for (u32 k = 0; k < service->call_count; k++) {
			const struct manifest_call *call = &AT(service->calls, k);
			const char *name =
				call->service == MANIFEST_SUPERVISOR
					? "supervisor"
					: AT(AT(sources->list, call->service).service.provides, call->provide).name;
			printf("%s %s", k ? "," : "  ->", name);
		}
		printf("\n");
	}
}

static bool write_table(const struct sources *sources, const char *path)
{
	const struct manifest_table head = {
		MANIFEST_MAGIC,
		MANIFEST_VERSION,
		sources->count,
		sizeof(struct manifest_service),
	};
	FILE *file = fopen(path, "wb");
	bool is_good = file && fwrite(&head, sizeof head, 1, file) == 1;
	for (u32 i = 0; is_good && i < sources->count; i++)
		is_good = fwrite(&AT(sources->list, i).service, head.record_size, 1, file) == 1;
	is_good = file && fclose(file) == 0 && is_good;
	if (!is_good)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return is_good;
}

int main(int count, char **argument)
{
	static struct sources sources;
	if (count < 2) {
		fputs("usage: svc OUT MANIFEST...\n", stderr);
		return 2;
	}
	UNSAFE_BEGIN("below the count")
	const char *out = argument[1];
	for (int i = 2; i < count; i++)
		read_manifest(&sources, argument[i]);
	UNSAFE_END
	if (!sources.errors)
		sources_check(&sources);
	if (sources.errors)
		return 1;
	if (strcmp(out, "-") != 0)
		return write_table(&sources, out) ? 0 : 1;
	print_order(&sources);
	return 0;
}

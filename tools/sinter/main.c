// SPDX-License-Identifier: MIT
// main.c - sinter: one program, one word for what to do.
#include <stdio.h>
#include <string.h>

#include "tools/sinter/passphrase.h"

static const struct command {
	const char *name;
	command_t *run;
	const char *help;
} commands[] = {
	{ "create", command_create, "make a pool in an image, empty or from a directory" },
	{ "check", command_check, "verify everything; changes nothing" },
	{ "list", command_list, "show a directory" },
	{ "status", command_status, "show name, size, state" },
	{ "dump", command_dump, "show the labels, also of a damaged image" },
	{ "snapshot", command_snapshot, "keep the present state under a name" },
	{ "snapshots", command_snapshots, "show those there are" },
	{ "dataset", command_dataset, "make a dataset below another" },
	{ "datasets", command_datasets, "show those there are" },
	{ "destroy", command_destroy, "give a dataset or snapshot up, and its space back" },
	{ "rename", command_rename, "another name or place for a dataset" },
	{ "property", command_property, "show or set quota, compression, readonly, ..." },
	{ "clone", command_clone, "a dataset that begins as a snapshot" },
	{ "promote", command_promote, "make a clone independent of what it was cloned of" },
	{ "rollback", command_rollback, "back to a snapshot" },
	{ "diff", command_diff, "what changed since a snapshot" },
	{ "send", command_send, "a snapshot, or what changed since another, as a stream" },
	{ "receive", command_receive, "take a stream in" },
	{ "key", command_key, "another passphrase for an encrypted dataset" },
	{ "scrub", command_scrub, "verify all copies and write bad ones again" },
	{ "add", command_add, "one more top-level device" },
	{ "attach", command_attach, "one more leg of a mirror" },
	{ "replace", command_replace, "a new device in the place of a leg" },
	{ "remove", command_remove, "take a leg out of a mirror" },
	{ "grow", command_grow, "use devices that became larger" },
	{ "trim", command_trim, "tell the devices what holds nothing" },
	{ "mount", command_mount, "mount by FUSE" },
};

static int help(void)
{
	fputs("usage: sinter COMMAND ...\n", stderr);
	for (usize i = 0; i < COUNT(commands); i++)
		fprintf(stderr, "  %-10s %s\n", AT(commands, i).name, AT(commands, i).help);
	return 2;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return help();
	char **first = view_element(argv, sizeof *argv, (usize)argc, 1), *name = *first;
	struct words words = { .at = argv, .count = (u32)argc };
	*(char **)view_element(argv, sizeof *argv, (usize)argc, 0) = *first = nullptr;
	passphrase_from(words_option(&words, "--passphrase-file"));
	for (usize i = 0; i < COUNT(commands); i++)
		if (!strcmp(AT(commands, i).name, name))
			return AT(commands, i).run(&words);
	*first = name; // as mount(8) calls what mounts the type fuse.sinter: IMAGE DIRECTORY -o OPTIONS
	return argc == 5 ? command_mount(&words) : help();
}

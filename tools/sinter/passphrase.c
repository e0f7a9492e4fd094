// SPDX-License-Identifier: MIT
// passphrase.c - passphrases from a terminal or a file (--passphrase-file), and the commands that
// need them.
#include "tools/sinter/passphrase.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/sinter/seal.h"

static const char *file; // set by main before anything else, and for a new one

void passphrase_from(const char *path)
{
	file = path;
}

static bool take_line(FILE *from, struct passphrase *out)
{
	if (!fgets(out->text, sizeof out->text, from))
		return false;
	AT(out->text, view_find(view_cstring(out->text), '\n')) = 0;
	return out->text[0] != 0;
}

static bool read_file(struct passphrase *out)
{
	FILE *from = fopen(file, "r");
	if (!from)
		return refuse(file, strerror(errno));
	bool is_read = take_line(from, out);
	fclose(from);
	return is_read || refuse(file, "its first line holds no passphrase");
}

static bool read_terminal(const char *prompt, struct passphrase *out)
{
	struct termios shown, hidden;
	if (tcgetattr(STDIN_FILENO, &shown))
		return refuse("passphrase", "no terminal to ask on; --passphrase-file FILE");
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	fprintf(stderr, "%s: ", prompt);
	bool is_read = take_line(stdin, out);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	return is_read || refuse("passphrase", "none was given");
}

bool passphrase_read(const char *prompt, struct passphrase *out)
{
	return file ? read_file(out) : read_terminal(prompt, out);
}

bool passphrase_unlock(struct image *image, struct dataset *dataset, const char *name)
{
	struct passphrase passphrase;
	if (seal_check_key(dataset) == OK)
		return true;
	if (!passphrase_read("passphrase", &passphrase))
		return false;
	err_t err = HOST_WAIT(image->pool, sinter_key_load(dataset, view_cstring(passphrase.text)));
	explicit_bzero(&passphrase, sizeof passphrase);
	return err == OK ||
	       refuse(name, err == ERR_RIGHTS ? "this is not its passphrase; nothing was changed"
										  : explain(err));
}

err_t passphrase_set(struct image *image, struct dataset *dataset, set_key_t *set)
{
	struct passphrase passphrase;
	if (!passphrase_read("new passphrase", &passphrase))
		return ERR_RIGHTS;
	struct sinter_secret secret = { .passphrase = view_cstring(passphrase.text) };
	err_t err = HOST_WAIT(image->pool, set(dataset, &secret));
	explicit_bzero(&passphrase, sizeof passphrase);
	return err;
}

int command_key(struct words *words)
{
	struct target target;
	const char *new_file = words_option(words, "--new-passphrase-file");
	int code = target_start(&target, words,
		"key IMAGE DATASET [--passphrase-file FILE] [--new-passphrase-file FILE]", TARGET_DATASET);
	if (code)
		return code;
	bool is_open = passphrase_unlock(target.image, target.dataset, target.text);
	file = new_file ? new_file : file;
	err_t err =
		is_open ? passphrase_set(target.image, target.dataset, sinter_key_change) : ERR_RIGHTS;
	return is_open ? target_end(&target, err) : target_leave(&target) | 1;
}

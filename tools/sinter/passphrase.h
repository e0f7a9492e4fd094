// SPDX-License-Identifier: MIT
// passphrase.h - asking for passphrases, and opening what they protect.
#pragma once

#include "tools/sinter/target.h"

NONNULL_BEGIN

struct passphrase {
	char text[512];
};

void passphrase_from(const char *_Nullable path); // the first line of this file, from now on
// Each: false when it complained.
bool passphrase_read(const char *prompt, struct passphrase *out);
bool passphrase_unlock(struct image *image, struct dataset *dataset, const char *name);
// A new one, asked for, by sinter_key_protect or sinter_key_change.
typedef err_t set_key_t(struct dataset *dataset, const struct sinter_secret *secret);
err_t passphrase_set(struct image *image, struct dataset *dataset, set_key_t *set);

NONNULL_END

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
err_t passphrase_protect(struct image *image, struct dataset *dataset); // a new, empty one

NONNULL_END

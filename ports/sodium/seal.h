// SPDX-License-Identifier: MIT
// seal.h - authenticated encryption, a keyed hash and a slow hash for passphrases, by the libsodium
// of Debian's source package.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

struct seal_key {
	u8 bytes[32];
};

struct seal_nonce {
	u8 bytes[24]; // never the same twice under one key
};

struct seal_mark { // proves message, additional data, nonce and key
	u8 bytes[16];
};

struct seal_parts {
	const struct seal_key *key;
	const struct seal_nonce *nonce;
	view_t with;    // additional data: proved, not encrypted
	span_t message; // changed in place
};

// XChaCha20-Poly1305.
struct seal_mark seal_close(const struct seal_parts *parts);
// False: something of it is another. The message is zeros then.
bool seal_open(const struct seal_parts *parts, const struct seal_mark *mark);

// BLAKE2b-256.
struct seal_key seal_hash(const struct seal_key *key, view_t text);

struct seal_cost {
	u64 memory_kib, passes;
};
// Argon2id 1.3, one lane. False: there is not so much memory.
bool seal_stretch(
	view_t passphrase, const u8 salt[16], struct seal_cost cost, struct seal_key *out);

void seal_forget(span_t secret); // zeros that no compiler leaves out

NONNULL_END

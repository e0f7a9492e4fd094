// SPDX-License-Identifier: MIT
// seal.c - the functions of libsodium that we use, and the two that its other parts would bring.
#include "ports/sodium/seal.h"

#include <crypto_aead_xchacha20poly1305.h>
#include <crypto_generichash_blake2b.h>
#include <libsodium/crypto_pwhash/argon2/argon2.h>
#include <stdlib.h>
#include <utils.h>

static_assert(sizeof(struct seal_key) == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(sizeof(struct seal_nonce) == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(sizeof(struct seal_mark) == crypto_aead_xchacha20poly1305_ietf_ABYTES);

// Only functions that nobody here calls would ask for random bytes.
void randombytes_buf(void *bytes, size_t size);
void randombytes_buf(void *bytes, size_t size)
{
	(void)bytes;
	(void)size;
	abort();
}

void sodium_misuse(void);
void sodium_misuse(void)
{
	abort();
}

struct seal_mark seal_close(const struct seal_parts *parts)
{
	struct seal_mark mark;
	if (crypto_aead_xchacha20poly1305_ietf_encrypt_detached(parts->message.data, mark.bytes,
			nullptr, parts->message.data, parts->message.size, parts->with.data, parts->with.size,
			nullptr, parts->nonce->bytes, parts->key->bytes))
		abort(); // it has no way to fail
	return mark;
}

bool seal_open(const struct seal_parts *parts, const struct seal_mark *mark)
{
	return !crypto_aead_xchacha20poly1305_ietf_decrypt_detached(parts->message.data, nullptr,
		parts->message.data, parts->message.size, mark->bytes, parts->with.data, parts->with.size,
		parts->nonce->bytes, parts->key->bytes);
}

struct seal_key seal_hash(const struct seal_key *key, view_t text)
{
	struct seal_key out;
	if (crypto_generichash_blake2b(
			out.bytes, sizeof out.bytes, text.data, text.size, key->bytes, sizeof key->bytes))
		abort(); // only wrong sizes fail
	return out;
}

bool seal_stretch(view_t passphrase, const u8 salt[16], struct seal_cost cost, struct seal_key *out)
{
	if (cost.memory_kib > UINT32_MAX || cost.passes > UINT32_MAX)
		return false;
	return argon2id_hash_raw((u32)cost.passes, (u32)cost.memory_kib, 1, passphrase.data,
			   passphrase.size, salt, 16, out->bytes, sizeof out->bytes) == ARGON2_OK;
}

void seal_forget(span_t secret)
{
	sodium_memzero(secret.data, secret.size);
}

// SPDX-License-Identifier: MIT
// keys.c - a dataset's master key, wrapped by what Argon2id makes of a passphrase. Another
// passphrase wraps the same key again: no block is written for it.
#include "lib/sinter/ilog.h"
#include "lib/sinter/seal.h"
#include "lib/sinter/sets.h"
#include "lib/sinter/txg.h"

constexpr u64 MEMORY_KIB_MAX = 1 << 20, PASSES_MAX = 16; // what a hostile pool may ask of us
constexpr u32 KDF_ARGON2ID = 1;

static const view_t purpose = VIEW_TEXT("SINTERKY");

static void random_bytes(struct sinter *pool, span_t to)
{
	while (to.size) {
		u64 number = pool->port.random(pool->port.context);
		view_t bytes = view_clamp(view_of(number), 0, to.size);
		span_put(to, bytes);
		to = span_from_offset(to, bytes.size);
	}
}

static err_t wrap(struct sinter *pool, const struct sinter_secret *secret,
	const struct seal_key *master, struct key_record *out)
{
	struct seal_key outer;
	struct seal_nonce nonce;
	struct seal_cost cost = { secret->memory_kib ? secret->memory_kib : 65536,
		secret->passes ? secret->passes : 3 };
	*out = (struct key_record){ .cipher = CIPHER_XCHACHA,
		.kdf = KDF_ARGON2ID,
		.memory_kib = cost.memory_kib,
		.passes = cost.passes };
	if (!secret->passphrase.size || cost.memory_kib > MEMORY_KIB_MAX || cost.memory_kib < 8 ||
		cost.passes > PASSES_MAX)
		return ERR_INVALID;
	random_bytes(pool, span_of(out->salt));
	random_bytes(pool, span_of(out->nonce));
	if (!seal_stretch(secret->passphrase, out->salt, cost, &outer))
		return ERR_NO_MEMORY;
	memory_copy(nonce.bytes, out->nonce, sizeof nonce);
	memory_copy(out->wrapped, master->bytes, sizeof out->wrapped);
	struct seal_parts parts = {
		.key = &outer, .nonce = &nonce, .with = purpose, .message = span_of(out->wrapped)
	};
	struct seal_mark mark = seal_close(&parts);
	memory_copy(out->mark, mark.bytes, sizeof out->mark);
	seal_forget(span_of(outer));
	return OK;
}

static err_t unwrap(view_t passphrase, const struct key_record *record, struct seal_key *out)
{
	struct seal_key outer;
	struct seal_nonce nonce;
	struct seal_mark mark;
	if (record->cipher != CIPHER_XCHACHA || record->kdf != KDF_ARGON2ID)
		return ERR_UNSUPPORTED;
	if (record->memory_kib > MEMORY_KIB_MAX || record->memory_kib < 8 || !record->passes ||
		record->passes > PASSES_MAX)
		return ERR_CORRUPT;
	struct seal_cost cost = { record->memory_kib, record->passes };
	if (!seal_stretch(passphrase, record->salt, cost, &outer))
		return ERR_NO_MEMORY;
	memory_copy(nonce.bytes, record->nonce, sizeof nonce);
	memory_copy(mark.bytes, record->mark, sizeof mark);
	memory_copy(out->bytes, record->wrapped, sizeof out->bytes);
	struct seal_parts parts = {
		.key = &outer, .nonce = &nonce, .with = purpose, .message = span_of(out->bytes)
	};
	bool is_good = seal_open(&parts, &mark);
	seal_forget(span_of(outer));
	return is_good ? OK : ERR_RIGHTS;
}

err_t sinter_key_load(struct dataset *dataset, view_t passphrase)
{
	struct sinter *pool = dataset->tree.pool;
	struct key_record record;
	struct seal_key master;
	if (dataset->record.cipher != CIPHER_XCHACHA)
		return ERR_STATE;
	pool->epoch++;
	err_t err = btree_load(&pool->tree, seal_key_item(dataset->record.key_object), span_of(record));
	TRY(err == ERR_NOT_FOUND ? ERR_CORRUPT : err);
	TRY(unwrap(passphrase, &record, &master));
	seal_use_key(dataset, &master);
	seal_forget(span_of(master));
	return OK;
}

err_t sinter_key_change(struct dataset *dataset, const struct sinter_secret *secret)
{
	struct sinter *pool = dataset->tree.pool;
	tree_key_t key = seal_key_item(dataset->record.key_object);
	struct key_record record;
	struct need need = { .is_freeing = true };
	if (dataset->record.cipher != CIPHER_XCHACHA)
		return ERR_STATE;
	TRY(seal_check_key(dataset));
	TRY(dataset_check_change(dataset));
	pool->epoch++;
	TRY(btree_prepare_edit(&pool->tree, key, &need));
	TRY(txg_admit(pool, &need));
	TRY(wrap(pool, secret, &dataset->key, &record));
	return span_copy(btree_edit(&pool->tree, key), view_of(record));
}

err_t sinter_key_protect(struct dataset *dataset, const struct sinter_secret *secret)
{
	struct sinter *pool = dataset->tree.pool;
	struct dataset_record *record = &dataset->record;
	tree_key_t key = seal_key_item(pool->super.next_object);
	struct seal_key master;
	struct key_record wrapped;
	struct need need = {};
	if (record->cipher || record->origin || record->newest_snapshot ||
		record->next_inode != INODE_ROOT + 1 || record->id == DATASET_ROOT)
		return ERR_STATE; // what was written is not encrypted
	TRY(sets_prepare_alone(dataset));
	pool->epoch++;
	TRY(btree_prepare_insert(&pool->tree, key, sizeof wrapped, &need));
	TRY(btree_prepare_edit(&dataset->tree, key_make(INODE_ROOT, ITEM_INODE, 0), &need));
	TRY(txg_admit(pool, &need));
	random_bytes(pool, span_of(master));
	TRY(wrap(pool, secret, &master, &wrapped));
	record->cipher = CIPHER_XCHACHA;
	record->key_object = pool->super.next_object++;
	record->salt = pool->port.random(pool->port.context);
	memory_fill(record->hash_key, 0, sizeof record->hash_key);
	seal_use_key(dataset, &master);
	btree_insert(&pool->tree, key, view_of(wrapped));
	(void)btree_edit(&dataset->tree, key_make(INODE_ROOT, ITEM_INODE, 0)); // written anew
	dataset->is_changed = true;
	AT(pool->super.features, FEATURES_INCOMPATIBLE) |= FEATURE_ENCRYPTION;
	ilog_cannot(pool);
	seal_forget(span_of(master));
	return OK;
}

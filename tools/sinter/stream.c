// SPDX-License-Identifier: MIT
// stream.c - sinter send and receive: frames to the standard output, and from the standard input.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/sinter/passphrase.h"
#include "tools/sinter/progress.h"

static u8 frame[STREAM_FRAME_MAX]; // one thread

static int send_frames(struct image *image, struct sinter_send *send, bool is_verbose)
{
	u64 bytes = 0;
	while (true) {
		usize size;
		err_t err = HOST_WAIT(image->pool, sinter_send_frame(send, span_of(frame), &size));
		if (err == ERR_NOT_FOUND)
			break;
		if (err != OK)
			return complain("send", explain(err));
		if (fwrite(frame, 1, size, stdout) != size)
			return complain("standard output", strerror(errno));
		bytes += size;
		progress_show("send", bytes, 0);
	}
	progress_end();
	if (fflush(stdout))
		return complain("standard output", strerror(errno));
	if (is_verbose)
		fprintf(stderr, "%" PRIu64 " bytes, %" PRIu64 " items\n", bytes, send->items);
	return 0;
}

static bool find_older(struct target *target, const char *from, struct sinter_snapshot *out)
{
	view_t name = target_name_only(from);
	if (target_find_snapshot(target, name, out) && out->txg < target->snapshot.txg)
		return true;
	return refuse(from, "there is no such older snapshot");
}

// "OBJECT-ITEM", both hexadecimal.
static bool parse_token(const char *text, struct sinter_send *send)
{
	char *dash, *end;
	AT(send->position, 0) = strtoull(text, &dash, 16);
	AT(send->position, 1) = -strtoull(dash, &end, 16); // the dash is read as its sign
	return *dash == '-' && !*end;
}

static int send_target(struct target *target, const char *from, const char *resume, bool is_verbose)
{
	struct sinter_snapshot older;
	struct sinter_send send = { .new_guid = target->snapshot.guid,
		.created_s = target->snapshot.created_s,
		.name = view_clamp(view_of(target->snapshot.name), 0, target->snapshot.name_size) };
	if (resume && !parse_token(resume, &send))
		return complain(resume, "this is no token of an unfinished receive");
	if (!passphrase_unlock(target->image, target->dataset, target->text))
		return 1;
	if (from && !find_older(target, from, &older))
		return 1;
	if (!target_open_past(target, &target->snapshot, &send.new))
		return 1;
	send.old_guid = from ? older.guid : 0;
	bool is_open = !from || target_open_past(target, &older, &send.old);
	int code = is_open ? send_frames(target->image, &send, is_verbose) : 1;
	if (send.old)
		sinter_dataset_close(send.old);
	sinter_dataset_close(send.new);
	return code;
}

int command_send(struct words *words)
{
	struct target target;
	bool is_verbose = words_flag(words, "--verbose");
	const char *from = words_option(words, "--from"), *resume = words_option(words, "--resume");
	if (isatty(STDOUT_FILENO))
		return complain("standard output", "a stream is not for a terminal; send it into a file");
	int code = target_start(&target, words,
		"send IMAGE [DATASET]@SNAPSHOT [--from @OLDER] [--resume TOKEN] [--verbose]",
		TARGET_SNAPSHOT | TARGET_LOOK);
	if (code)
		return code;
	code = send_target(&target, from, resume, is_verbose);
	return target_leave(&target) | code;
}

static const char *explain_stream(err_t err)
{
	switch ((i32)err) {
	case ERR_CORRUPT: return "the stream is damaged; nothing of it is kept";
	case ERR_STATE:
		return "the stream does not begin at the newest snapshot here, or it was changed since: "
			   "roll back, or send another one";
	case ERR_UNSUPPORTED: return "the stream has a newer format";
	case ERR_IO: return "the stream ends early; go on with: sinter send --resume";
	default: return explain(err);
	}
}

static err_t receive_frames(struct image *image, struct sinter_receive *receive)
{
	u64 bytes = 0;
	while (!receive->is_done) {
		struct frame_header header;
		span_t head = span_clamp(span_of(frame), 0, sizeof header);
		if (fread(head.data, 1, head.size, stdin) != head.size)
			return ERR_IO;
		TRY(view_load(span_view(head), 0, span_of(header)));
		if (header.magic != MAGIC_FRAME || header.size > FRAME_PAYLOAD_MAX)
			return ERR_CORRUPT;
		span_t payload = span_clamp(span_from_offset(span_of(frame), head.size), 0, header.size);
		if (fread(payload.data, 1, payload.size, stdin) != payload.size)
			return ERR_IO;
		view_t whole = view_clamp(view_of(frame), 0, head.size + payload.size);
		TRY(HOST_WAIT(image->pool, sinter_receive_frame(receive, whole)));
		bytes += whole.size;
		progress_show("receive", bytes, 0);
	}
	progress_end();
	return OK;
}

// Makes the dataset if there is none of this name. *is_new: then a stream that fails takes it away.
static err_t open_receiver(struct target *place, struct sinter_receive *receive, bool *is_new)
{
	const struct sinter_new root = { .mode = 0755 };
	struct sinter *pool = place->image->pool;
	u64 id;
	err_t err = HOST_WAIT(pool, sinter_dataset_find(place->place.parent, place->place.name, &id));
	*is_new = err == ERR_NOT_FOUND;
	if (*is_new)
		err = HOST_WAIT(
			pool, sinter_dataset_create(place->place.parent, place->place.name, &root, &id));
	return err == OK ? HOST_WAIT(pool, sinter_dataset_open(pool, id, &receive->dataset)) : err;
}

// A stream that broke off may go on later; a bad one leaves nothing.
static void give_up(struct image *image, struct sinter_receive *receive, bool *is_new, err_t err)
{
	struct sinter_resume resume;
	struct sinter *pool = image->pool;
	if (err == ERR_IO && receive->number) {
		*is_new = false;
		if (target_commit(image) == OK && sinter_receive_state(receive->dataset, &resume) == OK)
			fprintf(stderr, "sinter: token %" PRIx64 "-%" PRIx64 "\n", AT(resume.position, 0),
				AT(resume.position, 1));
	} else if (receive->number) {
		(void)HOST_WAIT(pool, sinter_receive_abort(receive->dataset));
	}
}

static err_t receive_into(struct target *place, bool is_abort)
{
	struct image *image = place->image;
	struct sinter *pool = image->pool;
	struct sinter_receive receive = {};
	bool is_new;
	err_t err;
	TRY(open_receiver(place, &receive, &is_new));
	if (is_abort) {
		err = HOST_WAIT(pool, sinter_receive_abort(receive.dataset));
	} else {
		err = receive_frames(image, &receive);
		if (err != OK)
			give_up(image, &receive, &is_new, err);
	}
	sinter_dataset_close(receive.dataset);
	if (err != OK && is_new)
		(void)HOST_WAIT(pool, sinter_dataset_destroy(place->place.parent, place->place.name));
	return err;
}

int command_receive(struct words *words)
{
	struct target place;
	bool is_abort = words_flag(words, "--abort");
	int code = target_start(&place, words, "receive IMAGE DATASET [--abort]", TARGET_PLACE);
	if (code)
		return code;
	err_t err = receive_into(&place, is_abort);
	if (err == OK)
		return target_end(&place, OK);
	(void)target_leave(&place);
	if (is_abort && err == ERR_NOT_FOUND)
		return complain(place.text, "nothing was received in part");
	return complain(place.text, explain_stream(err));
}

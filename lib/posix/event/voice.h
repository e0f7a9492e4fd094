// SPDX-License-Identifier: MIT
// voice.h - how servers/meet knows who asks: a connection that speaks for this process and its
// credentials, made on servers/proc's word. Had when first needed, and again when it is stale: in a
// forked child, after a change of credentials, after meet was started anew.
//   do err = meet_...(voice.meet, ...); while (voice_renew(&voice, err));
#pragma once

#include "ifc/meet.h"

NONNULL_BEGIN

struct voice {
	meet_t meet; // HANDLE_NONE: there is none to be had
	u32 tries;
};

struct voice voice_begin(void);
// Whether meet did not know it, and the call is to be made again with this other one.
bool voice_renew(struct voice *voice, err_t err);
// The credentials are others now.
void voice_drop(void);

NONNULL_END

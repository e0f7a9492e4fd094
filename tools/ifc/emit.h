// SPDX-License-Identifier: MIT
// emit.h - what the emitters share, and the list of them. An emitter writes one file from a model
// that passed the check; same model, same bytes.
#pragma once

#include "lib/base/attributes.h"
#include "tools/ifc/model.h"

#include <stdio.h>

NONNULL_BEGIN

struct emitter {
	const char
		*path; // below the output directory; of a protocol: folder and ending around its name
	const char *ending;
	void (*emit)(const struct model *model, FILE *out);
};

const struct emitter *_Nullable emitter_at(bool is_protocol, u32 index); // null behind the last

const char *emit_origin(const struct model *model); // the interface file, folder and name
void emit_head(const struct model *model, FILE *out, const char *what);    // SPDX, origin
void emit_doc(FILE *out, const char *indent, const struct text_list *doc); // as // lines
void emit_doc_page(FILE *out, const struct text_list *doc);                // as a paragraph
void emit_errors(FILE *out, const struct call *call);                      // documented errors
void emit_types(
	const struct model *model, FILE *out, bool is_checking); // constants, enums, structs
void emit_types_page(const struct model *model, FILE *out);
void emit_rights(FILE *out, const struct parameter *parameter, const char *none);
void emit_parameter_page(FILE *out, const struct parameter *parameter);
void emit_signature_page(FILE *out, const struct call *call);
void emit_folded(FILE *out, const char *text); // code, broken at 100 columns
bool emit_separator(FILE *out, bool is_first); // ", " but first; false from then on
bool model_needs(const struct call *call, enum parameter_kind kind);
void emit_rings(FILE *out, const char *indent, const struct call *call); // what rings hold

void emit_syscall_numbers(const struct model *model, FILE *out);
void emit_syscall_table(const struct model *model, FILE *out);
void emit_syscall_dispatch(const struct model *model, FILE *out);
void emit_syscall_stubs(const struct model *model, FILE *out);
void emit_syscall_shapes(const struct model *model, FILE *out);
void emit_syscall_page(const struct model *model, FILE *out);

void emit_protocol_header(const struct model *model, FILE *out);
void emit_protocol_client(const struct model *model, FILE *out);
void emit_protocol_service(const struct model *model, FILE *out);
void emit_protocol_fuzz(const struct model *model, FILE *out);
void emit_protocol_page(const struct model *model, FILE *out);

NONNULL_END

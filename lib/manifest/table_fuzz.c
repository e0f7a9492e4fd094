// SPDX-License-Identifier: MIT
// table_fuzz.c - any bytes: what is accepted can be read without leaving it.
#include "lib/manifest/table.h"

#include "lib/base/test.h"

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	static _Alignas(8) u8 bytes[4 * sizeof(struct manifest_service)];
	static volatile u64 sum; // so that reading is not left out
	struct manifest manifest;
	view_t input = view_clamp(view_from(data, size), 0, sizeof bytes);
	if (span_copy(span_of(bytes), input) != OK ||
		manifest_read(view_clamp(view_of(bytes), 0, input.size), &manifest) != MANIFEST_GOOD)
		return 0;
	for (u32 i = 0; i < manifest.count; i++) {
		const struct manifest_service *service = manifest_service_at(&manifest, i);
		sum += view_cstring(service->name).size + view_cstring(service->run).size;
		sum += view_cstring(service->arguments).size;
		for (u32 k = 0; k < service->grant_count; k++)
			sum += view_cstring(AT(service->grants, k).name).size;
		for (u32 k = 0; k < service->call_count; k++) {
			const struct manifest_call *call = &AT(service->calls, k);
			if (call->service != MANIFEST_SUPERVISOR)
				sum += AT(manifest_service_at(&manifest, call->service)->provides, call->provide)
				           .badge;
		}
	}
	return 0;
}

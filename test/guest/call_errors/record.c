// SPDX-License-Identifier: MIT
// record.c - calls are made here and their errors noted: seen[call] has bit n for error -n. At the
// end every documented error must have been seen, or stand in `unreachable` with the reason and
// where it is tried; one that has an excuse and came fails too.
#include "fuzz/syscall_shapes.h"
#include "lib/base/atomic.h"
#include "lib/base/format.h"
#include "test/guest/call_errors/errors.h"

static u64 seen[SYSCALL_COUNT]; // atomic: jobs note theirs too

enum machine : u8 { ANY, WITH_IOMMU, WITHOUT_IOMMU };

struct excuse {
	u32 number; // SYSCALL_COUNT: any call
	err_t err;
	const char *reason;
	enum machine machine; // where it holds
};
static const struct excuse unreachable[] = {
	{ SYSCALL_COUNT, ERR_NO_MEMORY, "a program's quota ends first: test/host/failure_test", ANY },
	{ SYSCALL_HANDLE_CLOSE, ERR_REVOKED, "a revoked handle may be closed", ANY },
	{ SYSCALL_CONNECTION_CALL, ERR_LEVEL, "programs call each other: test/guest/levels", ANY },
	{ SYSCALL_IOMMU_CREATE, ERR_UNSUPPORTED, "this machine has an IOMMU", WITH_IOMMU },
	{ SYSCALL_REPLY_SEND, ERR_REVOKED, "a reply has one handle, so nobody can revoke it", ANY },
	{ SYSCALL_LEASE_READ, ERR_REVOKED, "a reply has one handle, so nobody can revoke it", ANY },
	{ SYSCALL_LEASE_WRITE, ERR_REVOKED, "a reply has one handle, so nobody can revoke it", ANY },
	{ SYSCALL_IOMMU_CREATE, ERR_BUSY, "no IOMMU here: test/boot/dma_test", WITHOUT_IOMMU },
	{ SYSCALL_IOMMU_CREATE, ERR_QUOTA, "no IOMMU here: test/boot/dma_test", WITHOUT_IOMMU },
	{ SYSCALL_IOMMU_CONTROL, ERR_RIGHTS, "no IOMMU here: test/boot/dma_test", WITHOUT_IOMMU },
	{ SYSCALL_IOMMU_CONTROL, ERR_REVOKED, "no IOMMU here: test/boot/dma_test", WITHOUT_IOMMU },
	{ SYSCALL_IOMMU_CONTROL, ERR_RANGE, "no IOMMU here: test/boot/dma_test", WITHOUT_IOMMU },
	{ SYSCALL_IOMMU_CONTROL, ERR_QUOTA, "no IOMMU here: test/boot/dma_test", WITHOUT_IOMMU },
	{ SYSCALL_IOMMU_CONTROL, ERR_ALIGNMENT, "no IOMMU here: test/boot/dma_test", WITHOUT_IOMMU },
	{ SYSCALL_IOMMU_CONTROL, ERR_NOT_FOUND, "no IOMMU here: test/boot/dma_test", WITHOUT_IOMMU },
	{ SYSCALL_IOMMU_CONTROL, ERR_UNSUPPORTED, "no IOMMU here: test/boot/dma_test", WITHOUT_IOMMU },
};

static void note(u32 number, err_t err)
{
	if (err == OK || number >= SYSCALL_COUNT)
		return;
	u64 bit = 1ull << -(i32)err;
	u64 before = atomic_or_relaxed(&AT(seen, number), bit);
	if (!(AT(syscall_shapes, number).errors & bit) && !(before & bit)) {
		print("# %s answers %e, which is not documented\n", AT(syscall_shapes, number).name, err);
		guest_fail(__FILE_NAME__, number, "undocumented error", (i64)err, 0);
	}
}

void record_unstubbed(u32 number, err_t err)
{
	note(number, err);
}

struct guest_answer noted_call(u32 number, const u64 *arguments)
{
	struct guest_answer answer = guest_syscall(number, arguments);
	note(number, answer.err);
	return answer;
}

void check_error(u32 number, const u64 *arguments, err_t wanted, const char *what)
{
	struct guest_answer answer = noted_call(number, arguments);
	if (answer.err == wanted)
		return;
	char text[160] = {};
	format(span_clamp(span_of(text), 0, sizeof text - 1), "%s (%s) gives %e, not %e",
		AT(syscall_shapes, number).name, what, answer.err, wanted);
	guest_fail(__FILE_NAME__, number, text, (i64)answer.err, (i64)wanted);
}

static const char *_Nullable excuse_for(u32 number, err_t err)
{
	enum machine here = AT(fixture.good, HANDLE_KIND_IOMMU_DOMAIN).raw ? WITH_IOMMU : WITHOUT_IOMMU;
	for (u32 i = 0; i < COUNT(unreachable); i++) {
		const struct excuse *excuse = &AT(unreachable, i);
		if (excuse->err == err && (excuse->number == number || excuse->number == SYSCALL_COUNT) &&
			(excuse->machine == ANY || excuse->machine == here))
			return excuse->reason;
	}
	return nullptr;
}

static u32 check_call(u32 number)
{
	const struct syscall_shape *shape = &AT(syscall_shapes, number);
	u32 missing = 0;
	for (i32 error = 1; error < 64; error++) {
		if (!(shape->errors >> error & 1))
			continue;
		const char *excuse = excuse_for(number, (err_t)-error);
		bool is_seen = AT(seen, number) >> error & 1;
		if (is_seen != !excuse) {
			print("not ok %s: %e %s\n", shape->name, (err_t)-error,
				is_seen ? "was seen, though it has an excuse" : "was never seen");
			missing++;
		} else if (is_seen) {
			print("ok %s: %e\n", shape->name, (err_t)-error);
		} else {
			print("# %s: %e not tried: %s\n", shape->name, (err_t)-error, excuse);
		}
	}
	return missing;
}

void check_coverage(void)
{
	u32 missing = 0;
	if (start_argument_count() > 1)
		return; // not all tests ran
	for (u32 number = 0; number < SYSCALL_COUNT; number++)
		missing += check_call(number);
	CHECK_EQ(missing, 0);
}

static u64 job_run(void *argument)
{
	struct job *job = argument;
	job->answer = noted_call(job->number, job->arguments);
	return 0;
}

bool job_start(struct job *job)
{
	return worker_start(&job->worker, job_run, job) == OK && guest_settled(job->worker.handle);
}

bool job_finish(struct job *job)
{
	return worker_join(&job->worker, guest_soon()) == OK;
}

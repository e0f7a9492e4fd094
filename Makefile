# SPDX-License-Identifier: MIT
# The front door. Everything real is done by meson.build and tools/.
#   make run [GDB=1 ISO=1 UEFI=1]   make test [SMP=4]   make check   make bench   make debug
#   make exec CMD='hello' [OVERLAY=DIR SMP=n MEM=m TIMEOUT=s]    make iso [OVERLAY=DIR]
#   BUILD=release|debug chooses the build; objects go to out/$(BUILD).

BUILD   ?= release
JOBS    ?= $(shell nproc)
SMP     ?= 1
MEM     ?= 256M
TIMEOUT ?= 120
export BUILD JOBS SMP MEM TIMEOUT CMD OVERLAY GDB ISO UEFI
unexport LIBRARY_PATH CPATH C_INCLUDE_PATH

.PHONY: all guest tests run test check bench debug iso exec peers-image clean
.NOTPARALLEL:
all: guest

guest tests:
	@tools/setup
	@tools/build $@

run: guest
	@tools/run

test: guest tests
	@tools/test

check:
	@tools/setup
	@tools/build generated
	@tools/check/all

bench: guest
	@tools/build tools/count.so
	@tools/bench/run

debug:
	@$(MAKE) --no-print-directory BUILD=debug guest

iso: guest
	@tools/iso

exec: guest
	@tools/exec

peers-image: guest
	@tools/peers

clean:
	rm -rf out

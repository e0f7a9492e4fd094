// SPDX-License-Identifier: MIT
// section.h - included before each source of a service on the host (build/host): its variables lie
// together, so that each input begins with a service that was just started.
#pragma once

#pragma clang section bss = "service_bss" data = "service_data"

# SPDX-License-Identifier: MIT
"""Boots a program without interaction and reads what it says. For tools/exec, tools/test, bench.

The root task prints a line `@@BEGIN`, then come the program's lines, then `@@EXIT N`."""
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN, EXIT = "@@BEGIN", "@@EXIT "
GRACE_S = 5  # from @@EXIT until the machine must be off


def build_folder():
    return ROOT / "out" / os.environ.get("BUILD", "release")


def slowness():
    """About how much slower a guest of this build is: debug checks every access."""
    return 5 if build_folder().name == "debug" else 1


def is_native(word):
    return (build_folder() / f"cmd/{word}.elf").is_file()


def init_argument(command):
    """Native programs are the first program themselves: `/test/NAME a`, or `hello a` for /native/hello.
    Everything else is a command for the guest's shell. It comes last: it takes the rest of the line."""
    if not command:  # what the image starts by itself: a shell
        return ""
    word = (command.split() or [""])[0]
    if word.startswith("session="):  # a native program in the place of the first POSIX process
        return command
    if word.startswith(("/test/", "/native/", "/service/")):
        return "init=" + command
    return "init=/native/" + command if is_native(word) else "exec=" + command


def boot_image(overlay):
    """The built image, or a temporary one with the overlay's files; the caller deletes that one."""
    build = build_folder()
    if not overlay:
        return build / "image/boot.cpio", None
    handle, name = tempfile.mkstemp(suffix=".cpio", dir=build)
    os.close(handle)
    subprocess.run([ROOT / "tools/mkimage", "--build", build, "--list", ROOT / "image/boot.list",
                    "--overlay", overlay, name], check=True)
    return Path(name), Path(name)


class Result:
    def __init__(self):
        self.before = []  # what loader and kernel said before the program began
        self.lines = []  # what the program printed
        self.code = None  # its exit code; None: there was no @@EXIT
        self.reason = ""  # why there was none


def kernel_medium(command, image, append):
    """Options of tools/qemu that boot the build's own kernel directly."""
    loader = build_folder() / "boot/carbide.elf"
    if not loader.is_file():
        sys.exit(f"no {loader}: it did not build")
    line = (append + " " + init_argument(command)).strip()
    return ["--kernel", loader, "--initrd", image, "--append", line]


def start_machine(medium, options):
    return subprocess.Popen([ROOT / "tools/qemu"] + medium + options, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)


def feed(pipe, lines):
    for raw in pipe:
        lines.put(raw.decode("utf-8", "replace").rstrip("\r\n"))
    lines.put(None)


def follow(lines, result, deadline, on_line, on_begin):
    """Sorts lines into the result until @@EXIT, the end or the deadline."""
    begun = False
    while True:
        try:
            line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            result.reason = "no @@EXIT in time"
            return
        if line is None:
            result.reason = "the machine stopped without @@EXIT"
            return
        if begun and line.startswith(EXIT) and line[len(EXIT):].lstrip("-").isdigit():
            result.code = int(line[len(EXIT):])
            return
        if begun:
            result.lines.append(line)
            on_line(line)
        elif line.endswith(BEGIN):
            begun = True
            on_begin()
        else:
            result.before.append(line)


def watch(machine, timeout, on_line=lambda line: None, on_begin=lambda: None):
    """Follows a started machine to its end, which it forces if need be."""
    result = Result()
    lines = queue.Queue()
    threading.Thread(target=feed, args=(machine.stdout, lines), daemon=True).start()
    try:
        follow(lines, result, time.monotonic() + float(timeout), on_line, on_begin)
        machine.wait(GRACE_S if result.code is not None else 0)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if machine.poll() is None:
            machine.terminate()
            machine.wait()
    return result


def run(command, smp=1, mem="256M", timeout=120, overlay=None, append="", extra=(),
        on_line=lambda line: None):
    """Boots the build's kernel with `command` as its first program."""
    image, temporary = boot_image(overlay)
    try:
        machine = start_machine(kernel_medium(command, image, append),
                                ["--smp", str(smp), "--mem", str(mem), *extra])
        return watch(machine, timeout, on_line)
    finally:
        if temporary:
            temporary.unlink()


def run_iso(iso, uefi=False, smp=1, mem="256M", timeout=120):
    """Boots a CD image; its first program is what the image says."""
    machine = start_machine(["--iso", iso] + (["--uefi"] if uefi else []),
                            ["--smp", str(smp), "--mem", str(mem)])
    return watch(machine, timeout)


if __name__ == "__main__":  # the last words of the kernel's command line for a command
    print(init_argument(sys.argv[1]))

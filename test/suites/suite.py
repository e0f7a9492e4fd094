# SPDX-License-Identifier: MIT
"""What the builders of suites share: Debian's sources unpacked, a folder with one executable a case, `list` and `cases`."""
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "out/suites"
COMPILER = "musl-gcc"


def fetch(*words):
    return subprocess.run([ROOT / "tools/fetch", *words], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def source(suite, package):
    """The unpacked source package, out/suites/SUITE/source."""
    folder = OUT / suite / "source"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["dpkg-source", "-x", fetch("--source", package), folder], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder


def place(suite):
    """A new, empty /test/suites/SUITE of the guest."""
    folder = OUT / suite / "root/test/suites" / suite
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def guest_path(folder):
    return str(folder).partition("/root")[2]


def compile_to(target, *words):
    subprocess.run([COMPILER, "-static", "-O1", "-w", "-fcommon", "-std=gnu89", "-o", target, *words], check=True)


def script(path, lines):
    """A new file only: a link of that name would lead out of the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "x", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + "\n".join(lines) + "\n")
    path.chmod(0o755)


def finish(folder, names, limit_s):
    """What runs them all, alike on Linux and in the guest: without a terminal, in a session of its own."""
    script(folder / "all", ["export PATH=/bin HOME=/root TERM=linux CASES_SHOW=1", f"cd {guest_path(folder)}",
                            f"setsid ./cases $PWD/list {limit_s * 1000} $*"])
    (folder / "list").write_text("\n".join(names) + "\n")
    subprocess.run([COMPILER, "-static", "-O1", "-o", folder / "cases", ROOT / "test/suites/cases.c"], check=True)
    print(f"{len(names)} programs in {folder}")

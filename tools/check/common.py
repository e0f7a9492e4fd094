# SPDX-License-Identifier: MIT
"""What the checks share: which files there are, a cache of results, the way to complain."""
import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SKIP = {"out", ".git", "golden", "__pycache__",
        "overlay"}  # of ports: files of foreign programs that ours replace, in their own style


def files(*suffixes):
    """All files of the tree with one of the suffixes, relative to the root, sorted."""
    found = []
    for folder, dirs, names in os.walk(ROOT):
        dirs[:] = sorted(set(dirs) - SKIP)
        found += [Path(folder, name).relative_to(ROOT) for name in names if name.endswith(suffixes)]
    return sorted(found)


def text(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def finish(name, complaints, summary=""):
    """Prints the complaints and ends the check."""
    for complaint in complaints:
        print(complaint)
    if complaints:
        sys.exit(f"check {name}: {len(complaints)} complaints")
    print(f"ok   {name}{': ' + summary if summary else ''}")
    sys.exit(0)


def build_folder():
    return ROOT / "out" / os.environ.get("BUILD", "release")


def digest(*parts):
    state = hashlib.sha256()
    for part in parts:
        state.update(part if isinstance(part, bytes) else str(part).encode())
        state.update(b"\0")
    return state.hexdigest()


def included_bytes(path, seen):
    """The contents of a file and of all of ours that it includes: what a result depends on."""
    if path in seen or not path.is_file():
        return
    seen.add(path)
    data = path.read_bytes()
    yield data
    for line in data.splitlines():
        if line.startswith(b"#include \""):
            name = line.split(b'"')[1].decode()
            for folder in (ROOT, build_folder() / "build/gen"):
                yield from included_bytes(folder / name, seen)


def run_cached(name, settings, jobs):
    """jobs: [(path, command)]. Runs those whose inputs changed since they last came to an end, in parallel.
    Answers the complaints and how many ran."""
    stamps = ROOT / "out/check" / name
    stamps.mkdir(parents=True, exist_ok=True)

    def one(job):
        path, command = job
        key = digest(settings, *command, *included_bytes(ROOT / path, set()))
        stamp = stamps / key
        if stamp.exists():
            return stamp.read_text(), False
        done = subprocess.run(command, cwd=ROOT, text=True, check=False, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        is_clean = done.returncode == 0 and ": warning: " not in done.stdout
        complaint = "" if is_clean else f"{path}:\n{done.stdout.strip()}"
        if done.returncode == 0:
            stamp.write_text(complaint)
        return complaint, True

    with ThreadPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        results = list(pool.map(one, jobs))
    return [text for text, _ in results if text], sum(is_new for _, is_new in results)

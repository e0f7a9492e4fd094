# SPDX-License-Identifier: MIT
"""The shell scripts of test/shell: blocks of lines, one command each, divided by blank lines; what they
print is recorded on Linux with the same binaries. For record and the runners beside it."""
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

# (script, shell): what is run.
RUNS = [("common", "busybox sh"), ("common", "bash"), ("bash", "bash")]
PROLOGUE = ["export PATH=/bin HOME=/root TZ=UTC LC_ALL=C; umask 022",
            "rm -rf /tmp/shell; mkdir -p /tmp/shell; cd /tmp/shell"]


def blocks(script):
    """The commands of a script, each a list of lines."""
    found = [[]]
    for line in (HERE / f"{script}.sh").read_text().splitlines():
        if line:
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [block for block in found if block]


def lines(script):
    """All lines, with one before each command that says its number."""
    for number, block in enumerate(blocks(script), 1):
        yield f'echo "@ {number}"'
        yield from block


def composed(script):
    return "\n".join(PROLOGUE + list(lines(script))) + "\n"


def expected_file(script, shell):
    return HERE / f"{script}.{shell.split()[0]}.expected"


def compare(script, shell, output):
    """Answers (commands that printed what they had to, complaints)."""
    wanted = split(expected_file(script, shell).read_bytes())
    got, commands = split(output), blocks(script)
    good, complaints = 0, []
    for number, block in enumerate(commands, 1):
        if number in wanted and got.get(number) == wanted[number]:
            good += 1
            continue
        complaints.append(f"{script}.sh command {number} ({shell}): {' / '.join(block)}\n"
                          f"  expected {wanted.get(number)}\n  got      {got.get(number)}")
    return good, complaints


def split(output):
    """{command's number: what it printed}"""
    found, number = {}, 0
    for line in output.split(b"\n"):
        if line.startswith(b"@ ") and line[2:].isdigit():
            number = int(line[2:])
            found[number] = b""
        else:
            found[number] = found.get(number, b"") + line + b"\n"
    return found


def unpack(archive, folder):
    """The boot image's files as a folder (needs root: it has device nodes)."""
    subprocess.run(["rm", "-rf", folder], check=True)
    folder.mkdir(parents=True)
    with open(archive, "rb") as file:
        subprocess.run(["cpio", "--quiet", "-idm"], stdin=file, cwd=folder, check=True)


def overlay(folder):
    """Puts the scripts where the guest looks for them: /test/shell."""
    place = folder / "test/shell"
    place.mkdir(parents=True, exist_ok=True)
    for script in sorted({script for script, _ in RUNS}):
        (place / f"{script}.sh").write_text(composed(script))

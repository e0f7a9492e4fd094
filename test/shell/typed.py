# SPDX-License-Identifier: MIT
"""Types the scripts of test/shell into an interactive shell, line by line, and keeps what the terminal shows for each command:
echo, line editing, output and prompts. A line is typed when the shell has asked for it, so the picture is always the same."""
import re
import threading

import shell
import guest  # found through shell's path

PATIENCE_S = 30 * guest.slowness()
# ash asks the terminal for its cursor after each prompt; it must not see our line before that.
PROMPTS = {"busybox": re.compile(r"~[12]~ \x1b\[6n$"), "bash": re.compile(r"~[12]~ $")}
SHELLS = {"busybox": "busybox sh -i", "bash": "bash --norc -i"}
LOGIN_PROMPT = re.compile(r"# \x1b\[6n$")
RUNS = [("common", "busybox"), ("common", "bash"), ("bash", "bash")]
ENVIRONMENT = "PATH=/bin HOME=/root TZ=UTC LC_ALL=C TERM=linux HISTFILE= PS1='~''1~ ' PS2='~''2~ '"
# Where the keys come from. keyboard: what the shell says goes to the screen and also to a line that we can read, through a pipe
# (the script `aside`), since nobody can read a screen.
KINDS = ["serial", "keyboard"]
ASIDE = ["mkfifo /tmp/said", "tee $SAYS < /tmp/said &", "exec > /tmp/said 2>&1", "rm /tmp/said"]
# Numbers of processes and times differ, and which job is the last one to have changed: of one that ends while the
# shell waits for another bash shows +, - or a blank, on Linux too.
PROCESS = re.compile(r"(\[\d+\][+-]? +|line \d+: +)\d+")
CURRENT = re.compile(r"(\[\d+\])(?:[+-]| (?=  \S))")
TIME = re.compile(r"^((real|user|sys)\s+)[\d.ms]+", re.M)


class Line:
    """One who types and reads: `send` is given, `received` is called with what comes."""

    def __init__(self, send):
        self.text, self.lock, self.send = "", threading.Condition(), send

    def received(self, data):
        with self.lock:
            self.text += data.decode("latin-1")
            self.lock.notify_all()

    def wait(self, pattern, start):
        """Everything from `start` on, once that matches; what there is when patience ends."""
        with self.lock:
            if not self.lock.wait_for(lambda: pattern.search(self.text, start), PATIENCE_S):
                print(f"waited in vain after {self.text[-200:]!r}", flush=True)
            return self.text[start:]

    def ask(self, text, pattern):
        start = len(self.text)
        self.send(text + "\n")
        return self.wait(pattern, start)


def readable(text):
    """As it stands in an .expected file: one line a line, other control characters written out."""
    text = CURRENT.sub(r"\1", text)
    text = TIME.sub(r"\1TIME", PROCESS.sub(r"\1PID", text))
    return "".join(char if char == "\n" or " " <= char <= "~" else f"\\x{ord(char):02x}" for char in text)


def overlay(folder):
    """What `play` wants to find in the guest."""
    (folder / "test/shell").mkdir(parents=True, exist_ok=True)
    (folder / "test/shell/aside").write_text("\n".join(ASIDE) + "\n")


def play(line, script, name, says=None):
    """Yields what the terminal showed for each command of the script. `says`: where `aside` has to say it, "" for here only."""
    pattern = PROMPTS[name]
    if says is not None:
        line.ask(f"SAYS={says}; . /test/shell/aside", LOGIN_PROMPT)
    # Wide, for bash: how it scrolls a long line depends on how many keys it finds waiting.
    line.ask(f"stty cols {80 if name == 'busybox' else 1000}; cd /; exec env -i {ENVIRONMENT} {SHELLS[name]}", pattern)
    for text in shell.PROLOGUE:
        line.ask(text, pattern)
    for block in shell.blocks(script):
        shown = "".join(line.ask(text, pattern) for text in block)
        yield shown
        if not pattern.search(shown):
            return


def expected_file(script, name, kind):
    return shell.HERE / f"{script}.{name}.{kind}.expected"


def store(script, name, kind, shown):
    path = expected_file(script, name, kind)
    path.write_text("".join(f"@ {number}\n{readable(text)}\n" for number, text in enumerate(shown, 1)))


def load(script, name, kind):
    parts = re.split(r"^@ \d+\n", expected_file(script, name, kind).read_text(), flags=re.M)[1:]
    return [part[:-1] for part in parts]


def compare(script, name, kind, shown):
    """Answers (commands whose picture is the expected one, complaints)."""
    wanted, good, complaints = load(script, name, kind), 0, []
    got = [readable(text) for text in shown] + [None] * len(wanted)
    for number, want in enumerate(wanted):
        if got[number] == want:
            good += 1
        elif got[number] is not None or number == len(shown):
            complaints.append(f"{script}.sh command {number + 1} ({name}, {kind}):\n  expected {want!r}\n  got      {got[number]!r}")
    return good, complaints

# SPDX-License-Identifier: MIT
"""A running machine with a person at it: types at the serial line and on the keyboard, reads the serial line."""
import os
import re
import socket
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "out" / os.environ.get("BUILD", "release")
PLAIN = {" ": "spc", "\n": "ret", "\t": "tab", "-": "minus", "=": "equal", "[": "bracket_left", "]": "bracket_right",
         ";": "semicolon", "'": "apostrophe", "`": "grave_accent", "\\": "backslash", ",": "comma", ".": "dot", "/": "slash"}
SHIFTED = dict(zip("!@#$%^&*()_+{}:\"~|<>?", "1 2 3 4 5 6 7 8 9 0 - = [ ] ; ' ` \\ , . /".split()))


def key(character):
    """QEMU's name of the key of a US keyboard, or of two."""
    base = SHIFTED.get(character, character.lower())
    return ("shift-" if base != character else "") + PLAIN.get(base, base)


class Machine:
    """Until `close`. `folder` is for its sockets; `listener` is called with bytes from the serial line."""

    def __init__(self, folder, listener, *options, image=None, hold_ms=100):
        shown = subprocess.run(
            [ROOT / "tools/qemu", "--kernel", BUILD / "boot/carbide.elf", "--initrd", image or BUILD / "image/boot.cpio",
             "--mem", "512M", "--monitor", f"{folder}/monitor", *options, "--show"], check=True, text=True,
            capture_output=True).stdout.strip()
        command = re.sub(r"-append +-", "-append '' -", shown)
        self.process = subprocess.Popen(["sh", "-c", "exec " + command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.folder, self.monitor, self.hold_ms = folder, None, hold_ms
        threading.Thread(target=self.listen, args=(listener,), daemon=True).start()

    def listen(self, listener):
        while data := os.read(self.process.stdout.fileno(), 4096):
            listener(data)

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def answers(self):
        """The monitor is a terminal and talks: somebody has to listen."""
        while self.monitor.recv(4096):
            pass

    def keys(self, text, pause_s=0.0):
        """Presses each key for `hold_ms` of the guest's time; QEMU keeps what is still to come, of about 80 keys."""
        if not self.monitor:
            self.monitor = socket.socket(socket.AF_UNIX)
            self.monitor.connect(f"{self.folder}/monitor")
            threading.Thread(target=self.answers, daemon=True).start()
        for character in text:
            self.monitor.sendall(f"sendkey {key(character)} {self.hold_ms}\n".encode())
            time.sleep(pause_s)

    def close(self):
        self.process.kill()
        self.process.wait()

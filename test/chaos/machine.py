# SPDX-License-Identifier: MIT
"""A machine with a shell on its serial line, another on its screen, and a keyboard to type at that."""
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import guest  # noqa: E402  pylint: disable=wrong-import-position

PATIENCE_S = 300
NAMES = {" ": "spc", ".": "dot", "\n": "ret", "/": "slash", ">": "shift-dot", "-": "minus"}


class Machine:
    def __init__(self, folder, image, options=()):
        kernel = ["--kernel", guest.build_folder() / "boot/carbide.elf", "--initrd", image]
        medium = ["--iso", image] if str(image).endswith(".iso") else kernel
        command = subprocess.run(
            [ROOT / "tools/qemu", *medium, "--mem", "256M", "--monitor", f"{folder}/monitor", "--show", *options],
            check=True, text=True, capture_output=True).stdout.strip().replace("-append  ", "-append '' ")
        self.process = subprocess.Popen(["sh", "-c", "exec " + command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.text, self.more, self.folder, self.monitor = "", threading.Condition(), Path(folder), None
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while data := os.read(self.process.stdout.fileno(), 4096):
            with self.more:
                self.text += data.decode("utf-8", "replace")
                self.more.notify_all()

    def expect(self, wanted, start=0, noise=None):
        """Waits for the text; what matches the pattern `noise` is not there."""
        def comes():
            text = self.text[start:]
            return wanted in (noise.sub("", text) if noise else text)
        with self.more:
            return self.more.wait_for(comes, PATIENCE_S)

    def serial(self, line, wanted):
        """A command for the shell on the serial line; the text from there on, '' if wanted does not come."""
        start = len(self.text)
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self.text[start:] if self.expect(wanted, start + len(line)) else ""

    def order(self, line):
        if not self.monitor:
            self.monitor = socket.socket(socket.AF_UNIX)
            self.monitor.connect(str(self.folder / "monitor"))
        self.monitor.sendall(line.encode() + b"\n")

    def keys(self, text):
        for character in text:
            self.order(f"sendkey {NAMES.get(character, character)} 20")
            time.sleep(0.12)

    def screen(self, name):
        self.order(f"screendump {self.folder}/{name}")
        time.sleep(2)
        return (self.folder / name).read_bytes()

    def stop(self):
        self.process.kill()
        self.process.wait()

# SPDX-License-Identifier: MIT
"""The compiler arguments of each C file, from the build's compile_commands.json."""
import json
import shlex

import common

DROP_WITH_VALUE = {"-o", "-MF", "-MQ", "-MT"}
# Colour would hide what the checks look for in the output.
DROP = {"-c", "-MD", "-Werror", "-fsanitize=kcfi", "-fcolor-diagnostics"}


def arguments(entry):
    """Compiler arguments without output files, relative include folders made absolute."""
    words, kept, skip = shlex.split(entry["command"])[1:], [], False
    for word in words:
        if skip or word in DROP_WITH_VALUE or word in DROP or word.endswith(".c"):
            skip = word in DROP_WITH_VALUE and not skip
            continue
        if word.startswith("-I") and not word.startswith("-I/"):
            word = "-I" + str((common.Path(entry["directory"]) / word[2:]).resolve())
        kept.append(word)
    return kept


def by_file():
    """{path relative to the root: arguments}; guest code's own flags win over the host's copy."""
    database = common.build_folder() / "compile_commands.json"
    found = {}
    for entry in json.loads(database.read_text()):
        path = (common.Path(entry["directory"]) / entry["file"]).resolve()
        if path.suffix != ".c" or not path.is_relative_to(common.ROOT):
            continue
        path = path.relative_to(common.ROOT)
        if path.parts[0] == "out":
            continue
        if path not in found or "-ffreestanding" in entry["command"]:
            found[path] = arguments(entry)
    return found

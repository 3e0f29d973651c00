# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every C file says its licence and its purpose, and is built: one that no meson.build names
would rot unseen, and a unit test that is not in the list would never run."""

import os
import re
import sys

import tree

PURPOSE = re.compile(r"\A/\* SPDX-License-Identifier: [^*\n]+\*/\n/\*.*?\*/", re.S)
SCRIPT = re.compile(r"\A(#!.*\n)?# SPDX-License-Identifier: ")


def named(path, build_files):
    """True if the meson.build of the file's folder, or one above it, names the file."""
    folder = os.path.dirname(path)
    while True:
        text = build_files.get(os.path.join(folder, "meson.build"), "")
        names = {os.path.relpath(path, folder or ".")}
        if path.startswith("tests/"):  # where lists often leave out what all names share
            stem = os.path.splitext(*names)[0]
            names |= {stem, stem.removeprefix("test-")}
        if any(f"'{name}'" in text for name in names):
            return True
        if not folder:
            return False
        folder = os.path.dirname(folder)


def faults(root):
    found = []
    paths = tree.files(root)
    build_files = {p: tree.read(root, p) for p in paths if os.path.basename(p) == "meson.build"}
    seen = 0
    for path in paths:
        if not path.startswith(("src/", "include/", "tests/")):
            continue
        if path.endswith((".c", ".h")):
            seen += 1
            if not PURPOSE.match(tree.read(root, path)):
                found.append(f"{path}: no licence line and comment of its purpose at the top")
            if path.endswith(".c") and not named(path, build_files):
                found.append(f"{path}: no meson.build names it")
        elif path.endswith((".py", ".sh")):
            seen += 1
            if not SCRIPT.match(tree.read(root, path)):
                found.append(f"{path}: no licence line at the top")
    return found, seen


def main(root):
    found, seen = faults(root)
    if not seen:
        found.append("no source file found")
    tree.finish(found, f"{seen} files say what they are and are built")


if __name__ == "__main__":
    main(sys.argv[1])

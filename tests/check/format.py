# SPDX-License-Identifier: LGPL-2.1-or-later
"""C is laid out as .clang-format says, by the clang-format of the given major version."""

import re
import subprocess
import sys

import tree


def find_formatter(major):
    """The command of that version, or None and the reason."""
    reason = f"clang-format {major} is not here"
    for command in (f"clang-format-{major}", "clang-format"):
        if not tree.has(command):
            continue
        version = subprocess.run([command, "--version"], stdout=subprocess.PIPE, check=True).stdout
        match = re.search(rb"version (\d+)", version)
        if match and match.group(1).decode() == major:
            return command, None
        reason = f"clang-format {major} lays out this tree, here is: {version.decode().strip()}"
    return None, reason


def main(root, major):
    command, reason = find_formatter(major)
    if not command:
        tree.skip(reason)
    paths = [p for p in tree.files(root)
             if p.startswith(("src/", "include/", "tests/")) and p.endswith((".c", ".h"))]
    if not paths:
        tree.finish(["no source file found"], "")
    result = subprocess.run([command, "--dry-run", "-Werror"] + paths, cwd=root, check=False)
    faults = [f"lay them out with: {command} -i FILE"] if result.returncode else []
    tree.finish(faults, f"{len(paths)} files are laid out right")


if __name__ == "__main__":
    main(*sys.argv[1:])

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files of the tree and the ways a check ends, shared by all checks."""

import os
import subprocess
import sys

SKIP = 77


def files(root):
    """Paths of the project's files relative to root: what git knows, else what is there."""
    git = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
    ) if os.path.exists(os.path.join(root, ".git")) and has("git") else None
    if git and git.returncode == 0:
        paths = git.stdout.decode().split("\0")
        return sorted(p for p in paths if p and os.path.isfile(os.path.join(root, p)))
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith(("build", ".git", "__pycache__"))]
        paths = [os.path.join(folder, name) for name in names]
        # A recorded /proc has links that lead nowhere.
        found += [os.path.relpath(path, root) for path in paths if os.path.isfile(path)]
    return sorted(found)


def has(tool):
    return any(os.access(os.path.join(p, tool), os.X_OK) for p in os.get_exec_path())


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="surrogateescape") as f:
        return f.read()


def finish(faults, what):
    """Ends a check: prints its faults, or what was looked at."""
    for fault in faults:
        print(fault)
    if not faults:
        print(what)
    sys.exit(1 if faults else 0)


def skip(reason):
    """Ends a check that cannot be done here, which is a failure where all must be done."""
    print(reason)
    sys.exit(1 if os.environ.get("PORTSCOPE_CI") else SKIP)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""No loose end in the tree: what is left to do stands in the issue tracker."""

import re
import sys

import tree

# Written apart, or this file would name itself.
LOOSE = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
# Imported facts speak their own language.
EXEMPT = (".tsv", ".pcap", ".bin")


def faults(root):
    found = []
    seen = 0
    for path in tree.files(root):
        if path.endswith(EXEMPT) or path == "LICENSE":
            continue
        seen += 1
        for number, line in enumerate(tree.read(root, path).split("\n"), 1):
            if LOOSE.search(line):
                found.append(f"{path}:{number}: {line.strip()}")
    return found, seen


def main(root):
    found, seen = faults(root)
    tree.finish(found, f"no loose end in {seen} files")


if __name__ == "__main__":
    main(sys.argv[1])

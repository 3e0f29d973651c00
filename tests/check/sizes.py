# SPDX-License-Identifier: LGPL-2.1-or-later
"""No function of src/ is longer than 80 lines and no file than 700, tables not counted."""

import re
import sys

import tree

FUNCTION_MAX = 80
FILE_MAX = 700

# As clang-format lays it out: what stands at file scope begins and ends in the first column.
TABLE = re.compile(r"^\S.*\] = \{\n(?:.*\n)*?\};\n", re.M)
FUNCTION = re.compile(r"^(?:[A-Za-z_].*\n)(?:[ \t].*\n)*\{\n(?:.*\n)*?\}\n", re.M)
NAME = re.compile(r"(\w+)\(")


def faults(root):
    found = []
    seen = 0
    for path in tree.files(root):
        if not path.startswith("src/") or not path.endswith((".c", ".h")):
            continue
        seen += 1
        text = TABLE.sub("", tree.read(root, path))
        lines = text.count("\n")
        if lines > FILE_MAX:
            found.append(f"{path}: {lines} lines; at most {FILE_MAX}")
        for match in FUNCTION.finditer(text):
            lines = match.group().count("\n")
            if lines > FUNCTION_MAX:
                name = NAME.search(match.group())
                found.append(f"{path}: {name.group(1) if name else '?'}() has {lines} lines; "
                             f"at most {FUNCTION_MAX}")
    return found, seen


def main(root):
    found, seen = faults(root)
    if not seen:
        found.append("no source file found")
    tree.finish(found, f"{seen} files are short enough, and their functions")


if __name__ == "__main__":
    main(sys.argv[1])

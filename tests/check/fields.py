# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ids of portscope.h, the field table and the words of its users agree: the ids are those of
the table, in its order, and nobody else lists fields by strings, which no compiler would check."""

import re
import sys

import tree

HEADER = "include/portscope.h"
TABLE = "src/model/field.c"
ID = re.compile(r"^\tPORTSCOPE_FIELD_(\w+),", re.M)
LINE = re.compile(r'^\t(?:FIELD|WORDS)\((\w+),\s*"(\w+)"', re.M)
# Strings of one initializer, and one string that is a list.
ARRAY = re.compile(r'\{\s*((?:"[^"\n]*"\s*,\s*)+"[^"\n]*"\s*,?\s*)\}')
LIST = re.compile(r'"(\w+(?:,\w+)+)"')
LOOKED_UP = re.compile(r'portscope_field_find\(\s*"')
FEW = 2  # words that happen to be fields as well


def line_of(text, match):
    return text.count("\n", 0, match.start()) + 1


def lists(text, names):
    """The places of text where fields are named by strings."""
    for match in ARRAY.finditer(text):
        if len(names & set(re.findall(r'"([^"]*)"', match.group(1)))) > FEW:
            yield match
    for match in LIST.finditer(text):
        if len(names & set(match.group(1).split(","))) > FEW:
            yield match
    yield from LOOKED_UP.finditer(text)


def faults(root):
    table = LINE.findall(tree.read(root, TABLE))
    ids = ID.findall(tree.read(root, HEADER))
    names = [name for _, name in table]
    found = [f"{TABLE}: {key} is called {name}" for key, name in table if key != name.upper()]
    if ids != [key for key, _ in table]:
        found.append(f"{HEADER}: enum portscope_field_id has other ids than {TABLE}, "
                     "or in another order")
    for path in tree.files(root):
        if not path.startswith("src/") or not path.endswith((".c", ".h")) or path == TABLE:
            continue
        text = tree.read(root, path)
        found += [f"{path}:{line_of(text, match)}: names fields by strings: take their ids"
                  for match in lists(text, set(names))]
    return found, len(table)


def main(root):
    found, seen = faults(root)
    if not seen:
        found.append(f"{TABLE}: no field found")
    tree.finish(found, f"{seen} fields are named by the table alone")


if __name__ == "__main__":
    main(sys.argv[1])

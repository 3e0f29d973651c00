# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds src/ and include/ to the include rule of src/README.md."""

import os
import posixpath
import re
import sys

import tree

PUBLIC = "portscope.h"

# Who may include whom, besides itself. The rule's order is
#   util <- {model, registry} <- {collect, owner, annotate, packetfilter, filter} <- rules
#        <- listing <- document <- {audit, diff, explain, free} <- portscope.h
#        <- {format, cli, main}
# and a layer of the library sees all that stands left of it, but not its neighbours.
LEFT = [["util"], ["model", "registry"],
        ["collect", "owner", "annotate", "packetfilter", "filter"],
        ["rules"], ["listing"], ["document"], ["audit", "diff", "explain", "free"]]
RULE = {}
for depth, group in enumerate(LEFT):
    for layer in group:
        RULE[layer] = {left for earlier in LEFT[:depth] for left in earlier}
RULE["model"] |= {PUBLIC}  # the exception: its values and descriptors are the vocabulary
for group in LEFT[3:]:
    for layer in group:
        RULE[layer] |= {PUBLIC}  # whose functions they define
RULE[PUBLIC] = set()
RULE["format"] = {PUBLIC, "util"}
RULE["seal"] = {"util"}
RULE["cli"] = {PUBLIC, "util", "format", "seal"}  # a command chooses a format and seals itself
RULE["main"] = {PUBLIC, "util", "cli"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def layer_of(path):
    """The layer that a file belongs to; None for what is not ours."""
    if path in ("include/" + PUBLIC, PUBLIC):
        return PUBLIC
    parts = path.split("/")
    if parts[0] == "src":
        parts = parts[1:]
    name = parts[0].split(".")[0] if len(parts) == 1 else parts[0]
    return name if name in RULE else None


def faults(root):
    """All violations below root, one line each."""
    found = []
    seen = 0
    for path in tree.files(root):
        if not path.startswith(("src/", "include/")) or not path.endswith((".c", ".h")):
            continue
        seen += 1
        layer = layer_of(path)
        if layer is None:
            found.append(f"{path}: belongs to no layer of src/README.md")
            continue
        text = tree.read(root, path)
        for match in INCLUDE.finditer(text):
            kind, name = match.groups()
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            if kind == '"' and os.path.exists(os.path.join(root, beside)):
                name = beside
            target = layer_of(name)
            if target in (None, layer) or target in RULE[layer]:
                continue
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path}:{line}: {layer} must not include {match.group(2)} ({target})")
    return found, seen


def main(root):
    found, seen = faults(root)
    if not seen:
        found.append("no source file found")
    tree.finish(found, f"{seen} files keep the include rule")


if __name__ == "__main__":
    main(sys.argv[1])

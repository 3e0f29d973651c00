# SPDX-License-Identifier: LGPL-2.1-or-later
"""No two source files call each other in a circle: from the symbols of the objects that the build
made. argv: the root, the nm to ask, folders of objects, `--`, source files."""

import os
import subprocess
import sys

import tree


DEFINES = set("TDBRVW")  # as nm(1) calls what others may use
UNDEFINED = "U"


def symbols(nm, paths):
    """By object: what it defines for others and what it wants from them."""
    found = {path: (set(), set()) for path in paths}
    listing = subprocess.run([nm, "-A", "-P", *paths], check=True, capture_output=True, text=True)
    for line in listing.stdout.splitlines():
        path, rest = line.split(": ", 1)
        name, kind = rest.split()[:2]
        if kind in DEFINES:
            found[path][0].add(name)
        elif kind == UNDEFINED:
            found[path][1].add(name)
    return found


def graph(objects):
    """Which file needs which others, from {file: (defined, wanted)}."""
    owner = {name: file for file, (defined, _) in objects.items() for name in defined}
    return {file: {owner[name] for name in wanted if name in owner} - {file}
            for file, (_, wanted) in objects.items()}


def circles(edges):
    """The groups of files that reach each other (Tarjan's strongly connected components)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(edges[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = set()
            while node not in group:
                group.add(stack.pop())
            if len(group) > 1:
                found.append(group)

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found


def object_of(root, path, folders):
    """The object of a source file. Meson calls it by the path from where its target is defined,
    with underscores; None if it is in none of the folders."""
    for base in (os.path.join(root, "src"), root):
        name = os.path.relpath(path, base).replace("/", "_") + ".o"
        for folder in folders:
            if os.path.exists(os.path.join(folder, name)):
                return os.path.join(folder, name)
    return None


def main(root, nm, *rest):
    split = rest.index("--")
    built, found = {}, []
    for path in rest[split + 1:]:
        name = os.path.relpath(path, root)
        if not name.startswith("src/") or not name.endswith(".c"):
            continue  # what the build makes is tables
        built[name] = object_of(root, path, rest[:split])
        if not built[name]:
            found.append(f"{name}: no object of it")
            del built[name]
    seen = symbols(nm, built.values())
    objects = {name: seen[path] for name, path in built.items()}
    groups = [sorted(group) for group in circles(graph(objects))]
    found += ["they call each other in a circle: " + ", ".join(group)
              for group in groups]
    if not any(defined for defined, _ in objects.values()):
        tree.skip("nm(1) sees no symbols in these objects")
    tree.finish(found, f"{len(objects)} files call each other in no circle")


if __name__ == "__main__":
    main(*sys.argv[1:])

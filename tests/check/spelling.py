# SPDX-License-Identifier: LGPL-2.1-or-later
"""Words that codespell(1) knows to be misspelt, in sources and documents. Tests misspell on
purpose, and imported facts are not ours."""

import subprocess
import sys

import tree

FOLDERS = ("src/", "include/", "man/", "completions/", "contrib/", ".ci/", ".github/")
EXEMPT = (".tsv",)
# doas(1); Nd and Em of mdoc(7); the row of a table in src/README.md; what nft calls an interface.
IGNORED = "doas,nd,ment,iif"


def faults(root):
    paths = [path for path in tree.files(root)
             if (path.startswith(FOLDERS) or "/" not in path and path != "LICENSE")
             and not path.endswith(EXEMPT)]
    result = subprocess.run(["codespell", "--quiet-level=3", "--ignore-words-list", IGNORED,
                             *paths], cwd=root, stdout=subprocess.PIPE, text=True, check=False)
    return result.stdout.splitlines(), len(paths)


def main(root):
    if not tree.has("codespell"):
        tree.skip("codespell is not here")
    found, seen = faults(root)
    tree.finish(found, f"no misspelt word in {seen} files")


if __name__ == "__main__":
    main(sys.argv[1])

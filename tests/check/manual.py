# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual pages are sound mdoc."""

import re
import subprocess
import sys

import tree


def main(root):
    if not tree.has("mandoc"):
        tree.skip("mandoc is not here")
    pages = [p for p in tree.files(root) if p.startswith("man/") and p[-1].isdigit()]
    if not pages:
        tree.finish(["no manual page found"], "")
    result = subprocess.run(["mandoc", "-Tlint"] + pages, cwd=root, check=False, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # Which manuals are installed beside ours says nothing about ours.
    faults = [line for line in result.stdout.splitlines()
              if not re.search("mandoc.db|referenced manual not found", line)]
    tree.finish(faults, f"{len(pages)} manual pages are sound")


if __name__ == "__main__":
    main(sys.argv[1])

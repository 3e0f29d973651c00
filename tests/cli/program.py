# SPDX-License-Identifier: LGPL-2.1-or-later
"""Running the program under test, which the environment names as PORTSCOPE."""

import os
import subprocess
import sys

PATH = os.environ.get("PORTSCOPE", "portscope")
SKIP = 77

# How a run went: its exit status and what it wrote, as bytes.
Result = subprocess.CompletedProcess


def environment(**changes):
    """The environment without what would change the output, and with the changes (None: unset)."""
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
    env.update({k: v for k, v in changes.items() if v is not None})
    return {k: v for k, v in env.items() if not (k in changes and changes[k] is None)}


def run(*arguments, env=None, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([PATH, *arguments], env=env or environment(), check=False,
                          timeout=60, **options)


def text(*arguments):
    """What a run prints that has to succeed."""
    result = run(*arguments)
    if result.returncode or result.stderr:
        sys.exit(f"{' '.join(arguments)} ended with {result.returncode}: {result.stderr}")
    return result.stdout.decode()


def skip(reason):
    """Ends a test that cannot be done here, which is a failure where all must be done."""
    print(reason)
    sys.exit(1 if os.environ.get("PORTSCOPE_CI") else SKIP)

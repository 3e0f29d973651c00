#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a recording for the replay tests: record.py RECORDER FILE, as root.

The sockets are those of the namespace tests (../netns/world.py), so that a recording holds one of
every kind: both families, dual-stack and v6-only, a scope, a device, every state, a group of four.
RECORDER is the program `record` of the build folder. A new recording needs new goldens.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'netns'))

import lab
import world


def main(recorder, path):
    lab.enter()
    kept = world.World()
    with open(path, 'wb') as f:
        subprocess.run([recorder], stdout=f, check=True)
    return kept


if __name__ == '__main__':
    main(*sys.argv[1:])

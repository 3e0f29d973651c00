#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""This kernel accepts and runs the programs that filters are compiled to: over a namespace of
more than 300 sockets of every kind, thousands of random filters give the rows that an evaluation
of the expression gives (see filter-kernel.c, which does the work)."""

import json
import os
import subprocess
import unittest

import lab
import world
from crowd import crowd

EXPRESSIONS = 2100
SOCKETS = 300

WORLD = None


def setUpModule():
    global WORLD
    WORLD = world.World()


class Kernel(unittest.TestCase):
    def test_random(self):
        held = crowd()
        run = subprocess.run([os.environ['FILTER_KERNEL'], str(EXPRESSIONS)],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual((run.returncode, run.stderr), (0, ''))
        seen = json.loads(run.stdout)
        print(run.stdout, end='')
        self.assertGreaterEqual(seen['sockets'], SOCKETS)
        self.assertEqual(seen['expressions'], EXPRESSIONS)
        # Neither the programs nor what they choose may be trivial.
        self.assertGreater(seen['programs'], EXPRESSIONS)
        self.assertGreater(seen['matched'], seen['expressions'] * 10)
        self.assertGreater(seen['refused'], seen['expressions'] * 10)
        self.assertGreater(seen['autobound'], 60)
        self.assertLess(seen['autobound'], seen['sockets'] - 60)
        del held


if __name__ == '__main__':
    lab.main()

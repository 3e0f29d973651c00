#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""This kernel accepts and runs the programs that filters are compiled to: over a namespace of
more than 300 sockets of every kind, thousands of random filters give the rows that an evaluation
of the expression gives (see filter-kernel.c, which does the work)."""

import json
import os
import socket
import subprocess
import unittest

import lab
import world

EXPRESSIONS = 2500
SOCKETS = 300

WORLD = None


def setUpModule():
    global WORLD
    WORLD = world.World()


def mark(value):
    return socket.SOL_SOCKET, socket.SO_MARK, value


def crowd():
    """Fills the namespace up: sockets that differ in port, address, mark, device and binding."""
    held = []
    for n in range(60):
        held.append(lab.bound('udp', socket.AF_INET, '127.0.0.%d' % (1 + n % 7), 20000 + n * 97,
                              options=[mark(n % 5)]))
        held.append(lab.bound('udp', socket.AF_INET6, '::1', 20000 + n * 131,
                              options=[mark(n % 3)]))
        held.append(lab.listener(socket.AF_INET, '127.0.%d.1' % (n % 5), 0,
                                 device='lo' if n % 4 == 0 else None, options=[mark(n % 4)]))
        held.append(lab.bound('udp', socket.AF_INET6, '::', 0, options=[lab.DUAL]))
        held[-1].connect(('::ffff:127.0.0.%d' % (1 + n % 9), 1 + n))
    return held


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

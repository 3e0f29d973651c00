#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program under the limits of a shell: it says what is the matter and ends with status 3, and
no signal ends it."""

import os
import resource
import subprocess
import tempfile
import unittest

PROGRAM = os.environ['PORTSCOPE']
KIB = 1024


def run(arguments, stdout=subprocess.PIPE, limits=()):
    def limit():
        for what, value in limits:
            resource.setrlimit(what, value)
    # The kernel keeps arguments and environment on the stack: they have to fit.
    return subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=stdout,
                          stderr=subprocess.PIPE, env={}, preexec_fn=limit, text=True)


class Limits(unittest.TestCase):
    def test_size_of_files(self):
        with tempfile.TemporaryFile() as f:
            r = run(['explain', '--list'], f, [(resource.RLIMIT_FSIZE, (4 * KIB, 4 * KIB))])
        self.assertEqual((r.returncode, r.stderr),
                         (3, 'portscope: cannot write the output: File too large\n'))

    def test_small_stack_that_may_grow(self):
        # Who has a port open may be hidden even from root: not asked for here.
        r = run(['explain', '--list'],
                limits=[(resource.RLIMIT_STACK, (16 * KIB, 8192 * KIB))])
        self.assertEqual((r.returncode, r.stderr), (0, ''))
        self.assertIn('ssh', r.stdout)

    def test_small_stack(self):
        for arguments in (['-l'], ['audit'], ['explain', '22'], ['free'], ['--help']):
            r = run(arguments, limits=[(resource.RLIMIT_STACK, (16 * KIB, 16 * KIB))])
            self.assertEqual((r.returncode, r.stdout), (3, ''))
            self.assertRegex(r.stderr, r'^portscope: the stack is too small: .*\n$')


if __name__ == '__main__':
    unittest.main()

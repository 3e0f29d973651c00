#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A lab of real daemons: what Debian's packages open, who holds it, and what the audit says of it.

lab-expected.tsv has a line for each finding that must come, and one without a rule for a socket
that must raise none, each with its reason. They were written from the tables in src/registry/ and
the meaning of the rules, not from what the program said: where the two differ, find out which of
them is wrong before one is changed. What a package opens changes from release to release; the table
is that of Debian 12.
"""

import csv
import os
import subprocess
import sys
import unittest

import cells
import lab

SEVERITIES = ['critical', 'high', 'medium', 'low', 'info']
# What is set up as it should be raises nothing above info.
HARDENED = {'nginx-tls', 'dovecot-imaps', 'redis-password'}

CELLS = {}     # name → the cell that runs
EXPECTED = {}  # name → the rows of the table


def read_expected():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lab-expected.tsv')
    with open(path, newline='') as f:
        for row in csv.DictReader(f, delimiter='\t', quoting=csv.QUOTE_NONE):
            EXPECTED.setdefault(row['cell'], []).append(row)


def socket_of(row):
    """Of a line of the table: protocol, address, port."""
    return row['protocol'], row['address'], int(row['port'])


def key_of(row):
    """The same of a JSON record."""
    return row['protocol'], row['local_address'], row['local_port']


def is_debian_12():
    try:
        with open('/etc/os-release') as f:
            words = f.read().splitlines()
    except OSError:
        return False
    return 'ID=debian' in words and 'VERSION_ID="12"' in words


def setUpModule():
    lab.need(is_debian_12(), 'the table is that of Debian 12')
    cells.need()
    # All at once: most of the time they wait for each other's disk and processor.
    unittest.addModuleCleanup(lambda: [cell.end() for cell in CELLS.values()])
    for name in EXPECTED:
        if not cells.missing(name):
            CELLS[name] = cells.Cell(name)


class Lab(unittest.TestCase):
    maxDiff = None

    def cell(self, name):
        """The cell, once all that is expected listens in it."""
        if name not in CELLS:
            cells.give_up(self, 'not installed: ' + ' '.join(cells.missing(name)))
        CELLS[name].ready({socket_of(row) for row in EXPECTED[name]})
        return CELLS[name]

    def comes_to(self, observe, wanted):
        """observe() gives what is wanted, at last; if not, the difference is shown."""
        seen = None

        def arrived():
            nonlocal seen
            seen = observe()
            return seen == wanted
        try:
            lab.wait_for(arrived, 'what the table says')
        except AssertionError:
            pass
        self.assertEqual(seen, wanted)

    def holders(self, name):
        """Every socket that listens has the holders that the table names, and no other listens."""
        cell = self.cell(name)
        wanted = {socket_of(row): (row['process'], row['users']) for row in EXPECTED[name]}

        def found():
            return {key_of(row): self.summary(row) for row in cell.document('-l')['sockets']}
        # The privileges go, and the workers come, after the sockets.
        self.comes_to(found, wanted)

    def findings(self, name):
        """No finding is missed, and none is one too many."""
        self.holders(name)
        wanted = sorted((*socket_of(row), row['rule'], row['severity'], row['evidence'])
                        for row in EXPECTED[name] if row['rule'] != '-')

        def found():
            nonlocal document, status
            document, status = CELLS[name].audit()
            return sorted((*key_of(f), f['rule'], f['severity'], f['evidence'])
                          for f in document['findings'])
        document = status = None
        # A client comes, and a file goes, when its daemon is up.
        self.comes_to(found, wanted)
        severities = [f['severity'] for f in document['findings']]
        self.assertEqual(severities, sorted(severities, key=SEVERITIES.index), 'the worst first')
        self.assertEqual(status, int(bool({'high', 'critical'} & set(severities))))
        if name in HARDENED:
            self.assertLessEqual(set(severities), {'info'})
        for f in document['findings']:
            says_close = 'close it' in (f['advice'] or '')
            self.assertEqual(says_close, f['rule'] == 'encrypted-twin-open', f['advice'])
        self.summed_up(document, name)

    def summed_up(self, document, name):
        summary = document['summary']
        count = {s: sum(f['severity'] == s for f in document['findings']) for s in SEVERITIES}
        self.assertEqual(summary['by_severity'], count)
        self.assertEqual(summary['findings'], len(document['findings']))
        self.assertEqual(summary['sockets'], len({socket_of(row) for row in EXPECTED[name]}))
        self.assertEqual(summary['quiet'], len({socket_of(row) for row in EXPECTED[name]
                                                if row['rule'] == '-'}))

    @staticmethod
    def summary(row):
        """The names of the processes, and their users in the order they come in."""
        processes = row['processes'] or []
        return (' '.join(dict.fromkeys(p['program'] for p in processes)) or row['owner'],
                ' '.join(dict.fromkeys(p['user'] for p in processes)))


class Table(unittest.TestCase):
    def test_covers_every_recipe(self):
        self.assertEqual(set(EXPECTED), set(cells.RECIPES))


def make_tests():
    """One test for each daemon, so that each is named where it fails or is skipped."""
    for name in EXPECTED:
        title = name.replace('-', '_')
        setattr(Lab, 'test_%s_holders' % title, lambda self, name=name: self.holders(name))
        setattr(Lab, 'test_%s_findings' % title, lambda self, name=name: self.findings(name))


def show(name, *arguments):
    """Prints what a reader sees of the cell, once the audit has all of its findings."""
    lab.enter()
    case = Lab('findings')
    CELLS[name] = cells.Cell(name)
    case.findings(name)
    subprocess.run([lab.program, 'audit', *arguments], preexec_fn=CELLS[name].enter_network)
    CELLS[name].end()


if __name__ == '__main__':
    read_expected()
    make_tests()
    if '--show' in sys.argv:
        wanted = sys.argv[sys.argv.index('--show') + 1:]
        lab.find_program()
        show(*wanted)
    else:
        cells.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether sockets that stay are listed, each once, while others open and close around them:
2,000 listeners, 2,000 connections and a REUSEPORT group of 1,000 for each protocol,
once in a namespace with the tables of the host and once in a child of it with 64 buckets.

A few dumps of each, or 60 where PORTSCOPE_CI is set, of which only what must be zero is asserted;
PORTSCOPE_FULL makes it 1,000, and asserts rates, too. CHURN names the program that makes the sockets; the
table that is printed at the end is that of SECURITY.md."""

import collections
import os
import subprocess
import sys
import unittest

import lab

LISTENERS, CONNECTIONS, MEMBERS = 2000, 2000, 1000
FULL = bool(os.environ.get('PORTSCOPE_FULL'))
DUMPS = int(os.environ.get('PORTSCOPE_DUMPS') or
            (1000 if FULL else 60 if os.environ.get('PORTSCOPE_CI') else 6))
LISTENING = ('listener', 'group', 'datagram')
ALL = LISTENING + ('connection',)
OURS = ['--csv', '-H', '--sort', 'cookie']

# name: command, kinds of sockets that it has to list.
WAYS = {
    'portscope -a --collector bpf': (['-a', '--collector', 'bpf', '--columns', 'cookie'], ALL),
    'portscope -a': (['-a', '--columns', 'cookie,owner'], ALL),
    'portscope -l': (['-l', '--columns', 'cookie,owner'], LISTENING),
    'portscope -a --collector netlink, holders asked for':
        (['-a', '--collector', 'netlink', '--columns', 'cookie,owner'], ALL),
    'portscope -a --collector netlink':
        (['-a', '--collector', 'netlink', '--columns', 'cookie'], ALL),
    'ss -tuna': (None, ALL),
    'netstat -tuna': (None, ('listener', 'connection')),
}
# Sockets that may be missing, of all that were looked for, with PORTSCOPE_FULL.
RATES = {
    'portscope -a --collector netlink, holders asked for': 5e-6,
    'portscope -a --collector netlink': 5e-5,
}
EXACT = ('portscope -a --collector bpf', 'portscope -a', 'portscope -l')


class Tally:
    def __init__(self):
        self.dumps = self.looked_for = self.missed = self.doubled = 0
        self.incomplete = self.wrongly_complete = 0
        self.said = collections.Counter()

    def __iadd__(self, other):
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self


class Churn:
    """A namespace in which sockets come and go, until stop()."""

    def __init__(self, buckets):
        if buckets:
            for name in ('ipv4/tcp_child_ehash_entries', 'ipv4/udp_child_hash_entries'):
                if os.path.exists('/proc/sys/net/' + name):
                    lab.sysctl(name, str(buckets))
        self.process = subprocess.Popen(
            ['unshare', '-n', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"',
             os.environ['CHURN'], str(LISTENERS), str(CONNECTIONS), str(MEMBERS)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.kinds = collections.defaultdict(set)
        self.ends = set()
        for line in self.process.stdout:
            if line == 'ready\n':
                break
            kind, cookie, port, peer = line.split()
            self.kinds[kind].add(cookie)
            if kind in ('listener', 'connection'):
                self.ends.add((port, peer))
        self.enter = ['nsenter', '--net=/proc/%d/ns/net' % self.process.pid]

    def run(self, *argv):
        return subprocess.run([*self.enter, *argv], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=300, check=False)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


def dump(churn, name):
    """One dump, counted."""
    options, kinds = WAYS[name]
    tally = Tally()
    if name.startswith('portscope'):
        r = churn.run(lab.program, *options, *OURS)
        if r.returncode not in (0, 4):
            raise AssertionError('%s: status %d: %s' % (name, r.returncode, r.stderr))
        found = [line.split(',')[0] for line in r.stdout.splitlines()]
        complete = r.returncode == 0
        tally.said.update(r.stderr.splitlines())
    elif name.startswith('ss'):
        r = churn.run(lab.need_tool('ss'), '-Htuna', '-e')
        found = [w[3:] for w in r.stdout.split() if w.startswith('sk:')]
        complete = r.returncode == 0
    else:
        r = churn.run(lab.need_tool('netstat'), '-tuna')
        rows = [line.split() for line in r.stdout.splitlines() if line.startswith('tcp')]
        found = [(w[3].rpartition(':')[2], w[4].rpartition(':')[2].replace('*', '0'))
                 for w in rows]
        complete = r.returncode == 0
    if name.startswith('netstat'):
        wanted = churn.ends
        doubles = len([f for f in found if f in wanted]) - len(wanted & set(found))
    else:
        wanted = set().union(*(churn.kinds[k] for k in kinds))
        doubles = len(found) - len(set(found))
    tally.dumps = 1
    tally.looked_for = len(wanted)
    tally.missed = len(wanted - set(found))
    tally.doubled = doubles
    tally.incomplete = not complete
    tally.wrongly_complete = complete and tally.missed > 0
    return tally


def table(tallies):
    lines = ['| command | dumps | sockets looked for | missed | listed twice | incomplete '
             '| wrongly complete |', '|---|---|---|---|---|---|---|']
    for name, t in tallies.items():
        rate = ' (%.1e)' % (t.missed / t.looked_for) if t.missed else ''
        ours = name.startswith('portscope')
        lines.append('| `%s` | %d | %d | %d%s | %d | %s | %s |' % (
            name.replace(', ', '`, '), t.dumps, t.looked_for, t.missed, rate, t.doubled,
            t.incomplete if ours else '-', t.wrongly_complete if ours else '-'))
    return '\n'.join(lines).replace('`, holders asked for`', '`, holders asked for')


class TestChurn(unittest.TestCase):
    def test_churn(self):
        lab.need_tool('nsenter')
        lab.need_tool('unshare')
        places = [Churn(0), Churn(64)]
        tallies = {name: Tally() for name in WAYS}
        try:
            exact = places[0].run(lab.program, '-l', '--collector', 'bpf').returncode == 0
            for n in range(DUMPS):
                for name in WAYS:
                    tallies[name] += dump(places[n % 2], name)
        finally:
            for place in places:
                place.stop()
        print('\n' + table(tallies), file=sys.stderr)
        for name, t in tallies.items():
            if not name.startswith('portscope'):
                continue
            with self.subTest(name=name):
                self.assertEqual(t.doubled, 0, t.said)
                self.assertEqual(t.wrongly_complete, 0, t.said)
                if name in EXACT and exact:
                    self.assertEqual((t.missed, t.incomplete), (0, 0), t.said)
                if FULL and exact and name in RATES:
                    self.assertLessEqual(t.missed / t.looked_for, RATES[name])


if __name__ == '__main__':
    lab.main()

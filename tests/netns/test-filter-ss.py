#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Filters that ss accepts choose the sockets that ss chooses.

Every expression is written with all its brackets, because the parser of ss lets `and` and `or`
bind alike, which its manual does not say. What ss does otherwise than its manual, or differently
from what portscope promises, is listed in EXCEPTIONS, expression by expression, with the reason;
an exception that holds no longer fails the test as well.
"""

import itertools
import json
import random
import re
import subprocess
import unittest

import lab
import world
from crowd import crowd

WORLD = None
CROWD = None

PORTS = ('22', ':22', '8004', ':8004', '9004', '65535', ':1', '1024', '49151', 'ssh', ':http')
ORDERS = ('=', '==', '!=', '<', '>', '<=', '>=', 'eq', 'ne', 'neq', 'lt', 'gt', 'le', 'ge',
          'leq', 'geq')
HOSTS = ('127.0.0.1', '127.0.0.0/8', '127/8', '10.9.8.7', '10.9.8.0/24', '10.9.8/24', '0.0.0.0',
         '127.0.0.1:8004', '127.0.0.0/8:8104', ':8046', '*:8046', '*', '[::1]', '[::1]:8106',
         '[fe80::/10]', '[fd00:9::7]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:0:0/96]',
         '10.9.8.7:8204', 'inet:127.0.0.1', 'inet6:[::1]', '127.0.0.1:*', '127.0.0.0/31',
         '[::1]:*', ':ssh')
STATES = ('established', 'syn-sent', 'syn-recv', 'fin-wait-1', 'fin-wait-2', 'time-wait',
          'close-wait', 'last-ack', 'listening', 'closing', 'unconnected', 'close', 'closed',
          'syn-rcv', 'all', 'connected', 'synchronized', 'bucket', 'big')
MARKS = ('1', '0x1', '2/3', '0x1/0x1', '0', '3')

# Why ss is no oracle for an expression.
FAMILY = ('a family limits the whole filter of ss to sockets of it: those that talk IPv4 over an '
          'IPv6 socket are left out, and what `not` is said of is limited as well')
ZERO = ('ss compares the bytes of addresses of different families: ::1 begins as 0.0.0.0 does, '
        'and 0.0.0.0 as ::')
AUTOBOUND = ('ss judges the answer of the kernel again, by ip_local_port_range: a connection taken '
             'by a listener on a lower port is lost, as is one bound to a port of the range')
NO_STATES = 'to ss an empty set of states is none given'
EXCEPTIONS = {
    'src inet:127.0.0.1': FAMILY,
    'src = inet:127.0.0.1': FAMILY,
    'not src inet:127.0.0.1': FAMILY,
    'not src inet6:[::1]': FAMILY,
    'dst inet:127.0.0.1': FAMILY,
    'dst = inet:127.0.0.1': FAMILY,
    'not dst inet:127.0.0.1': FAMILY,
    'not dst inet6:[::1]': FAMILY,
    'not src 0.0.0.0': ZERO,
    'not src [::]': ZERO,
    'not dst 0.0.0.0': ZERO,
    'not dst [::]': ZERO,
    'autobound': AUTOBOUND,
    'not autobound': AUTOBOUND,
    '! autobound': AUTOBOUND,
    'exclude all': NO_STATES,
}
# Conditions that meet an exception when they are combined or negated.
DOUBTFUL = re.compile(r'inet|autobound| 0\.0\.0\.0| \[::\]|\*')


def single():
    """Every condition by itself."""
    for side, order, port in itertools.product(('sport', 'dport'), ORDERS, PORTS[1:5]):
        yield '%s %s %s' % (side, order, port)
    for side, port in itertools.product(('sport', 'dport'), PORTS):
        yield '%s %s' % (side, port)
        yield '%s = %s' % (side, port)
    for side, host in itertools.product(('src', 'dst'), HOSTS):
        yield '%s %s' % (side, host)
        yield '%s = %s' % (side, host)
        yield 'not %s %s' % (side, host)
    for device in ('lo', 'v0', '1'):
        for form in ('dev %s', 'dev = %s', 'dev != %s', 'not dev = %s'):
            yield form % device
    for mark in MARKS:
        for form in ('fwmark %s', 'fwmark = %s', 'fwmark != %s'):
            yield form % mark
    yield 'autobound'
    yield 'not autobound'
    yield '! autobound'


def stateful():
    """States, which ss has in front."""
    for state in STATES:
        yield 'state ' + state
        yield 'exclude ' + state
        yield 'state %s ( sport = :8004 )' % state
    yield 'state established state listening'
    yield 'state all exclude listening exclude time-wait'
    yield 'state connected exclude established'
    yield 'exclude established ( dport gt :1024 )'


def combined(count):
    """Several conditions, bracketed."""
    draw = random.Random(20240501)
    leaves = [e for e in single() if not DOUBTFUL.search(e)]

    def expression(depth):
        if not depth or draw.random() < 0.2:
            return '( %s )' % draw.choice(leaves)
        kind = draw.choice(('and', 'or', '&', '|', '&&', '||', 'not', '!', ''))
        if kind in ('not', '!'):
            return '( %s %s )' % (kind, expression(depth - 1))
        return '( %s %s %s )' % (expression(depth - 1), kind, expression(depth - 1))

    for n in range(count):
        yield expression(1 + n % 4)


def ask_portscope(text):
    run = lab.portscope('-a', '--json-lines', '--columns', 'cookie', *text.split())
    if run.returncode or run.stderr:
        raise AssertionError('portscope %s: %s' % (text, run.stderr))
    records = [json.loads(line) for line in run.stdout.splitlines()]
    return {int(r['cookie'], 16) for r in records if 'cookie' in r}


def ask_ss(text):
    run = subprocess.run([lab.need_tool('ss'), '-H', '-n', '-e', '-O', '-t', '-u', '-a', *text.split()],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Without cgroup v2 it cannot name cgroups, which nobody asks it for here.
    said = [line for line in run.stderr.splitlines() if line != 'Failed to find cgroup2 mount']
    if run.returncode or said:
        raise AssertionError('ss %s: %s' % (text, run.stderr))
    return {int(cookie, 16) for cookie in re.findall(r' sk:([0-9a-f]+)', run.stdout)}


def setUpModule():
    global WORLD, CROWD
    WORLD = world.World()
    CROWD = crowd()


class Differential(unittest.TestCase):
    def setUp(self):
        # Bound-inactive sockets are unknown to ss before 6.8, whatever is asked.
        self.inactive = {s['cookie'] for s in WORLD.inactive()} - ask_ss('')

    def differs(self, text):
        """What only one of the two has; a timer may have ended a socket in between."""
        for _ in range(3):
            ours = ask_portscope(text)
            difference = (ours - self.inactive) ^ ask_ss(text)
            if not difference or text in EXCEPTIONS:
                break
        return difference, len(ours)

    def test_single(self):
        self.compare(list(single()) + list(stateful()))

    def test_combined(self):
        self.compare(list(combined(200)))

    def compare(self, expressions):
        chosen = set()
        failures = []
        for text in expressions:
            try:
                difference, count = self.differs(text)
            except AssertionError as e:
                difference, count = {str(e).replace('\n', ' ')}, 0
            chosen.add(count)
            if not difference and text in EXCEPTIONS:
                failures.append('%s: is no exception' % text)
            elif difference and text not in EXCEPTIONS:
                failures.append('%s: %d, chosen %d %s'
                                % (text, len(difference), count, [d for d in difference][:2]))
        self.assertFalse(failures, '\n'.join([''] + failures))
        # They chose something, and not always the same.
        self.assertGreater(len(chosen), 30)
        print('%d expressions' % len(expressions))


if __name__ == '__main__':
    lab.main()

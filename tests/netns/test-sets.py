#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The set of sockets that portscope lists is the set that ss lists, field by field, for each of
-l, nothing and -a, alone and with every choice of protocol and family.

Where the two differ on purpose, the difference is one of these, applied to what ss said before
the comparison:

 dual-stack    a wildcard socket of IPv6 that takes IPv4 too is shown under -4; ss hides it there.
 v4-mapped     so is an IPv4 connection or listener that an IPv6 socket holds.
 -4 -6         both families, as -t -u is both protocols; ss obeys the last of the two.
 inactive      bound TCP sockets that neither listen nor connect belong to -a; ss before 6.8 does
               not show them at all, so what this process knows of its own is taken instead.
 zero uid      time-wait, syn-recv and orphaned sockets and connections that wait to be accepted
               have no inode, and no user that the kernel knows: it and ss write zero, portscope
               null. (Since 6.16 the kernel knows the user of a connection that waits.)
"""

import unittest

import lab
import world

MODES = ([], ['-l'], ['-a'])
CHOICES = ([], ['-t'], ['-u'], ['-4'], ['-6'], ['-t', '-4'], ['-t', '-6'], ['-u', '-4'],
           ['-u', '-6'], ['-4', '-6'], ['-t', '-u'])
FIELDS = ('protocol', 'family', 'state', 'local_address', 'local_port', 'remote_address',
          'remote_port', 'interface', 'recv_q', 'send_q', 'uid', 'inode', 'cookie')
# States in which a socket always has an inode: "zero uid" above cannot hold there.
HELD = ('listen', 'unconnected', 'bound-inactive', 'syn-sent')

WORLD = None


def setUpModule():
    global WORLD
    WORLD = world.World()


def is_dual_stack(s):
    return s['family'] == 'inet6' and s['local_address'] == '::' and s['v6only'] is False


def is_mapped(s):
    return s['local_address'].startswith('::ffff:') and '.' in s['local_address']


def expected(said, fields=FIELDS):
    """What portscope has to say where an oracle said this: nulls for the zeros."""
    result = []
    for s in said:
        s = dict(s)
        if s['inode'] == 0:
            assert s['state'] not in HELD, s
            s['inode'] = None
            s['uid'] = s['uid'] or None
        result.append(tuple(s[f] for f in fields))
    return result


def listed(document, fields=FIELDS):
    rows = []
    for s in document['sockets']:
        s = dict(s)
        if 'cookie' in fields:
            s['cookie'] = int(s['cookie'], 16)
        rows.append(tuple(s[f] for f in fields))
    return rows


def order(row):
    return tuple((v is None, str(v)) for v in row)


class Sets(unittest.TestCase):
    maxDiff = None

    def same(self, got, want, fields, what):
        only_got = sorted(set(got) - set(want), key=order)
        only_want = sorted(set(want) - set(got), key=order)
        lines = ['%s: the sets differ; fields %s' % (what, ' '.join(fields))]
        lines += ['  portscope alone: %s' % (r,) for r in only_got]
        lines += ['  oracle alone:    %s' % (r,) for r in only_want]
        self.assertTrue(not only_got and not only_want, '\n'.join(lines))
        self.assertEqual(len(got), len(want), what + ': a socket is listed twice')

    def oracle(self, mode, choice):
        """What ss says for these options, with the listed exceptions."""
        families = [c for c in choice if c in ('-4', '-6')]
        if families == ['-4']:
            rest = [c for c in choice if c != '-4']
            said = [s for s in lab.ss(*mode, *rest)
                    if s['family'] == 'inet' or is_mapped(s) or is_dual_stack(s)]
        elif families == ['-6']:
            said = lab.ss(*mode, *choice)
        else:
            said = lab.ss(*mode, *(c for c in choice if c not in families))
        if mode == ['-a'] and ('-t' in choice or '-u' not in choice):
            own = [s for s in WORLD.inactive()
                   if families != ['-4'] or s['family'] == 'inet' or is_dual_stack(s)]
            own = [s for s in own if families != ['-6'] or s['family'] == 'inet6']
            said = [s for s in said if s['state'] != 'bound-inactive'] + own
        return said

    def test_against_ss(self):
        for mode in MODES:
            for choice in CHOICES:
                options = mode + choice
                with self.subTest(options=' '.join(options) or 'bare'):
                    said, document = lab.settled(
                        lambda: sorted(expected(self.oracle(mode, choice)), key=order),
                        lambda: lab.document(*options))
                    self.assertTrue(said)
                    self.assertTrue(document['complete'])
                    self.assertEqual(document['warnings'], [])
                    self.same(listed(document), said, FIELDS, ' '.join(options))

    def test_clusters_mean_the_same(self):
        """Options in one cluster, as they are typed to ss and netstat."""
        for cluster, options in (('-tuln', ['-t', '-u', '-l']), ('-tunap', ['-t', '-u', '-a']),
                                 ('-lt4', ['-l', '-t', '-4']), ('-tulpn', ['-l'])):
            with self.subTest(cluster=cluster):
                got, want = lab.settled(
                    lambda: listed(lab.document(*options)),
                    lambda: listed(lab.document(cluster)))
                self.assertEqual(got, want)

    def test_against_proc(self):
        """A second oracle, with another walk of the kernel's tables."""
        fields = ('protocol', 'family', 'state', 'local_address', 'local_port',
                  'remote_address', 'remote_port', 'recv_q', 'uid', 'inode')
        said, document = lab.settled(
            lambda: sorted(expected(lab.proc_net(), fields), key=order),
            lambda: lab.document('-a'))
        document['sockets'] = [s for s in document['sockets'] if s['state'] != 'bound-inactive']
        self.same(listed(document, fields), said, fields, '-a and /proc/net')

    def test_the_world_has_what_it_should(self):
        """The sets are worth comparing: nothing that matters is missing in them."""
        everything = self.oracle(['-a'], [])
        self.assertEqual({s['state'] for s in everything}, world.EVERY_STATE)
        for protocol in ('tcp', 'udp'):
            ports = {s['local_port'] for s in everything if s['protocol'] == protocol}
            self.assertLessEqual(set(world.BOUNDARIES), ports)
            self.assertEqual(sum(s['local_port'] in (8500, 9500) for s in everything
                                 if s['protocol'] == protocol), 4)
        self.assertTrue(any(is_dual_stack(s) and s['state'] == 'listen' for s in everything))
        self.assertTrue(any(is_dual_stack(s) and s['protocol'] == 'udp' for s in everything))
        for state in ('listen', 'established', 'time-wait'):
            self.assertTrue(any(is_mapped(s) and s['state'] == state for s in everything), state)
        for test in (lambda s: s['uid'] == world.NOBODY,
                     lambda s: s['interface'] == 'v0' and s['local_address'] == '0.0.0.0',
                     lambda s: s['interface'] == 'v0' and s['local_address'] == 'fe80::77',
                     lambda s: s['state'] == 'listen' and s['recv_q'] == 2,
                     lambda s: s['state'] == 'established' and s['recv_q'] == 14,
                     lambda s: s['state'] == 'established' and s['send_q'] == 4,
                     lambda s: s['protocol'] == 'udp' and s['recv_q'] > 0,
                     lambda s: s['state'] == 'established' and s['inode'] == 0,
                     lambda s: s['state'] == 'fin-wait-1' and s['inode'] == 0,
                     lambda s: s['state'] == 'fin-wait-1' and s['inode'] != 0,
                     lambda s: s['state'] == 'fin-wait-2' and s['inode'] == 0):
            self.assertTrue(any(test(s) for s in everything))

    def test_the_process_agrees(self):
        """A third oracle: the descriptors that this process holds, by SO_COOKIE and fstat()."""
        rows = {int(s['cookie'], 16): s for s in lab.document('-a')['sockets']}
        for name, sock in WORLD.held.items():
            with self.subTest(socket=name):
                row = rows.get(lab.cookie(sock))
                self.assertIsNotNone(row, 'not listed')
                self.assertEqual(row['inode'], lab.inode(sock))
                self.assertEqual(row['local_port'], sock.getsockname()[1])


if __name__ == '__main__':
    lab.main()

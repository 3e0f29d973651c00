#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Interfaces and their addresses as the library reads them, beside what ip says of them; and the
filter that names one. INTERFACE_LIST in the environment names the program that prints them."""

import errno
import json
import os
import subprocess
import unittest

import deny
import lab

MANY = 400  # more than fit into one datagram


def setUpModule():
    lab.need_tool('ip')
    batch = []
    for n in range(MANY):
        name = 'dev%d' % n
        if n % 2 == 0:
            batch.append('link add %s type veth peer name dev%d' % (name, n + 1))
        batch.append('addr add 10.%d.%d.1/24 broadcast + dev %s' % (n // 256, n % 256, name))
        batch.append('addr add 2001:db8:%x::1/64 dev %s' % (n, name))
    batch += [
        'link add a-name-15-bytes type veth peer name ppp7',
        'link property add dev a-name-15-bytes altname another-name-of-more-than-15-bytes',
        'addr add 192.0.2.1 peer 192.0.2.2 dev ppp7',
        'addr add 2001:db8:ffff::1 peer 2001:db8:ffff::2 dev ppp7',
        'addr add 192.0.2.77/31 label ppp7:alias dev ppp7',
        'link set ppp7 up',
    ]
    subprocess.run(['ip', '-batch', '-'], input='\n'.join(batch), text=True, check=True)


def by_ip():
    """The lines that interface-list should print."""
    lines = []
    links = json.loads(subprocess.run(['ip', '-j', 'addr'], stdout=subprocess.PIPE, text=True,
                                      check=True).stdout)
    for link in links:
        head = '%d %s ' % (link['ifindex'], link['ifname'])
        lines += [head + a['local'] + ' ' + a.get('broadcast', '-') for a in link['addr_info']]
        lines += [] if link['addr_info'] else [head + '- -']
    return sorted(lines)


class Interfaces(unittest.TestCase):
    def test_as_ip_has_them(self):
        shown = subprocess.run([os.environ['INTERFACE_LIST']], stdout=subprocess.PIPE, text=True,
                               check=True).stdout.splitlines()
        self.assertGreater(len(shown), 2 * MANY)
        self.assertEqual(sorted(shown), by_ip())

    def test_in_a_filter(self):
        held = lab.bound('udp', lab.socket.AF_INET, '0.0.0.0', 5353, device='a-name-15-bytes')
        for name in ('a-name-15-bytes', 'another-name-of-more-than-15-bytes'):
            shown = lab.document('-lu', 'dev', '=', name)['sockets']
            self.assertEqual([s['local_port'] for s in shown], [5353])
            self.assertEqual(shown[0]['interface'], 'a-name-15-bytes')
        for name in ('nosuch', 'no-such-name-of-more-than-15-bytes', 'x' * 200):
            r = lab.portscope('-l', 'dev', '=', name)
            self.assertEqual(r.returncode, 2)
            self.assertIn('unknown interface', r.stderr)
        held.close()

    def test_that_cannot_be_looked_up(self):
        """A look-up that fails is no wrong usage."""
        deny.need()
        r = lab.portscope('-l', 'dev', '=', 'lo', preexec_fn=lambda: deny.netlink(
            deny.NETLINK_ROUTE, errno.EMFILE))
        self.assertEqual(r.returncode, 3)
        self.assertIn('Too many open files', r.stderr)


if __name__ == '__main__':
    lab.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What portscope understands of a socket: every label, expected value written down for each."""

import errno
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

import lab
from lab import DUAL, FREEBIND, REUSEADDR, V6ONLY, bound, listener
from peer import ACK, SYN, Peer

V4, V6 = socket.AF_INET, socket.AF_INET6
HERE, THERE = '10.9.8.7', '10.9.8.66'

# address, device it is bound to, exposure. The addresses need not exist here (IP_FREEBIND).
EXPOSURE4 = (
    ('127.0.0.1', None, 'loopback'),
    ('127.255.255.254', None, 'loopback'),
    ('169.254.0.1', None, 'link'),
    ('169.254.255.254', None, 'link'),
    ('169.253.255.254', None, 'public'),
    ('10.0.0.1', None, 'private'),
    ('10.255.255.254', None, 'private'),
    ('11.0.0.1', None, 'public'),
    ('9.255.255.254', None, 'public'),
    ('172.15.255.254', None, 'public'),
    ('172.16.0.1', None, 'private'),
    ('172.31.255.254', None, 'private'),
    ('172.32.0.1', None, 'public'),
    ('192.168.0.1', None, 'private'),
    ('192.168.255.254', None, 'private'),
    ('192.167.255.254', None, 'public'),
    ('192.169.0.1', None, 'public'),
    ('100.63.255.254', None, 'public'),
    ('100.64.0.1', None, 'private'),
    ('100.127.255.254', None, 'private'),
    ('100.128.0.1', None, 'public'),
    ('203.0.113.9', None, 'public'),   # p0's own, which has no broadcast address
    ('192.168.7.1', None, 'private'),  # likewise
    ('203.0.113.10', None, 'public'),
    (HERE, None, 'private'),
    ('0.0.0.0', None, 'any'),
    ('0.0.0.0', 'lo', 'loopback'),
    ('0.0.0.0', 'v0', 'private'),      # 10.9.8.7, and a link-local address
    ('0.0.0.0', 'p0', 'public'),       # 203.0.113.9 beside 192.168.7.1
    ('0.0.0.0', 'n0', 'link'),         # no address at all
    ('10.0.0.1', 'n0', 'private'),     # an address says more than a device
)
EXPOSURE6 = (
    ('::1', None, 'loopback'),
    ('fe80::77%v0', None, 'link'),
    ('febf::1%v0', None, 'link'),
    ('fc00::1', None, 'private'),
    ('fdff:ffff::1', None, 'private'),
    ('fb00::1', None, 'public'),
    ('2001:db8::1', None, 'public'),
    ('::ffff:127.0.0.1', None, 'loopback'),
    ('::ffff:169.254.3.4', None, 'link'),
    ('::ffff:10.0.0.1', None, 'private'),
    ('::ffff:100.64.0.1', None, 'private'),
    ('::ffff:203.0.113.9', None, 'public'),
    ('::', None, 'any'),
    ('::', 'lo', 'loopback'),
    ('::', 'v0', 'link'),              # fe80::77; IPv6 alone does not reach 10.9.8.7
    ('::', 'n0', 'link'),
)
# UDP alone: addresses that reach every host of the link.
EXPOSURE_UDP = (
    (V4, '224.0.0.251', None, 'link'),
    (V4, '239.255.255.250', None, 'link'),
    (V4, '255.255.255.255', None, 'link'),
    (V4, '10.9.8.255', None, 'link'),  # the broadcast address of v0's network
    (V6, 'ff02::fb%v0', None, 'link'),
    (V6, 'ff05::2', None, 'link'),
)

RANGES = ((1, 'well-known'), (1023, 'well-known'), (1024, 'registered'), (49151, 'registered'),
          (49152, 'dynamic'), (65535, 'dynamic'))

# The namespace hands out 40000 to 40100, but for 40050.
EPHEMERAL = ((39999, False), (40000, True), (40049, True), (40050, False), (40051, True),
             (40100, True), (40101, False), (65535, False))

# Protocol, port, service: every port that a lesson on common ports names.
SERVICES = (
    ('tcp', 20, 'ftp-data'), ('tcp', 21, 'ftp'), ('tcp', 22, 'ssh'), ('tcp', 23, 'telnet'),
    ('tcp', 25, 'smtp'), ('tcp', 53, 'domain'), ('udp', 53, 'domain'), ('tcp', 80, 'http'),
    ('tcp', 110, 'pop3'), ('udp', 123, 'ntp'), ('udp', 137, 'netbios-ns'),
    ('udp', 138, 'netbios-dgm'), ('tcp', 139, 'netbios-ssn'), ('tcp', 143, 'imap'),
    ('udp', 161, 'snmp'), ('udp', 162, 'snmptrap'), ('tcp', 389, 'ldap'), ('tcp', 443, 'https'),
    ('tcp', 465, 'submissions'), ('udp', 514, 'syslog'), ('tcp', 636, 'ldaps'),
    ('tcp', 993, 'imaps'), ('tcp', 995, 'pop3s'),
)
SOURCES = {'portscope-services', 'site-services', 'preferred', 'de-facto', 'iana',
           'etc-services'}


def row_of(sock, *options):
    """The one row of a socket of ours."""
    return row_by_cookie(lab.cookie(sock), *options)


def row_by_cookie(number, *options):
    rows = [s for s in lab.document(*(options or ['-a']))['sockets']
            if int(s['cookie'], 16) == number]
    assert len(rows) == 1, (number, rows)
    return rows[0]


class Labels(unittest.TestCase):
    def setUp(self):
        # One namespace a test: no time-wait of an earlier one sits on a port.
        lab.enter()
        lab.veth('v0', 'v1')
        lab.veth('p0', 'p1')
        lab.veth('n0', 'n1')
        lab.address('v0', 'fe80::77/64')
        lab.ip('addr', 'add', HERE + '/24', 'brd', '10.9.8.255', 'dev', 'v0')
        lab.address('p0', '192.168.7.1/24', '203.0.113.9/24')
        lab.sysctl('ipv4/ip_local_port_range', '40000 40100')
        lab.sysctl('ipv4/ip_local_reserved_ports', '40050')
        self.open = []
        self.addCleanup(lambda: [s.close() for s in self.open])

    def keep(self, sock):
        self.open.append(sock)
        return sock

    def check(self, wanted, field):
        """wanted: pairs of a socket of ours and the value that its row must have."""
        rows = {int(s['cookie'], 16): s for s in lab.document('-a')['sockets']}
        for sock, value in wanted:
            with self.subTest(socket=sock.getsockname(), field=field):
                row = rows.get(lab.cookie(sock))
                self.assertIsNotNone(row, 'not listed')
                self.assertEqual(row[field], value, 'bound to %s' % row['interface'])

    def test_port_range(self):
        wanted = []
        for port, value in RANGES:
            wanted.append((self.keep(listener(V4, '127.0.0.1', port)), value))
            wanted.append((self.keep(bound('udp', V6, '::1', port)), value))
        self.check(wanted, 'port_range')

    def test_exposure(self):
        wanted = []
        for family, table in ((V4, EXPOSURE4), (V6, EXPOSURE6)):
            for host, device, value in table:
                options = [FREEBIND[family]]
                if family == V6 and not host.startswith('::ffff:'):
                    options.append(V6ONLY)
                port = 2000 + len(wanted)
                wanted.append((self.keep(listener(family, host, port, device=device,
                                                  options=options)), value))
                wanted.append((self.keep(bound('udp', family, host, port, device=device,
                                               options=options)), value))
        for family, host, device, value in EXPOSURE_UDP:
            wanted.append((self.keep(bound('udp', family, host, 2000 + len(wanted),
                                           device=device)), value))
        self.check(wanted, 'exposure')

    def test_exposure_of_dual_stack(self):
        sock = self.keep(listener(V6, '::', 2000, options=[DUAL]))
        device = self.keep(listener(V6, '::', 2001, options=[DUAL], device='v0'))
        self.check([(sock, 'any'), (device, 'private')], 'exposure')

    def test_ephemeral(self):
        wanted = []
        for port, value in EPHEMERAL:
            wanted.append((self.keep(listener(V4, '127.0.0.1', port)), value))
            wanted.append((self.keep(bound('udp', V4, '127.0.0.1', port)), value))
        self.check(wanted, 'ephemeral')

    def test_probable_client(self):
        """Only unconnected UDP on an ephemeral port, and last in -l."""
        early = self.keep(bound('udp', V4, '0.0.0.0', 40003))
        reserved = self.keep(bound('udp', V4, '0.0.0.0', 40050))
        late = self.keep(bound('udp', V6, '::1', 50000))
        connected = self.keep(bound('udp', V4, '127.0.0.1', 40004))
        connected.connect(('127.0.0.1', 50000))
        tcp = self.keep(listener(V4, '127.0.0.1', 40005))
        self.check([(early, True), (reserved, False), (late, False), (connected, False),
                    (tcp, False)], 'probable_client')
        ports = [s['local_port'] for s in lab.document('-l')['sockets']]
        self.assertEqual(ports, [40005, 40050, 50000, 40003])
        lines = lab.portscope('-lH').stdout.splitlines()
        self.assertIn(':40003', lines[-1])
        self.assertEqual(len(lines), 4)

    def test_direction(self):
        wide = self.keep(listener(V4, '0.0.0.0', 8080))
        narrow = self.keep(listener(V4, HERE, 8081))
        dual = self.keep(listener(V6, '::', 8082, options=[DUAL]))
        six = self.keep(listener(V6, '::', 8083, options=[V6ONLY]))
        ephemeral = self.keep(listener(V4, '127.0.0.1', 40007))
        wanted = [(s, 'listening') for s in (wide, narrow, dual, six, ephemeral)]

        def connect(family, at, host, server_is, client_is, port=0):
            client = self.keep(bound('tcp', family, '::1' if family == V6 else
                                     '127.0.0.1' if host.startswith('127') else HERE, port,
                                     options=[REUSEADDR]))
            client.connect((host, at.getsockname()[1]))
            server = self.keep(at.accept()[0])
            wanted.extend([(server, server_is), (client, client_is)])
            return client, server

        connect(V4, wide, '127.0.0.1', 'inbound', 'outbound')
        connect(V4, narrow, HERE, 'inbound', 'outbound')
        connect(V4, dual, '127.0.0.1', 'inbound', 'outbound')
        connect(V6, dual, '::1', 'inbound', 'outbound')
        connect(V6, six, '::1', 'inbound', 'outbound')
        # A port that nobody hands out and where nobody listens says nothing.
        connect(V4, wide, '127.0.0.1', 'inbound', None, port=39000)
        connect(V4, wide, '127.0.0.1', 'inbound', None, port=40050)
        # A listener elsewhere takes nothing: another address, another family.
        connect(V4, wide, '127.0.0.1', 'inbound', None, port=8081)
        connect(V4, wide, '127.0.0.1', 'inbound', None, port=8083)
        connect(V6, dual, '::1', 'inbound', None, port=8080)
        # But one that would take it is believed, even on a port that clients get.
        connect(V4, ephemeral, '127.0.0.1', 'inbound', 'outbound')

        wanted.append((self.keep(bound('tcp', V4, '127.0.0.1', 8090)), None))
        plain = self.keep(bound('udp', V4, '127.0.0.1', 8091))
        wanted.append((plain, 'listening'))
        for port in (0, 8092):
            connected = self.keep(bound('udp', V4, '127.0.0.1', port))
            connected.connect(('127.0.0.1', 8091))
            wanted.append((connected, None))
        self.check(wanted, 'direction')

        # The listeners count whatever is listed: bare, one family, one protocol.
        rows = [s for s in lab.document('-t', '-4')['sockets'] if s['local_port'] == 8080]
        self.assertEqual({s['direction'] for s in rows}, {'inbound'})
        # Without its listener an accepted connection is anybody's guess.
        wide.close()
        rows = [s for s in lab.document()['sockets']
                if s['local_port'] == 8080 and s['remote_port'] in (39000, 40050)]
        self.assertEqual([s['direction'] for s in rows], [None, None])

    def test_direction_of_halves(self):
        peer = Peer('v0', 'v1', HERE, THERE)
        self.keep(peer.wire)
        at = self.keep(listener(V4, HERE, 8080))
        peer.send(SYN, 7001, 8080, 1, 0)
        peer.receive(7001, 8080, SYN | ACK)
        out = self.keep(bound('tcp', V4, HERE, 39000))
        out.setblocking(False)
        self.assertEqual(out.connect_ex((THERE, 7)), errno.EINPROGRESS)
        self.check([(out, 'outbound'), (at, 'listening')], 'direction')
        self.check([(out, 'syn-sent')], 'state')
        half = [s for s in lab.document('-a')['sockets'] if s['state'] == 'syn-recv']
        self.assertEqual([(s['direction'], s['uid'], s['user'], s['inode'], s['remote_address'])
                          for s in half], [('inbound', None, None, None, THERE)])

    def test_time_wait_has_no_owner(self):
        at = self.keep(listener(V4, '127.0.0.1', 8080))
        client = self.keep(socket.create_connection(('127.0.0.1', 8080)))
        server = at.accept()[0]
        port = client.getsockname()[1]
        client.close()
        self.assertEqual(server.recv(1), b'')
        server.close()

        def waiting():
            return [s for s in lab.document('-a')['sockets']
                    if s['local_port'] == port and s['state'] == 'time-wait']
        row = lab.wait_for(waiting, 'time-wait')[0]
        self.assertEqual((row['uid'], row['user'], row['inode']), (None, None, None))
        self.assertEqual(row['direction'], 'outbound')

    def test_dual_stack_is_one_row(self):
        dual = [self.keep(listener(V6, '::', 8080, options=[DUAL])),
                self.keep(bound('udp', V6, '::', 8080, options=[DUAL]))]
        other = [self.keep(listener(V6, '::', 8081, options=[V6ONLY])),
                 self.keep(listener(V6, '::1', 8082)),
                 self.keep(listener(V4, '0.0.0.0', 8081))]
        for options in (['-l'], ['-a'], ['-l', '-4'], ['-l', '-6'], ['-l', '-4', '-6']):
            for sock in dual:
                with self.subTest(options=options):
                    row = row_of(sock, *options)
                    self.assertIs(row['dual_stack'], True)
                    self.assertEqual((row['family'], row['local_address']), ('inet6', '::'))
        self.check([(sock, False) for sock in other], 'dual_stack')
        # Tables write it as ss does.
        self.assertRegex(lab.portscope('-lt4H').stdout, r'(?m)^tcp +\*:8080 ')
        self.assertRegex(lab.portscope('-lt6H').stdout, r'(?m)^tcp +\[::\]:8081 ')
        self.assertRegex(lab.portscope('-lt4H').stdout, r'(?m)^tcp +0\.0\.0\.0:8081 ')

    def test_v4_mapped_is_shown_as_ipv4(self):
        at = self.keep(listener(V6, '::', 8080, options=[DUAL]))
        client = self.keep(socket.create_connection(('127.0.0.1', 8080)))
        server = self.keep(at.accept()[0])
        for options in ([], ['-4'], ['-6']):
            with self.subTest(options=options):
                row = row_of(server, *options)
                self.assertEqual((row['family'], row['local_address'], row['remote_address']),
                                 ('inet6', '::ffff:127.0.0.1', '::ffff:127.0.0.1'))
                self.assertEqual(row['exposure'], 'loopback')
        port = client.getsockname()[1]
        self.assertRegex(lab.portscope('-H').stdout,
                         r'(?m)^tcp +ESTAB .* 127\.0\.0\.1:8080 +127\.0\.0\.1:%d ' % port)

    def test_services(self):
        wanted = []
        for protocol, port, name in SERVICES:
            make = listener if protocol == 'tcp' else lambda *a: bound('udp', *a)
            wanted.append((self.keep(make(V4, '127.0.0.1', port)), name))
        self.check(wanted, 'service')
        rows = lab.document('-l')['sockets']
        self.assertLessEqual({s['service_source'] for s in rows}, SOURCES)
        self.assertEqual({s['service_hint'] for s in rows}, {False})

    def test_service_of_no_one(self):
        """A port without a name, and a name that is a guess."""
        nothing = self.keep(listener(V4, '127.0.0.1', 65001))
        guess = self.keep(listener(V4, '127.0.0.1', 4444))
        refuted = self.keep(listener(V4, '127.0.0.1', 3000))
        row = row_of(nothing)
        self.assertEqual((row['service'], row['service_source'], row['service_hint']),
                         (None, None, None))
        row = row_of(guess)
        self.assertEqual((row['service_source'], row['service_hint']), ('de-facto', True))
        self.assertRegex(lab.portscope('-ltH').stdout,
                         r'(?m)^tcp +127\.0\.0\.1:4444 +%s\? ' % row['service'])
        # This is python, and what the port is guessed to be for is known to be another program.
        row = row_of(refuted)
        self.assertEqual((row['service'], row['service_source'], row['service_hint']),
                         (None, None, None))
        self.assertEqual(row['port_service'], 'grafana')

    def started(self, port, *command):
        """Starts what listens on a port, and gives its row."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        rows = []

        def listens():
            self.assertIsNone(process.poll(), 'it ended')
            rows[:] = [s for s in lab.document('-lt')['sockets'] if s['local_port'] == port]
            return rows
        lab.wait_for(listens, 'port %d is open' % port)
        return rows[0]

    def test_program(self):
        """What the holder is known to speak is the label, wherever it listens."""
        row = self.started(8123, '/usr/bin/python3', '-m', 'http.server', '-b', '127.0.0.1', '8123')
        self.assertEqual((row['service'], row['service_source'], row['service_hint']),
                         ('http', 'program', False))
        self.assertEqual(row['port_service'], 'home-assistant')

    def test_program_by_name(self):
        """A file that anybody may have put there makes a guess, and no more."""
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            copy = shutil.copy('/usr/bin/python3', os.path.join(folder, 'iperf3'))
            script = 'import socket, time; s = socket.create_server(("127.0.0.1", %d)); ' \
                     'time.sleep(600)'
            row = self.started(8123, copy, '-c', script % 8123)
            self.assertEqual((row['service'], row['service_source'], row['service_hint']),
                             ('iperf3', 'program', True))
            # It does not take the place of a name that is no guess.
            row = self.started(80, copy, '-c', script % 80)
            self.assertEqual((row['service'], row['service_source']), ('http', 'iana'))

    def test_host_has_no_part(self):
        """Everything that was asked is about this namespace: its sockets, its number."""
        sock = self.keep(listener(V4, '127.0.0.1', 8080))
        document = lab.document('-a')
        self.assertEqual([int(s['cookie'], 16) for s in document['sockets']
                          if s['state'] == 'listen'], [lab.cookie(sock)])
        number = os.stat('/proc/self/ns/net').st_ino
        self.assertEqual(document['host']['netns'], number)
        self.assertEqual({s['netns'] for s in document['sockets']}, {number})


if __name__ == '__main__':
    lab.main()

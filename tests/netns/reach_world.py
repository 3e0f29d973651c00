# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host with two interfaces to the outside and one to a host behind it, each end in a network
namespace of its own, and real packets between them.

    A (172.16.0.0/12, fd01::/32, ...) -- e0 [host] e1 -- B (192.168.0.0/16, fd02::/32, ...)
                                             e2
                                             |
                                             C (10.9.3.2, fd09:3::2), a target of DNAT

A and B own whole prefixes, so that packets can be sent from any address in them.
"""

import ctypes
import errno
import json
import os
import select
import socket
import struct
import subprocess
import time

import lab

V4, V6 = socket.AF_INET, socket.AF_INET6
PORTS = [22, 25, 53, 80, 81, 99, 100, 101, 123, 443, 444, 500, 631, 1023, 1024, 2049, 5353, 5432,
         8000, 8080, 8443, 9000, 30000, 65535]
OUTSIDE = {'e0': ['172.16.0.0/12', '203.0.113.0/24', 'fd01::/32', '2001:db8:1::/48'],
           'e1': ['192.168.0.0/16', '198.51.100.0/24', 'fd02::/32', '2001:db8:2::/48']}
HOST = {'e0': ('10.9.1.1', 'fd09:1::1'), 'e1': ('10.9.2.1', 'fd09:2::1'),
        'e2': ('10.9.3.1', 'fd09:3::1')}
PEER = {'e0': ('10.9.1.2', 'fd09:1::2'), 'e1': ('10.9.2.2', 'fd09:2::2'),
        'e2': ('10.9.3.2', 'fd09:3::2')}
GROUP = {'e0': 0, 'e1': 7, 'e2': 7}

libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    def __init__(self, make=True):
        if make and libc.unshare(lab.CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), 'unshare')
        self.fd = os.open('/proc/self/ns/net', os.O_RDONLY)

    def __enter__(self):
        self.back = os.open('/proc/self/ns/net', os.O_RDONLY)
        if libc.setns(self.fd, lab.CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), 'setns')
        return self

    def __exit__(self, *_):
        libc.setns(self.back, lab.CLONE_NEWNET)
        os.close(self.back)

    @property
    def path(self):
        return '/proc/%d/fd/%d' % (os.getpid(), self.fd)


def listeners():
    """A TCP and a UDP socket on every port, for both families."""
    found = []
    for port in PORTS:
        for kind in 'tcp', 'udp':
            s = lab.bound(kind, V6, '::', port, options=[lab.DUAL, lab.REUSEADDR])
            if kind == 'tcp':
                s.listen(512)
            s.setblocking(False)
            found.append(s)
    return found


class World:
    def __init__(self):
        self.host = Namespace(False)
        self.outside = {}
        for name in 'e0', 'e1', 'e2':
            with self.host:
                self.outside[name] = Namespace()
                lab.ip('link', 'set', 'lo', 'up')
                lab.sysctl('ipv6/conf/default/accept_dad', '0')
                lab.sysctl('ipv6/conf/all/accept_dad', '0')
            lab.ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'p', 'netns',
                   self.outside[name].path)
            self.connect(name)
        lab.sysctl('ipv4/ip_forward', '1')
        lab.sysctl('ipv6/conf/all/forwarding', '1')
        for name in 'all', 'e0', 'e1', 'e2':
            lab.sysctl('ipv4/conf/%s/rp_filter' % name, '0')
        self.sockets = [('host', s) for s in listeners()]
        with self.outside['e2']:
            self.sockets += [('behind', s) for s in listeners()]
        self.taps = {}
        self.poll = select.epoll()
        self.by_fd = {}
        for where, s in self.sockets:
            self.by_fd[s.fileno()] = where, s
            self.poll.register(s.fileno(), select.EPOLLIN)
        for name in 'e0', 'e1', 'e2':
            self.tap(name)
        self.sport = 1024
        self.round = 0

    def connect(self, name):
        mine, theirs = HOST[name], PEER[name]
        lab.address(name, mine[0] + '/24', mine[1] + '/64')
        lab.ip('link', 'set', name, 'group', str(GROUP[name]), 'up')
        with self.outside[name]:
            lab.address('p', theirs[0] + '/24', theirs[1] + '/64')
            lab.ip('link', 'set', 'p', 'up')
            lab.sysctl('ipv6/ip_nonlocal_bind', '1')
            for prefix in OUTSIDE.get(name, []):
                lab.ip('route', 'add', 'local', prefix, 'dev', 'lo')
            for address in mine:
                lab.ip('route', 'add', 'default', 'via', address)
        self.introduce(name)
        for prefix in OUTSIDE.get(name, []):
            lab.ip('route', 'add', prefix, 'via', theirs[':' in prefix], 'dev', name)

    @staticmethod
    def link_layer(device):
        shown = subprocess.run([lab.need_tool('ip'), '-j', 'link', 'show', device],
                               capture_output=True, check=True)
        return json.loads(shown.stdout)[0]['address']

    def introduce(self, name):
        """Fixed link-layer addresses: rules may drop what asks for them."""
        def meet(device, addresses, link):
            for a in addresses:
                lab.ip('neigh', 'replace', a, 'lladdr', link, 'dev', device, 'nud', 'permanent')
        mine = self.link_layer(name)
        with self.outside[name]:
            theirs = self.link_layer('p')
            meet('p', HOST[name], mine)
        meet(name, PEER[name], theirs)

    def next_port(self):
        self.sport = self.sport + 1 if self.sport < 65534 else 1024
        return self.sport

    def send(self, kind, interface, destination, port, source):
        """Sends one packet; what is sent, and the socket while it must live."""
        family = V6 if ':' in source else V4
        with self.outside[interface]:
            s = socket.socket(family, socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
        s.setblocking(False)
        # Another socket of an earlier round may still have the port.
        while True:
            sport = self.next_port()
            try:
                s.bind((source, sport))
                break
            except OSError as e:
                if e.errno != errno.EADDRINUSE:
                    raise
        key = (kind, source, sport)
        if kind == 'udp':
            try:
                s.sendto(struct.pack('!I', self.round), (destination, port))
            except OSError as e:
                if e.errno not in (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.EPERM):
                    raise
        else:
            s.connect_ex((destination, port))
        return key, s

    @staticmethod
    def plain(address):
        return address[7:] if address.startswith('::ffff:') else address

    def tap(self, name):
        """Looks at the packets themselves: rules may drop what follows the first of a connection."""
        with self.outside[name]:
            s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
            s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20) # SO_RCVBUFFORCE
            s.bind(('p', 3))
        s.setblocking(False)
        self.taps[s.fileno()] = name == 'e2', s
        self.poll.register(s.fileno(), select.EPOLLIN)

    @staticmethod
    def tapped(behind, s):
        """SYN packets that reached the host behind, and what the host answered to others."""
        found = {}
        while True:
            try:
                data, meta = s.recvfrom(2048)
            except BlockingIOError:
                return found
            if meta[2] == 4: # PACKET_OUTGOING
                continue
            six = data[0] >> 4 == 6
            at = 40 if six else (data[0] & 15) * 4
            if data[6 if six else 9] != 6 or data[at + 13] & 0x12 != (2 if behind else 0x12):
                continue
            source, to = (data[8:24], data[24:40]) if six else (data[12:16], data[16:20])
            sport, dport = struct.unpack('!HH', data[at:at + 4])
            family = V6 if six else V4
            if behind:
                found['tcp', socket.inet_ntop(family, source), sport] = (
                    'behind', socket.inet_ntop(family, to), dport)
            else:
                found['tcp', socket.inet_ntop(family, to), dport] = None, None, None

    def arrivals(self, timeout):
        """What has come in by now: (kind, source, source port) → (where, address, port)."""
        found, answered = {}, {}
        for fd, _ in self.poll.poll(timeout):
            if fd in self.taps:
                answered.update(self.tapped(*self.taps[fd]))
            else:
                found.update(self.received(*self.by_fd[fd]))
        answered.update(found)
        return answered

    def received(self, where, s):
        found = {}
        port = s.getsockname()[1]
        while True:
            try:
                if s.type == socket.SOCK_STREAM:
                    c, peer = s.accept()
                    at = self.plain(c.getsockname()[0])
                    # Ends with RST, so that nothing lingers.
                    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                    c.close()
                    found['tcp', self.plain(peer[0]), peer[1]] = where, at, port
                else:
                    data, peer = s.recvfrom(64)
                    if struct.unpack('!I', data)[0] == self.round:
                        found['udp', self.plain(peer[0]), peer[1]] = where, None, port
            except BlockingIOError:
                return found

    @staticmethod
    def note(found, more):
        for key, where in more.items():
            if where[0] or key not in found:
                found[key] = where

    def deliver(self, packets, expected):
        """Sends all, and tells what arrived; waits long only for what is expected."""
        self.round += 1
        sent, keep = [], []
        for packet in packets:
            key, s = self.send(*packet)
            sent.append(key)
            keep.append(s)
        found = {}
        wanted = {key for key, e in zip(sent, expected) if e}
        deadline = time.monotonic() + 10
        while wanted - found.keys() and time.monotonic() < deadline:
            self.note(found, self.arrivals(0.05))
        # What nobody expects has been sent before what has come: veth keeps the order.
        while True:
            more = self.arrivals(0.01)
            self.note(found, more)
            if not more:
                break
        for s in keep:
            if s.type == socket.SOCK_STREAM:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            s.close()
        return [found.get(key) for key in sent]


def ask(program, packets):
    """What portscope says of each packet."""
    text = ''.join('%s %s %s %d %s\n' % p for p in packets)
    done = subprocess.run([program], input=text, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError('%s: %s' % (program, done.stderr))
    return done.stdout.splitlines()

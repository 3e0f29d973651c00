# SPDX-License-Identifier: LGPL-2.1-or-later
"""A namespace with a socket of every kind: what the tests compare listings over.

v0 (10.9.8.7) and v1 are a veth pair; 10.9.8.66 is a peer that lives behind v1 in this process
(see peer.py), so that connections can stand still in any state.
"""

import errno
import os
import select
import socket

import lab
from lab import DUAL, REUSEPORT, V6ONLY, bound, listener
from peer import ACK, SYN, Peer

V4, V6 = socket.AF_INET, socket.AF_INET6
HERE, THERE = '10.9.8.7', '10.9.8.66'
NOBODY = 65534

# What must be found in the namespace for the tests to mean anything.
EVERY_STATE = {'listen', 'established', 'syn-sent', 'syn-recv', 'fin-wait-1', 'fin-wait-2',
               'time-wait', 'close-wait', 'last-ack', 'closing', 'unconnected', 'bound-inactive'}
BOUNDARIES = (1, 1023, 1024, 49151, 49152, 65535)


class World:
    def __init__(self):
        lab.veth('v0', 'v1')
        lab.address('v0', HERE + '/24', 'fe80::77/64', 'fd00:9::7/64')
        self.peer = Peer('v0', 'v1', HERE, THERE)
        self.held = {}       # name → socket, as far as this process holds it
        self.connections = []
        self.listeners()
        self.datagrams()
        self.pairs()
        self.halves()
        lab.wait_for(self.ready, 'every state is there')

    def keep(self, name, sock):
        assert name not in self.held
        self.held[name] = sock
        return sock

    def listeners(self):
        keep = self.keep
        keep('any4', listener(V4, '0.0.0.0', 8004))
        keep('any6', listener(V6, '::', 8006, options=[V6ONLY]))
        keep('dual', listener(V6, '::', 8046, backlog=7, options=[DUAL]))
        keep('v6only beside', listener(V6, '::', 8004, options=[V6ONLY]))
        keep('loop4', listener(V4, '127.0.0.1', 8104))
        keep('loop6', listener(V6, '::1', 8106))
        keep('mapped', listener(V6, '::ffff:127.0.0.1', 8107, options=[DUAL]))
        keep('here', listener(V4, HERE, 8204))
        keep('ula', listener(V6, 'fd00:9::7', 8206))
        keep('link', listener(V6, 'fe80::77%v0', 8306))
        keep('device4', listener(V4, '0.0.0.0', 8404, device='v0'))
        keep('device6', listener(V6, '::', 8406, device='v0', options=[V6ONLY]))
        keep('device dual', listener(V6, '::', 8446, device='v0', options=[DUAL]))
        for n in range(4):
            keep('group %d' % n, listener(V4, '0.0.0.0', 8500, options=[REUSEPORT]))
        for port in BOUNDARIES:
            keep('tcp %d' % port, listener(V4, '127.0.0.1', port))
            keep('udp %d' % port, bound('udp', V6, '::1', port))
        keep('inactive4', bound('tcp', V4, '127.0.0.1', 8604))
        keep('inactive6', bound('tcp', V6, '::', 8606, options=[V6ONLY]))
        keep('inactive dual', bound('tcp', V6, '::', 8646, options=[DUAL]))
        # Another user's: the kernel notes the user who made the socket.
        os.seteuid(NOBODY)
        keep('nobody tcp', listener(V4, '127.0.0.1', 8700))
        keep('nobody udp', bound('udp', V4, '127.0.0.1', 8700))
        os.seteuid(0)

    def datagrams(self):
        keep = self.keep
        keep('udp any4', bound('udp', V4, '0.0.0.0', 9004))
        keep('udp any6', bound('udp', V6, '::', 9006, options=[V6ONLY]))
        keep('udp dual', bound('udp', V6, '::', 9046, options=[DUAL]))
        keep('udp link', bound('udp', V6, 'fe80::77%v0', 9306))
        keep('udp device', bound('udp', V4, '0.0.0.0', 9404, device='v0'))
        for n in range(4):
            keep('udp group %d' % n, bound('udp', V4, '127.0.0.1', 9500, options=[REUSEPORT]))
        keep('udp ephemeral4', bound('udp', V4, '0.0.0.0', 0))
        keep('udp ephemeral6', bound('udp', V6, '::', 0, options=[V6ONLY]))
        loud = keep('udp connected4', bound('udp', V4, '127.0.0.1', 9104))
        loud.connect(('127.0.0.1', 9004))
        loud.send(b'unread')
        keep('udp connected6', bound('udp', V6, '::1', 9106)).connect(('::1', 9006))
        keep('udp connected ephemeral', socket.socket(V4, socket.SOCK_DGRAM)).connect(
            (HERE, 9004))
        keep('udp connected mapped', bound('udp', V6, '::', 0, options=[DUAL])).connect(
            ('::ffff:127.0.0.1', 9004))
        lab.wait_for(lambda: select.select([self.held['udp any4']], [], [], 0)[0],
                     'the datagram has arrived')

    def pair(self, name, at, host, family=V4):
        """Both ends of a connection to the listener `at`."""
        client = self.keep(name + ' client', socket.socket(family, socket.SOCK_STREAM))
        server = self.held[at]
        client.connect(lab.endpoint(family, host, server.getsockname()[1]))
        return client, self.keep(name + ' server', server.accept()[0])

    def pairs(self):
        self.pair('pair4', 'any4', '127.0.0.1')
        client, _ = self.pair('pair6', 'loop6', '::1', V6)
        client.send(b'read by nobody')
        self.pair('pair dual6', 'dual', '::1', V6)
        self.pair('pair dual4', 'dual', '127.0.0.1')
        self.pair('pair link', 'link', 'fe80::77%v0', V6)
        # Time-wait on the side that closes first; nobody holds it.
        for at, host, family in (('loop4', '127.0.0.1', V4), ('dual', '127.0.0.1', V4),
                                 ('any6', '::1', V6)):
            client = socket.create_connection((host, self.held[at].getsockname()[1]))
            self.held[at].accept()[0].close()
            lab.wait_for(lambda: client.recv(1) == b'', 'the end of the connection is seen')
            client.close()
        # The two ends of a half-closed connection.
        client, _ = self.pair('half', 'loop4', '127.0.0.1')
        client.shutdown(socket.SHUT_WR)
        # Waiting to be accepted: the queue of the listener.
        for n in range(2):
            self.keep('waiting %d' % n, socket.create_connection(('127.0.0.1', 8046)))
        self.keep('waiting for nobody', socket.create_connection(('127.0.0.1', 8700)))

    def opened(self, name, port):
        """A connection from here to the peer's port, taken by it."""
        s = self.keep(name, bound('tcp', V4, HERE, 0))
        s.setblocking(False)
        assert s.connect_ex((THERE, port)) == errno.EINPROGRESS
        c = self.peer.connection(port, s.getsockname()[1])
        lab.wait_for(lambda: select.select([], [s], [], 0)[1], name + ' is connected')
        self.connections.append(c)
        return s, c

    def halves(self):
        """The states that two live ends would leave at once."""
        s = self.keep('syn-sent', bound('tcp', V4, HERE, 0))
        s.setblocking(False)
        assert s.connect_ex((THERE, 7)) == errno.EINPROGRESS

        self.peer.send(SYN, 7001, 8204, 1, 0)
        self.peer.receive(7001, 8204, SYN | ACK)

        s, _ = self.opened('unacknowledged', 7)
        s.send(b'lost')

        s, _ = self.opened('fin-wait-1', 7)
        s.shutdown(socket.SHUT_WR)
        s, _ = self.opened('fin-wait-1 orphan', 7)
        self.drop('fin-wait-1 orphan')

        s, c = self.opened('fin-wait-2', 7)
        s.shutdown(socket.SHUT_WR)
        c.take_fin()
        # The kernel keeps an orphan in this state as a time-wait socket.
        s, c = self.opened('fin-wait-2 orphan', 7)
        self.drop('fin-wait-2 orphan')
        c.take_fin()

        s, c = self.opened('close-wait', 7)
        c.fin()

        for name in ('last-ack', 'last-ack orphan'):
            s, c = self.opened(name, 7)
            c.fin()
            lab.wait_for(lambda: s.recv(1) == b'' if select.select([s], [], [], 0)[0] else False,
                         'the FIN of the peer is seen')
            s.shutdown(socket.SHUT_WR)
        self.drop('last-ack orphan')

        s, c = self.opened('closing', 7)
        s.shutdown(socket.SHUT_WR)
        c.peer.receive(c.port, c.local_port, 1)
        c.fin()

    def drop(self, name):
        self.held.pop(name).close()

    def ready(self):
        seen = {s['state'] for s in lab.ss('-a')}
        return seen | {'bound-inactive'} == EVERY_STATE

    def inactive(self):
        """The bound-inactive sockets as an oracle would write them."""
        result = []
        for sock in self.held.values():
            if sock.type != socket.SOCK_STREAM or not self.is_closed(sock):
                continue
            name = sock.getsockname()
            six = sock.family == V6
            result.append({
                'protocol': 'tcp', 'family': 'inet6' if six else 'inet',
                'state': 'bound-inactive', 'local_address': name[0], 'local_port': name[1],
                'remote_address': None, 'remote_port': None, 'interface': None,
                'recv_q': 0, 'send_q': 0, 'uid': 0, 'inode': lab.inode(sock),
                'cookie': lab.cookie(sock),
                'v6only': bool(sock.getsockopt(*V6ONLY[:2])) if six else None,
            })
        return result

    @staticmethod
    def is_closed(sock):
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 7

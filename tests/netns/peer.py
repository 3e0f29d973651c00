# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TCP peer that never answers unless told to.

It stands at the far end of a veth pair and writes its segments itself, through a packet socket,
so that a test can leave the kernel's half of a connection in any state for as long as it likes:
two real sockets leave the short ones (syn-recv, fin-wait-1, closing, last-ack) within a round
trip.
"""

import select
import socket
import struct

import lab

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ETH_P_IP = 0x0800


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Peer:
    """`host`, an address that nobody has, reached through `device`, heard at `far`."""

    def __init__(self, device, far, local, host):
        self.local, self.host, self.device = local, host, device
        self.hardware = {}
        for name in (device, far):
            with open('/proc/self/net/dev') as f:
                assert name + ':' in f.read()
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            s.bind((name, 0))
            self.hardware[name] = s.getsockname()[4]
            s.close()
        self.far = far
        lab.ip('neigh', 'replace', host, 'lladdr', self.hardware[far].hex(':'),
               'dev', device, 'nud', 'permanent')
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
        self.wire.bind((far, ETH_P_IP))

    def send(self, flags, port, local_port, seq, ack):
        """Sends one segment from host:port to the kernel's local_port."""
        src, dst = socket.inet_aton(self.host), socket.inet_aton(self.local)
        tcp = struct.pack('!HHIIBBHHH', port, local_port, seq & 0xffffffff, ack & 0xffffffff,
                          5 << 4, flags, 65535, 0, 0)
        pseudo = src + dst + struct.pack('!BBH', 0, socket.IPPROTO_TCP, len(tcp))
        tcp = tcp[:16] + struct.pack('!H', checksum(pseudo + tcp)) + tcp[18:]
        head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), 0, 0, 64,
                           socket.IPPROTO_TCP, 0, src, dst)
        head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
        self.wire.send(self.hardware[self.device] + self.hardware[self.far]
                       + struct.pack('!H', ETH_P_IP) + head + tcp)

    def receive(self, port, local_port, flags):
        """Waits for a segment of the kernel's local_port that has all `flags`; gives its sequence
        number and the acknowledgement in it."""
        while select.select([self.wire], [], [], 10)[0]:
            frame, origin = self.wire.recvfrom(65536)
            if origin[2] == socket.PACKET_OUTGOING:
                continue
            ihl = (frame[14] & 15) * 4
            if frame[14] >> 4 != 4 or frame[23] != socket.IPPROTO_TCP:
                continue
            sport, dport, seq, ack, _, got = struct.unpack_from('!HHIIBB', frame, 14 + ihl)
            if (sport, dport) == (local_port, port) and got & flags == flags and not got & RST:
                return seq, ack
        raise AssertionError('no segment came from port %d' % local_port)

    def connection(self, port, local_port):
        """A connection that the kernel opened from local_port to us, taken and established."""
        return Connection(self, port, local_port)


class Connection:
    """One connection of the kernel to a peer, and what the peer may do in it."""

    def __init__(self, peer, port, local_port):
        self.peer, self.port, self.local_port = peer, port, local_port
        self.seq = 1000
        self.ack = self.peer.receive(port, local_port, SYN)[0] + 1
        self.send(SYN | ACK)
        self.seq += 1

    def send(self, flags):
        self.peer.send(flags, self.port, self.local_port, self.seq, self.ack)

    def fin(self):
        """Closes our direction, without taking note of theirs."""
        self.send(FIN | ACK)
        self.seq += 1

    def take_fin(self):
        """Acknowledges the kernel's FIN."""
        self.ack = self.peer.receive(self.port, self.local_port, FIN)[0] + 1
        self.send(ACK)

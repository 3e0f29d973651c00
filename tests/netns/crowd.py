# SPDX-License-Identifier: LGPL-2.1-or-later
"""More sockets than world.py has: a crowd that filters can choose from."""

import socket

import lab


def mark(value):
    return socket.SOL_SOCKET, socket.SO_MARK, value


def crowd():
    """Fills the namespace up: sockets that differ in port, address, mark, device and binding."""
    held = []
    for n in range(60):
        held.append(lab.bound('udp', socket.AF_INET, '127.0.0.%d' % (1 + n % 7), 20000 + n * 97,
                              options=[mark(n % 5)]))
        held.append(lab.bound('udp', socket.AF_INET6, '::1', 20000 + n * 131,
                              options=[mark(n % 3)]))
        held.append(lab.listener(socket.AF_INET, '127.0.%d.1' % (n % 5), 0,
                                 device='lo' if n % 4 == 0 else None, options=[mark(n % 4)]))
        held.append(lab.bound('udp', socket.AF_INET6, '::', 0, options=[lab.DUAL]))
        held[-1].connect(('::ffff:127.0.0.%d' % (1 + n % 9), 1 + n))
    return held

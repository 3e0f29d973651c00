# SPDX-License-Identifier: LGPL-2.1-or-later
"""Takes system calls from a process with a seccomp filter, as a container's profile does."""

import ctypes
import errno
import platform
import struct
import sys

import lab

ERRORS = (('EPERM', errno.EPERM), ('EPROTONOSUPPORT', errno.EPROTONOSUPPORT))

AF_NETLINK, NETLINK_ROUTE, NETLINK_SOCK_DIAG = 16, 0, 4
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, MODE_FILTER = 22, 38, 2
# The numbers of socket(2) and bpf(2), by machine.
SOCKET = {'x86_64': 41, 'aarch64': 198, 'riscv64': 198, 'loongarch64': 198, 'armv7l': 281,
          'ppc64le': 326, 's390x': 359}
BPF = {'x86_64': 321, 'aarch64': 280, 'riscv64': 280, 'loongarch64': 280, 'armv7l': 386,
       'ppc64le': 361, 's390x': 351}
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7fff0000, 0x00050000


class Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_void_p)]


def install(*instructions):
    """Filters the system calls of this process, and of what it starts, from now on."""
    memory = ctypes.create_string_buffer(b''.join(struct.pack('=HBBI', *i) for i in instructions))
    program = Program(len(instructions), ctypes.addressof(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or \
            libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), 'seccomp')


def sock_diag(error):
    """Makes socket(AF_NETLINK, *, NETLINK_SOCK_DIAG) fail with `error` from now on."""
    netlink(NETLINK_SOCK_DIAG, error)


def netlink(protocol, error):
    """Makes socket(AF_NETLINK, *, protocol) fail with `error` from now on."""
    low = 4 if sys.byteorder == 'big' else 0  # the half of an argument that counts
    install(
        (LOAD, 0, 0, 0),
        (JUMP_EQUAL, 0, 5, SOCKET[platform.machine()]),
        (LOAD, 0, 0, 16 + low),
        (JUMP_EQUAL, 0, 3, AF_NETLINK),
        (LOAD, 0, 0, 32 + low),
        (JUMP_EQUAL, 0, 1, protocol),
        (RETURN, 0, 0, FAIL | error),
        (RETURN, 0, 0, ALLOW))


def bpf(error):
    """Makes every bpf(2) fail with `error` from now on."""
    install(
        (LOAD, 0, 0, 0),
        (JUMP_EQUAL, 0, 1, BPF[platform.machine()]),
        (RETURN, 0, 0, FAIL | error),
        (RETURN, 0, 0, ALLOW))


def all_but_procfs(error):
    """Leaves /proc/net as the only collector."""
    sock_diag(error)
    bpf(error)


def need():
    lab.need(platform.machine() in SOCKET, 'no seccomp filter for ' + platform.machine())

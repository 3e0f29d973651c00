# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the namespace tests share: a network namespace of their own, the program under test, and
two oracles for it (ss and /proc/net), both parsed into the same dictionaries that --json has.

Every test script is a unittest module that ends with lab.main(). It runs the program that the
environment variable PORTSCOPE names, or the first argument. Without the privilege to make a
namespace it ends with status 77 (skipped) and says why; where PORTSCOPE_CI is set that is a
failure, so that a whole suite cannot be skipped unseen.
"""

import atexit
import ctypes
import functools
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

CLONE_NEWNET = 0x40000000
SKIPPED = 77
NOBODY = 65534

# Options of setsockopt() that Python's socket module does not name everywhere.
SO_COOKIE = 57
IP_FREEBIND = 15
IPV6_FREEBIND = 78

program = None


def refuse(reason):
    """Ends the script: what the test needs is not there."""
    if os.environ.get('PORTSCOPE_CI'):
        sys.exit('FAILED, PORTSCOPE_CI allows no skipping: ' + reason)
    print('SKIPPED: ' + reason)
    sys.stdout.flush()
    os._exit(SKIPPED)


def need(condition, reason):
    if not condition:
        refuse(reason)


def need_tool(name):
    path = shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')
    need(path, name + ' is not installed')
    return path


def enter():
    """Moves this process, and what it starts from now on, into a new network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        refuse('no network namespace of our own: ' + os.strerror(ctypes.get_errno()))
    ip('link', 'set', 'lo', 'up')
    need(os.path.exists('/proc/self/net/if_inet6'), 'the kernel has no IPv6')
    # No link-local addresses but those that a test adds.
    sysctl('ipv6/conf/default/addr_gen_mode', '1')


def ip(*args):
    subprocess.run([need_tool('ip'), *args], check=True)


def sysctl(name, value):
    with open('/proc/sys/net/' + name, 'w') as f:
        f.write(value)


def veth(name, peer):
    """Makes a veth pair that is up and has no address."""
    ip('link', 'add', name, 'type', 'veth', 'peer', 'name', peer)
    ip('link', 'set', name, 'up')
    ip('link', 'set', peer, 'up')


def address(device, *addresses):
    """Adds addresses that can be bound at once."""
    for a in addresses:
        ip('addr', 'add', a, 'dev', device, *(['nodad'] if ':' in a else []))


def need_unshare(*options):
    """Ends the script where unshare(1) cannot do this, as in a container, or in a chroot, whose
    root is no mount point whose propagation could be changed. Returns the command."""
    command = [need_tool('unshare'), *options]
    r = subprocess.run([*command, 'true'], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                       text=True)
    need(r.returncode == 0, 'no namespaces of our own: ' + r.stderr.strip())
    return command


def wait_for(condition, what, seconds=10):
    """Waits until condition() is true and returns what it said."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError('this did not come to pass: ' + what)
        time.sleep(0.002)


# Sockets.

def endpoint(family, host, port):
    """What bind() and connect() want; a link-local host may have a scope."""
    if family == socket.AF_INET:
        return host, port
    host, _, scope = host.partition('%')
    return host, port, 0, socket.if_nametoindex(scope) if scope else 0


def bound(kind, family, host, port, device=None, options=()):
    """A bound socket; kind 'tcp' or 'udp'."""
    s = socket.socket(family, socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
    for option in options:
        s.setsockopt(*option)
    if device:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    s.bind(endpoint(family, host, port))
    return s


def listener(family, host, port, backlog=16, **kw):
    s = bound('tcp', family, host, port, **kw)
    s.listen(backlog)
    return s


V6ONLY = (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
DUAL = (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
REUSEADDR = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
REUSEPORT = (socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
FREEBIND = {socket.AF_INET: (socket.IPPROTO_IP, IP_FREEBIND, 1),
            socket.AF_INET6: (socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)}


def cookie(sock):
    return struct.unpack('=Q', sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]


def inode(sock):
    return os.fstat(sock.fileno()).st_ino


# The program under test.

def portscope(*args, **kw):
    """Runs the program; text in and out unless asked otherwise."""
    kw.setdefault('stdout', subprocess.PIPE)
    kw.setdefault('stderr', subprocess.PIPE)
    kw.setdefault('text', True)
    kw.setdefault('timeout', 60)
    kw.setdefault('executable', program)
    return subprocess.run(['portscope', *args], **kw)


@functools.lru_cache(maxsize=None)
def copy_for_others():
    """A descriptor of a copy of the program: a checkout may lie where only its owner gets to."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    copy = shutil.copy(program, folder)
    os.chmod(copy, 0o755)
    return os.open(copy, os.O_PATH)


def as_nobody(*args, **kw):
    """Runs the program as an ordinary user."""
    fd = copy_for_others()
    return portscope(*args, executable='/proc/self/fd/%d' % fd, pass_fds=[fd], cwd='/',
                     user=NOBODY, group=NOBODY, extra_groups=[], **kw)


def document(*args, status=0, **kw):
    """The parsed --json of a run that ended with `status` and, where that is 0, said nothing."""
    r = portscope('--json', *args, **kw)
    if r.returncode != status or (status == 0 and r.stderr):
        raise AssertionError('portscope --json %s: status %d, stderr %r'
                             % (' '.join(args), r.returncode, r.stderr))
    return json.loads(r.stdout)


# The oracles. Both give dictionaries with the keys and words of --json: protocol, family, state,
# local_address, local_port, remote_address, remote_port, interface, recv_q, send_q, uid, inode,
# cookie (a number here) and v6only (None: not said). Zero uids and inodes stay zero.

SS_STATES = {
    'LISTEN': 'listen', 'ESTAB': 'established', 'SYN-SENT': 'syn-sent', 'SYN-RECV': 'syn-recv',
    'FIN-WAIT-1': 'fin-wait-1', 'FIN-WAIT-2': 'fin-wait-2', 'TIME-WAIT': 'time-wait',
    'CLOSE-WAIT': 'close-wait', 'LAST-ACK': 'last-ack', 'CLOSING': 'closing',
    'UNCONN': 'unconnected', 'BOUND-INACTIVE': 'bound-inactive',
}


def ss_endpoint(text):
    """Splits what ss writes for one side: family, address, port, interface."""
    host, _, port = text.rpartition(':')
    host, _, device = host.partition('%')
    if host == '*':
        host = '[::]'
    family = 'inet6' if host.startswith('[') else 'inet'
    return family, host.strip('[]'), None if port == '*' else int(port), device or None


def ss_parse(text, protocol=None, state=None):
    """Parses `ss -H -n -e -O`. A column that would hold the same everywhere ss leaves out: the
    protocol where one was asked, the state where only one can be."""
    sockets = []
    for line in text.splitlines():
        words = line.split()
        if words[0] not in ('tcp', 'udp'):
            words.insert(0, protocol)
        if words[1] not in SS_STATES:
            words.insert(1, state)
        if words[:2] == ['tcp', 'UNCONN']:
            words[1] = 'BOUND-INACTIVE'
        family, host, port, device = ss_endpoint(words[4])
        _, remote, remote_port, _ = ss_endpoint(words[5])
        detail = dict(w.split(':', 1) for w in words[6:] if ':' in w)
        sockets.append({
            'protocol': words[0], 'family': family, 'state': SS_STATES[words[1]],
            'local_address': host, 'local_port': port,
            'remote_address': remote if remote_port else None, 'remote_port': remote_port,
            'interface': device,
            'recv_q': int(words[2]), 'send_q': int(words[3]),
            'uid': int(detail.get('uid', 0)), 'inode': int(detail['ino']),
            'cookie': int(detail['sk'], 16),
            'v6only': bool(int(detail['v6only'])) if 'v6only' in detail else None,
        })
    return sockets


def ss(*options):
    """What `ss -n -e -O` says for these options, TCP and UDP where none of the two is asked."""
    protocol = {'-t': 'tcp', '-u': 'udp'}
    asked = [o for o in options if o in protocol]
    argv = [need_tool('ss'), '-H', '-n', '-e', '-O', *options, *([] if asked else ['-t', '-u'])]
    r = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
    return ss_parse(r.stdout, protocol[asked[0]] if len(asked) == 1 else None,
                    'UNCONN' if '-l' in options else 'ESTAB')


TCP_STATES = {
    1: 'established', 2: 'syn-sent', 3: 'syn-recv', 4: 'fin-wait-1', 5: 'fin-wait-2',
    6: 'time-wait', 8: 'close-wait', 9: 'last-ack', 10: 'listen', 11: 'closing',
}
UDP_STATES = {1: 'established', 7: 'unconnected'}


def proc_endpoint(text):
    host, port = text.split(':')
    words = struct.pack('=%dI' % (len(host) // 8),
                        *(int(host[i:i + 8], 16) for i in range(0, len(host), 8)))
    family = socket.AF_INET6 if len(words) == 16 else socket.AF_INET
    return socket.inet_ntop(family, words), int(port, 16)


def proc_net(pid='self'):
    """What /proc/net/{tcp,tcp6,udp,udp6} say, in the namespace of a process; it knows neither
    interface nor cookie."""
    sockets = []
    for name in ('tcp', 'tcp6', 'udp', 'udp6'):
        with open('/proc/%s/net/%s' % (pid, name)) as f:
            lines = f.read().splitlines()[1:]
        for line in lines:
            words = line.split()
            local, port = proc_endpoint(words[1])
            remote, remote_port = proc_endpoint(words[2])
            state = int(words[3], 16)
            send_q, recv_q = (int(q, 16) for q in words[4].split(':'))
            sockets.append({
                'protocol': name[:3], 'family': 'inet6' if name.endswith('6') else 'inet',
                'state': (TCP_STATES if name[0] == 't' else UDP_STATES)[state],
                'local_address': local, 'local_port': port,
                'remote_address': remote if remote_port else None,
                'remote_port': remote_port or None,
                'recv_q': recv_q, 'send_q': send_q, 'uid': int(words[7]), 'inode': int(words[9]),
            })
    return sockets


def settled(observe, *others):
    """Runs observe() before and after the others until both times it says the same: what changed
    meanwhile (a timer, a retransmission) would be no difference between observers. Returns the
    observation and the results of the others."""
    for _ in range(20):
        before = observe()
        results = [other() for other in others]
        if observe() == before:
            return [before, *results]
    raise AssertionError('the namespace does not come to rest')


def find_program():
    """Takes the program to test from the environment or off the command line."""
    global program
    program = os.environ.get('PORTSCOPE')
    if len(sys.argv) > 1 and not sys.argv[1].startswith('-') and os.access(sys.argv[1], os.X_OK):
        program = sys.argv.pop(1)
    if not program:
        sys.exit('set PORTSCOPE to the program to test')
    program = os.path.abspath(program)


def main():
    find_program()
    enter()
    unittest.main(module='__main__', verbosity=2)

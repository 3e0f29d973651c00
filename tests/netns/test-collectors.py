#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The collectors agree: field by field on 10,000 random sockets and in every state, in a document
and in a stream; and auto chooses as the manual says."""

import errno
import json
import os
import random
import resource
import socket
import sys
import unittest

import deny
import lab
import world

V4, V6 = socket.AF_INET, socket.AF_INET6
MANY = 10000
SEED = int(os.environ.get('PORTSCOPE_SEED', '0')) or random.SystemRandom().getrandbits(32)
ADDRESSES = {V4: ['0.0.0.0', '127.0.0.1', '127.9.9.9', '10.9.8.7'],
             V6: ['::', '::1', 'fd00:9::7', 'fe80::77%v0', '::ffff:127.0.0.1']}
# What differs between the answers of collectors: they are told apart, not compared.
OF_THE_ANSWER = ('time', 'warnings')

# States that no timer of the kernel ends while the test goes on.
LASTING = {'listen', 'established', 'close-wait', 'unconnected', 'bound-inactive'}

WORLD = None
CROWD = []


def one(rng):
    """A random socket, or a connection of two, as far as the kernel lets us have it."""
    family = rng.choice((V4, V6))
    kind = rng.choice(('tcp', 'udp'))
    options = [(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)]
    if rng.random() < 0.3:
        options.append((socket.SOL_SOCKET, socket.SO_MARK, rng.getrandbits(31)))
    if rng.random() < 0.3:
        options.append(lab.REUSEPORT)
    if family == V6:
        options.append(rng.choice((lab.V6ONLY, lab.DUAL)))
    host = rng.choice(ADDRESSES[family])
    if host.startswith('::ffff:'):
        options[-1] = lab.DUAL
    device = rng.choice((None, None, None, 'lo', 'v0'))
    os.seteuid(rng.choice((0, 0, 1, 65534)) if not device and len(options) < 3 else 0)
    try:
        s = lab.bound(kind, family, host, 0, device=device, options=options)
    except OSError:
        return []
    finally:
        os.seteuid(0)
    held = [s]
    what = rng.random()
    try:
        if kind == 'udp' and what < 0.5:
            s.connect(lab.endpoint(family, '127.0.0.1' if family == V4 else '::1', 9004))
        elif kind == 'tcp' and what < 0.5:
            s.listen(rng.choice((0, 1, 5, 128, 4096)))
        if kind == 'tcp' and what < 0.2:
            client = socket.socket(family, socket.SOCK_STREAM)
            held.append(client)
            client.setblocking(False)
            client.connect_ex(s.getsockname())
    except OSError:
        pass
    return held


def setUpModule():
    global WORLD
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lab.need(hard >= MANY + 1000, 'no %d descriptors' % MANY)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, MANY + 1000), hard))
    WORLD = world.World()
    print('PORTSCOPE_SEED=%d' % SEED, file=sys.stderr)
    rng = random.Random(SEED)
    while len(CROWD) < MANY:
        CROWD.extend(one(rng))


def listed(collector, *options):
    """The rows of a document, in an order that does not depend on ties."""
    document = lab.document('-a', '--collector', collector, *options)
    assert document['host']['collector'] == collector and document['complete']
    return sorted(json.dumps(s, sort_keys=True) for s in document['sockets'])


def streamed(collector):
    r = lab.portscope('-a', '--json-lines', '--collector', collector, '--columns',
                      'protocol,family,state,local_address,local_port,remote_address,remote_port,'
                      'recv_q,send_q,uid,inode,cookie,mark,cgroup,dual_stack,ifindex')
    records = [json.loads(line) for line in r.stdout.splitlines()]
    assert records[-1]['record'] == 'end' and records[-1]['complete'], r.stderr
    return sorted(json.dumps({k: v for k, v in s.items() if k not in OF_THE_ANSWER},
                             sort_keys=True) for s in records[:-1])


def bpf_works():
    r = lab.portscope('-l', '--collector', 'bpf')
    return r.returncode == 0 and not r.stderr


class Collectors(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        lab.need(bpf_works(), 'no BPF program can be loaded')

    def agree(self, observe, states):
        for _ in range(20):
            before, other, after = observe('netlink'), observe('bpf'), observe('netlink')
            if before == after:
                break
        else:
            self.fail('the namespace does not come to rest')
        self.assertGreater(len(before), MANY)
        self.assertLessEqual(states, {json.loads(s)['state'] for s in before})
        self.assertEqual([s for s in before if s not in set(other)],
                         [s for s in other if s not in set(before)])
        self.assertEqual(len(before), len(other))

    def test_agree_in_documents(self):
        self.agree(listed, world.EVERY_STATE)

    def test_agree_in_streams(self):
        self.agree(streamed, LASTING)

    def test_auto(self):
        """Beyond a datagram the iterators are taken; where they cannot be, sock_diag."""
        def auto(*options, **kw):
            return lab.document(*options, **kw)['host']['collector']

        self.assertEqual(auto('-a'), 'bpf')
        self.assertEqual(auto('-lu'), 'bpf')
        self.assertEqual(auto('-lt'), 'netlink')
        self.assertEqual(auto('-a', 'sport', '=', ':8004'), 'netlink')
        deny.need()
        self.assertEqual(auto('-a', '--columns', 'cookie',
                              preexec_fn=lambda: deny.bpf(errno.EPERM)), 'netlink')

    def test_asked_for_and_not_there(self):
        deny.need()
        for options, denied, said in (
                (('--collector', 'bpf'), lambda: deny.bpf(errno.EPERM), 'bpf collector'),
                (('--collector', 'netlink'), lambda: deny.sock_diag(errno.EPERM), 'sock_diag')):
            r = lab.portscope('-a', '--json', *options, preexec_fn=denied)
            document = json.loads(r.stdout)
            self.assertEqual(r.returncode, 4)
            self.assertFalse(document['complete'])
            self.assertEqual(document['sockets'], [])
            self.assertTrue(any(said in w['text'] for w in document['warnings']), document['warnings'])


if __name__ == '__main__':
    lab.main()

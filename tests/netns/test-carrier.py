#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which container a rootlessport holds a port for, by either owner backend: programs of its and of
conmon's name and habits, in a mount namespace where they lie in a folder of root's."""

import json
import os
import subprocess
import unittest

import lab

PYTHON = os.path.realpath('/usr/bin/python3')
WITHOUT_BPF = ['setpriv', '--bounding-set=-sys_admin,-bpf,-perfmon']
A, B = 'a' * 64, 'b' * 64
USER, OTHER = 65534, 65533

# Does as podman does: a pipe that rootlessport reads, and that only conmon can write to. A spare
# pipe, both of whose ends all of them have, proves nothing.
PODMAN = '''
import json, os, subprocess, sys
case, spare = json.loads(sys.argv[1]), os.pipe()
r, w = os.pipe()
env = {**os.environ, 'PYTHONHOME': '/usr'}
def start(name, code, uid, fds, *argv):
    return subprocess.Popen([case.get('folder', '/mnt') + '/' + name, '-', *argv], env=env, user=uid,
                            group=uid, extra_groups=[], pass_fds=[*fds, *spare], text=True,
                            stdin=code, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
def run(name, text, uid, fds, *argv):
    child = start(name, subprocess.PIPE, uid, fds, *argv)
    child.stdin.write(text)
    child.stdin.close()
    return child, child.stdout.readline()
WAIT = 'import signal\\nprint(1, flush=True)\\nsignal.pause()\\n'
children = [run('conmon', WAIT, m['uid'], {'r': [r], 'w': [w], 'rw': [r, w]}[m.get('ends', 'w')],
                '--api-version', '1', '-c', m['id']) for m in case['conmons']]
children.append(run('rootlessport', 'import signal, socket\\n'
                    's = socket.create_server(("127.0.0.1", 0))\\n'
                    'print(s.getsockname()[1], flush=True)\\nsignal.pause()\\n', case['uid'], [r]))
print(children[-1][1], end='', flush=True)
sys.stdin.read()
for child, _ in children:
    child.kill()
'''


class Carrier(unittest.TestCase):
    def container(self, *conmons, **case):
        """The container of a rootlessport's port beside these monitors, the same by both
        backends."""
        text = json.dumps({'uid': USER, **case, 'conmons': conmons})
        podman = subprocess.Popen(
            [*UNSHARE, 'sh', '-c',
             'mount -t tmpfs -o mode=755 tmpfs /mnt && mkdir -m 777 /mnt/open && '
             'for f in rootlessport conmon open/rootlessport open/conmon; do cp "$1" /mnt/$f; done'
             ' && exec "$1" -c "$2" "$3"', 'sh', PYTHON, PODMAN, text],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(podman.wait)
        self.addCleanup(podman.stdout.close)
        self.addCleanup(podman.stdin.close)
        port = int(podman.stdout.readline())
        inside = ['nsenter', '--mount=/proc/%d/ns/mnt' % podman.pid]
        found = [self.row(port, *inside), self.row(port, *inside, *WITHOUT_BPF)]
        self.assertEqual(found[0], found[1])
        self.assertEqual(found[0]['processes'][0]['exe_trusted'], 'folder' not in case)
        # As a container's files are seen: what lies there has that path in no place of ours.
        outside = self.row(port)
        self.assertEqual(outside['processes'][0]['exe_trusted'], False)
        self.assertIsNone(outside['container'])
        return found[0]['container']

    def row(self, port, *before):
        r = subprocess.run([*before, lab.program, '-l', '--json', 'sport = :%d' % port],
                           stdout=subprocess.PIPE, text=True, timeout=60)
        [row] = json.loads(r.stdout)['sockets']
        self.assertEqual(row['processes'][0]['program'], 'rootlessport')
        return row

    def test_one(self):
        container = self.container({'uid': USER, 'id': A}, {'uid': USER, 'id': B, 'ends': 'r'})
        self.assertEqual(container, {'runtime': 'podman', 'id': A, 'name': None, 'pod': None})

    def test_none(self):
        self.assertIsNone(self.container())

    def test_other_user(self):
        self.assertIsNone(self.container({'uid': OTHER, 'id': A}))

    def test_two(self):
        self.assertIsNone(self.container({'uid': USER, 'id': A}, {'uid': USER, 'id': B}))

    def test_not_an_id(self):
        self.assertIsNone(self.container({'uid': USER, 'id': '../' + A}))

    def test_copies(self):
        """In a folder that anybody may write to they are nobody's word."""
        self.assertIsNone(self.container({'uid': USER, 'id': A}, folder='/mnt/open'))


if __name__ == '__main__':
    lab.need(os.geteuid() == 0, 'needs root')
    UNSHARE = lab.need_unshare('-m')
    lab.main()

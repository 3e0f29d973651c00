#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What diff says when real sockets open, close and change hands, and when nothing did."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

import lab
import world

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      '../../man/portscope-1.schema.json')
# That of the system, which every user may run.
PYTHON = '/usr/bin/python3'
# Binds what its arguments say (tcp or udp, address, port), says so, and stays until it is ended.
DAEMON = '''
import socket, sys
held = []
for kind, host, port in zip(*[iter(sys.argv[1:])] * 3):
    s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET,
                      socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((host, int(port)))
    if kind == 'tcp':
        s.listen()
    held.append(s)
print('ready', flush=True)
sys.stdin.read()
'''

WORLD = None


def setUpModule():
    lab.need_tool(PYTHON)
    lab.need(os.geteuid() == 0, 'the holders of sockets are seen by root alone')


class Daemon:
    """A program called `name` that holds sockets: the interpreter under another name."""

    def __init__(self, folder, name, *sockets, user=None):
        program = os.path.join(os.fsencode(folder), os.fsencode(name))
        if not os.path.exists(program):
            shutil.copy(PYTHON, program)
        self.process = subprocess.Popen(
            [program, '-c', DAEMON, *map(str, sockets)], user=user,
            env={'PYTHONHOME': '/usr'}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b'ready\n'

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait() == 0


class Diff(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o755)
        self.before = os.path.join(self.folder, 'before.json')
        self.daemons = []

    def tearDown(self):
        for daemon in self.daemons:
            daemon.end()
        shutil.rmtree(self.folder)

    def start(self, name, *sockets, **kw):
        self.daemons.append(Daemon(self.folder, name, *sockets, **kw))
        return self.daemons[-1]

    def end(self, daemon):
        self.daemons.remove(daemon)
        daemon.end()

    def keep(self, *options):
        """Keeps what is normal."""
        with open(self.before, 'w') as f:
            r = lab.portscope('--json', *options, stdout=f)
        self.assertEqual((r.returncode, r.stderr), (0, ''))

    def diff(self, *arguments, status=0, **kw):
        """The lines of a diff that has nothing to warn of."""
        r = lab.portscope('diff', *arguments, **kw)
        self.assertEqual((r.returncode, r.stderr), (status, ''), r.stdout)
        return r.stdout.splitlines()

    def changes(self, *arguments):
        r = lab.portscope('diff', '--json', *arguments)
        self.assertEqual((r.returncode, r.stderr), (0, ''))
        document = json.loads(r.stdout)
        if jsonschema:
            with open(SCHEMA) as f:
                schema = json.load(f)
            jsonschema.Draft202012Validator(schema).validate(document)
        return document['changes']

    def test_open_close_replace_restart(self):
        kept = self.start('keptd', 'tcp', '127.0.0.1', 1001)
        closed = self.start('closedd', 'tcp', '127.0.0.1', 1002, 'udp', '::1', 1002)
        replaced = self.start('oldd', 'tcp', '0.0.0.0', 1003)
        restarted = self.start('againd', 'tcp', '::', 1004, 'udp', '0.0.0.0', 1004)
        self.keep('-l')
        self.assertEqual(self.diff(self.before), [])
        self.assertEqual(self.diff('--fail-on-change', self.before), [])

        self.end(closed)
        self.end(replaced)
        self.end(restarted)
        self.start('newd', 'tcp', '0.0.0.0', 1003)
        self.start('againd', 'tcp', '::', 1004, 'udp', '0.0.0.0', 1004)
        self.start('openedd', 'tcp', '0.0.0.0', 1005, 'tcp', '::', 1006)
        expected = [
            ('closed', 'tcp', '127.0.0.1', 1002, []),
            ('changed', 'tcp', '0.0.0.0', 1003, ['program', 'executable']),
            ('opened', 'tcp', '0.0.0.0', 1005, []),
            ('opened', 'tcp', '::', 1006, []),
            ('closed', 'udp', '::1', 1002, []),
        ]
        changes = self.changes(self.before)
        self.assertEqual([(c['change'], c['protocol'], c['local_address'], c['local_port'],
                           c['differs']) for c in changes], expected)
        (before,), (after,) = changes[1]['before']['program'], changes[1]['after']['program']
        self.assertIn('oldd', before)
        self.assertIn('newd', after)
        self.assertIsNone(changes[0]['after'])
        self.assertIsNone(changes[2]['before'])

        lines = self.diff('--fail-on-change', self.before, status=1)
        self.assertEqual([line.split()[:3] for line in lines], [
            ['-', 'tcp', '127.0.0.1:1002'], ['~', 'tcp', '0.0.0.0:1003'],
            ['+', 'tcp', '0.0.0.0:1005'], ['+', 'tcp', '*:1006'], ['-', 'udp', '[::1]:1002']])
        self.assertIn('%s → %s' % (before, after), lines[1])

        # The same between two files, and the other way round.
        after_file = os.path.join(self.folder, 'after.json')
        shutil.move(self.before, after_file + '.old')
        self.keep('-l')
        shutil.move(self.before, after_file)
        self.assertEqual(self.diff(after_file + '.old', after_file), lines)
        with open(after_file) as f:
            self.assertEqual(self.diff(after_file + '.old', '-', stdin=f), lines)
        with open(after_file + '.old') as f:
            self.assertEqual(self.diff('-', after_file, stdin=f), lines)
        self.assertIsNotNone(kept)

    def test_user(self):
        first = self.start('userd', 'udp', '127.0.0.1', 1101)
        self.keep('-l')
        self.end(first)
        self.start('userd', 'udp', '127.0.0.1', 1101, user=65534)
        (change,) = self.changes(self.before)
        self.assertEqual((change['change'], change['differs']), ('changed', ['user']))
        # Numbers are compared with numbers.
        self.keep('-l', '-n')
        self.assertEqual(self.diff(self.before), [])

    def test_reuseport(self):
        group = [self.start('groupd', 'tcp', '127.0.0.1', 1201) for _ in range(3)]
        self.keep('-l')
        self.end(group[0])
        (line,) = self.diff(self.before)
        self.assertEqual(line.split()[:3], ['-', 'tcp', '127.0.0.1:1201'])
        self.end(group[1])
        (line,) = self.diff(self.before)
        self.assertIn('(2 sockets)', line)
        self.start('intruderd', 'tcp', '127.0.0.1', 1201)
        self.assertEqual([c['change'] for c in self.changes(self.before)], ['changed', 'closed'])

    def test_connections(self):
        """A client that comes back is no difference, one that goes elsewhere is."""
        self.start('serverd', 'tcp', '127.0.0.1', 1301, 'tcp', '127.0.0.1', 1302)
        clients = [socket.create_connection(('127.0.0.1', 1301)) for _ in range(2)]
        self.keep('-t', 'state', 'established', 'and', 'dport', '=', '1301')
        for c in clients:
            # No time-wait, and no half of it in the listing.
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
            c.close()
        clients = [socket.create_connection(('127.0.0.1', 1301)) for _ in range(2)]
        self.assertEqual(self.diff(self.before), [])
        clients.append(socket.create_connection(('127.0.0.1', 1301)))
        (change,) = self.changes(self.before)
        self.assertEqual((change['change'], change['remote_port'], change['count']),
                         ('opened', 1301, 1))
        for c in clients:
            c.close()

    def test_query(self):
        """What is taken now is what the file was asked for."""
        self.start('queryd', 'tcp', '127.0.0.1', 1401)
        self.keep('-lt4', 'sport', '=', '1401')
        self.start('queryd', 'udp', '127.0.0.1', 1401, 'tcp', '::1', 1401, 'tcp', '127.0.0.1', 1402)
        self.assertEqual(self.diff(self.before), [])
        self.start('queryd', 'tcp', '127.0.0.2', 1401)
        self.assertEqual(len(self.diff(self.before)), 1)

    def test_hidden(self):
        """An ordinary user takes no holder that he may not see for another one."""
        self.start('hiddend', 'tcp', '127.0.0.1', 1501)
        self.start('hiddend', 'tcp', '127.0.0.1', 1502, user=65534)
        self.keep('-l')
        r = lab.as_nobody('diff', self.before)
        self.assertEqual((r.returncode, r.stdout), (0, ''))
        self.assertIn('changed owner', r.stderr)

    def test_bytes(self):
        """Names that are not UTF-8 are the same in a file and now."""
        self.start(b'b\xff"\\\x1b\xc3\xa9', 'tcp', '127.0.0.1', 1601)
        self.keep('-l')
        self.assertEqual(self.diff(self.before), [])

    def test_columns(self):
        self.start('columnd', 'tcp', '127.0.0.1', 1701)
        self.keep('-l', '--columns=protocol,local_address,local_port,process')
        r = lab.portscope('diff', self.before)
        self.assertEqual((r.returncode, r.stdout), (0, ''))
        self.assertIn('not compared', r.stderr)
        self.start('columnd', 'tcp', '127.0.0.1', 1702)
        self.assertEqual(lab.portscope('diff', self.before).stdout.count('\n'), 1)

    def findings(self, *options):
        """What the audit has against sockets because of the baseline: rule, severity by port."""
        # Programs in /tmp are bad enough for status 1 by themselves.
        r = lab.portscope('audit', '--json', '--fail-on=none', '--baseline', self.before, *options)
        self.assertEqual((r.returncode, r.stderr), (0, ''))
        return {f['local_port']: (f['rule'], f['severity'], f['text'], f['sockets'])
                for f in json.loads(r.stdout)['findings'] if f['rule'].endswith('-baseline')}

    def test_baseline(self):
        self.start('normald', 'tcp', '0.0.0.0', 901, 'tcp', '127.0.0.1', 902)
        replaced = self.start('oldd', 'udp', '0.0.0.0', 903)
        gone = self.start('goned', 'tcp', '0.0.0.0', 904)
        for options in (['-l'], ['-a']):
            self.keep(*options)
            self.assertEqual(self.findings(), {})
        self.end(replaced)
        self.end(gone)
        self.start('newd', 'udp', '0.0.0.0', 903, 'tcp', '0.0.0.0', 905, 'tcp', '0.0.0.0', 905)
        self.start('locald', 'tcp', '127.0.0.1', 906)
        for options in ([], ['--numeric']):
            found = self.findings(*options)
            self.assertEqual({port: f[:2] for port, f in found.items()}, {
                903: ('changed-since-baseline', 'high'),
                905: ('new-since-baseline', 'high'),
                906: ('new-since-baseline', 'info'),
            })
            self.assertIn('program was oldd and is newd', found[903][2])
            self.assertEqual(found[905][3], 2)
        # The filter chooses what is judged, the policy what is allowed.
        self.assertEqual(list(self.findings('sport', '=', '906')), [906])
        policy = os.path.join(self.folder, 'policy')
        with open(policy, 'w') as f:
            f.write('allow sport = 905\nallow sport = 903\n')
        self.assertEqual(list(self.findings('--policy', policy)), [906])

    def test_no_baseline(self):
        for options in (['-lt'], ['-l4'], [], ['-l', 'sport', '=', '1']):
            self.keep(*options)
            r = lab.portscope('audit', '--baseline', self.before)
            self.assertEqual((r.returncode, r.stdout), (2, ''), options)
            self.assertIn('everything that listens', r.stderr)
        with open(self.before, 'w') as f:
            f.write('{')
        r = lab.portscope('audit', '--baseline', self.before)
        self.assertEqual((r.returncode, r.stdout), (3, ''))
        self.assertIn('cut off', r.stderr)

    def test_everything(self):
        """Of every kind of socket there is, nothing differs from itself."""
        global WORLD
        WORLD = world.World()

        def agree():
            self.keep('-a')
            r = lab.portscope('diff', self.before)
            return (r.returncode, r.stdout, r.stderr) == (0, '', '')
        # What is about to end, such as time-wait, may do so in between.
        lab.wait_for(agree, 'a listing that equals the next one')


if __name__ == '__main__':
    lab.main()

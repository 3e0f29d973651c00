#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Executables that are not what they seem: copies, mount namespaces, LD_PRELOAD, titles. What a
policy allows rests on none of them."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

import lab

# Its own path, so that the link of a process and what is installed are one text.
PYTHON = os.path.realpath('/usr/bin/python3')
NAME = os.path.basename(PYTHON)
NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
SERVE = ('import ctypes, socket, sys, signal\n'
         's = socket.create_server(("127.0.0.1", 0))\n'
         'if len(sys.argv) > 1: ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)\n'
         'print(s.getsockname()[1], flush=True)\n'
         'signal.pause()\n')


class Trust(unittest.TestCase):
    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        return folder.name

    def serve(self, *argv, **kw):
        """Starts a program that listens and prints its port; the port."""
        kw.setdefault('env', {**os.environ, 'PYTHONHOME': '/usr'})
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True,
                                 stdin=subprocess.DEVNULL, **kw)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        line = child.stdout.readline()
        self.assertTrue(line, argv)
        return int(line)

    def process(self, port):
        [row] = [s for s in lab.document('-l')['sockets'] if s['local_port'] == port]
        [process] = row['processes']
        return process

    def allowed(self, port, condition):
        """Whether a policy of one line allows the port; else a warning says why not."""
        path = os.path.join(self.folder(), 'policy')
        with open(path, 'w') as f:
            f.write('allow sport = %d and %s\ndeny *\n' % (port, condition))
        r = lab.portscope('audit', '--policy', path, '--json', 'sport = :%d' % port)
        document = json.loads(r.stdout)
        denied = 'denied-by-policy' in [f['rule'] for f in document['findings']]
        self.assertEqual(denied, 'by name only' in r.stderr, r.stderr)
        return not denied

    def rules(self, port):
        r = lab.portscope('audit', '--json', 'sport = :%d' % port)
        return {f['rule']: f for f in json.loads(r.stdout)['findings']}

    def test_installed(self):
        port = self.serve(PYTHON, '-c', SERVE)
        self.assertEqual(self.process(port)['exe_trusted'], True)
        self.assertTrue(self.allowed(port, 'process = ' + NAME))
        self.assertTrue(self.allowed(port, 'exe = ' + PYTHON))

    def test_copy(self):
        path = os.path.join(self.folder(), NAME)
        shutil.copy(PYTHON, path)
        port = self.serve(path, '-c', SERVE)
        self.assertEqual(self.process(port)['exe_trusted'], False)
        self.assertFalse(self.allowed(port, 'process = ' + NAME))
        self.assertFalse(self.allowed(port, 'exe = ' + path))

    def test_mount_namespace(self):
        """The link says the path of an installed program, over which the user mounted another."""
        victim = shutil.which('perl')
        if not victim:
            self.skipTest('perl is not installed')
        victim = os.path.realpath(victim)
        evil = os.path.join(self.folder(), 'evil')
        shutil.copy(PYTHON, evil)
        os.chmod(evil, 0o755)
        command = 'mount --bind %s %s && exec %s -c "$0"' % (evil, victim, victim)
        try:
            port = self.serve(*NOBODY, 'unshare', '-Urm', 'sh', '-c', command, SERVE)
        except AssertionError:
            self.skipTest('no user namespace for users')
        process = self.process(port)
        self.assertEqual((process['exe'], process['exe_trusted']), (victim, False))
        self.assertFalse(self.allowed(port, 'process = perl'))
        self.assertFalse(self.allowed(port, 'process = perl and user = nobody'))
        self.assertFalse(self.allowed(port, 'exe = ' + victim))

    def test_preload(self):
        """The real program in the hands of another user does what that user likes."""
        port = self.serve(*NOBODY, 'env', 'LD_PRELOAD=/nonexistent/evil.so', PYTHON, '-c', SERVE,
                          stderr=subprocess.DEVNULL)
        self.assertEqual(self.process(port)['exe_trusted'], True)
        self.assertFalse(self.allowed(port, 'process = ' + NAME))
        self.assertTrue(self.allowed(port, 'process = %s and user = nobody' % NAME))

    def test_script(self):
        """Which script an interpreter runs is its own word."""
        path = os.path.join(self.folder(), 'sshd')
        with open(path, 'w') as f:
            f.write(SERVE)
        port = self.serve(PYTHON, path)
        self.assertEqual(self.process(port)['program'], 'sshd (%s)' % NAME)
        self.assertFalse(self.allowed(port, 'process = sshd'))
        self.assertFalse(self.allowed(port, 'process = sshd and user = root'))

    def test_impostor(self):
        path = os.path.join(self.folder(), 'evil')
        shutil.copy(PYTHON, path)
        port = self.serve(path, '-c', SERVE, 'sshd')
        found = self.rules(port)
        self.assertIn('calls itself sshd, but runs ' + path, found['impostor']['text'])
        self.assertEqual(found['impostor']['severity'], 'medium')
        honest = self.serve(path, '-c', SERVE)
        self.assertNotIn('impostor', self.rules(honest))

    def test_preloaded_library(self):
        """A library that LD_PRELOAD names counts where it is mapped and none of the system's."""
        path = os.path.join(self.folder(), 'evil.so')
        with open('/proc/self/maps') as f:
            folder = next(os.path.dirname(line.split()[-1]) for line in f if '/libc.so' in line)
        source = os.path.join(folder, 'libdl.so.2')
        if not os.path.exists(source):
            self.skipTest('no library to preload')
        shutil.copy(source, path)
        port = self.serve(PYTHON, '-c', SERVE, env={**os.environ, 'LD_PRELOAD': path})
        found = self.rules(port)
        self.assertIn(path, found['preloaded-library']['text'])
        self.assertEqual(found['preloaded-library']['severity'], 'high')
        for value in source, '/nonexistent/evil.so':
            port = self.serve(PYTHON, '-c', SERVE, env={**os.environ, 'LD_PRELOAD': value},
                              stderr=subprocess.DEVNULL)
            self.assertNotIn('preloaded-library', self.rules(port))

    def test_shared_programs(self):
        """Two programs of one user take parts of what comes to one port."""
        path = os.path.join(self.folder(), 'other')
        shutil.copy(PYTHON, path)
        share = ('import socket, signal, sys\ns = socket.socket()\n'
                 's.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n'
                 's.bind(("127.0.0.1", int(sys.argv[1])))\ns.listen()\n'
                 'print(s.getsockname()[1], flush=True)\nsignal.pause()\n')
        port = self.serve(PYTHON, '-c', share, '0')
        self.serve(PYTHON, '-c', share, str(port))
        self.assertNotIn('shared-by-programs', self.rules(port))
        self.serve(path, '-c', share, str(port))
        self.assertIn(path, self.rules(port)['shared-by-programs']['text'])

    def test_nothing_is_hidden(self):
        """Whatever is bound is shown, in whatever state; a view that lacks states says so."""
        sockets = [lab.listener(socket.AF_INET, '127.0.0.1', 7000),
                   lab.bound('tcp', socket.AF_INET, '0.0.0.0', 7001),
                   lab.bound('udp', socket.AF_INET6, '::1', 7002)]
        for s in sockets:
            self.addCleanup(s.close)
        r = lab.portscope('audit', '--check-hidden', '--json')
        document = json.loads(r.stdout)
        self.assertNotIn('hidden-port', [f['rule'] for f in document['findings']])
        self.assertEqual(document['complete'], True, document['warnings'])
        r = lab.portscope('audit', '--check-hidden', '--collector=procfs', '--json')
        self.assertIn('hidden TCP ports were not looked for', r.stderr)
        self.assertEqual(json.loads(r.stdout)['complete'], False)

    def test_fields(self):
        folder = self.folder()
        port = self.serve(PYTHON, '-c', SERVE, cwd=folder)
        fields = ('program', 'exe', 'exe_trusted', 'cmdline', 'cwd', 'ppid', 'start_time')
        text = lab.portscope('-l', '--csv', '--columns', ','.join(fields), '--sort', 'start_time',
                             'sport = :%d and cwd = %s and ppid = %d and start_time > 2020-01-01 '
                             'and program = %s and exe_trusted and cmdline ~ *socket*'
                             % (port, folder, os.getpid(), NAME)).stdout
        self.assertRegex(text, r'(?s)^%s\n%s,%s,true,.*,%s,%d,[0-9-]+T[0-9:]+Z\n$'
                         % (','.join(fields), NAME, PYTHON, folder, os.getpid()))


if __name__ == '__main__':
    lab.need(os.geteuid() == 0, 'needs root')
    lab.main()

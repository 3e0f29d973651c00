#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How real processes came to run: from shells, tmux, cron's name and a real ssh session."""

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import unittest

import lab

SERVE = ('import socket, signal; s = socket.create_server(("127.0.0.1", 0));'
         'print(s.getsockname()[1], flush=True); signal.pause()')
PYTHON = '/usr/bin/python3'


def started_by(port, **kw):
    document = lab.document('-l', '--columns', 'local_port,started_by', **kw)
    [text] = [s['started_by'] for s in document['sockets'] if s['local_port'] == port]
    return text


class Origin(unittest.TestCase):
    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return folder.name

    def start(self, *argv, **kw):
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                 text=True, **kw)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        line = child.stdout.readline()
        self.assertTrue(line, argv)
        return int(line), child

    def test_shell(self):
        """The shell, then this test, then its own parents."""
        port, child = self.start('bash', '-c', '%s -c "$0"; :' % PYTHON, SERVE)
        self.addCleanup(subprocess.run, ['pkill', '-P', str(child.pid)])
        text = started_by(port)
        self.assertRegex(text, r'^bash/%d, python[0-9.]*/%d, ' % (child.pid, os.getpid()))

    def test_cron(self):
        path = os.path.join(self.folder(), 'cron')
        shutil.copy(shutil.which('bash'), path)
        port, child = self.start(path, '-c', '%s -c "$0"; :' % PYTHON, SERVE)
        self.addCleanup(subprocess.run, ['pkill', '-P', str(child.pid)])
        self.assertEqual(started_by(port), 'cron/%d' % child.pid)

    def test_outside(self):
        """Seen from inside a pid namespace, its first process has a parent nobody sees."""
        with tempfile.NamedTemporaryFile('w', suffix='.py') as f:
            f.write('import os, socket, subprocess, sys\n'
                    's = socket.create_server(("127.0.0.1", 0))\n'
                    'print(subprocess.run([sys.argv[1], "-l", "--json", "--columns",'
                    ' "local_port,started_by"], stdout=subprocess.PIPE, text=True).stdout)\n')
            f.flush()
            r = subprocess.run(['unshare', '-p', '-f', '--mount-proc', '--kill-child', PYTHON,
                                f.name, lab.program], stdout=subprocess.PIPE, text=True)
        texts = {s['started_by'] for s in json.loads(r.stdout)['sockets']}
        self.assertIn('a process outside of this pid namespace', texts)

    def test_lone_port(self):
        """Below the table at a terminal."""
        folder = self.folder()
        port, child = self.start(PYTHON, '-c', SERVE, cwd=folder)
        r = subprocess.run(['script', '-qec', 'stty cols 200; %s %d' % (lab.program, port),
                            '/dev/null'], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                           text=True, env={**os.environ, 'TERM': 'dumb'})
        self.assertRegex(r.stdout, r'started by: python[0-9.]*/%d.*; [0-9]+ s ago in %s'
                         % (os.getpid(), folder))
        r = lab.portscope('explain', str(port))
        self.assertRegex(' '.join(r.stdout.split()), r'started by: python[0-9.]*/%d' % os.getpid())

    def test_ssh(self):
        """The address is that of the socket of its sshd, whatever the environment says."""
        sshd = shutil.which('sshd', path='/usr/sbin:/sbin')
        if not sshd or not shutil.which('ssh'):
            self.skipTest('openssh is not installed')
        folder = self.folder()
        key, host = os.path.join(folder, 'key'), os.path.join(folder, 'host')
        for path in key, host:
            subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', path], check=True)
        os.makedirs('/run/sshd', exist_ok=True)
        with socket.create_server(('127.0.0.1', 0)) as s:
            ssh_port = s.getsockname()[1]
        user = pwd.getpwuid(os.geteuid()).pw_name
        server = subprocess.Popen([
            sshd, '-D', '-e', '-f', '/dev/null', '-p', str(ssh_port), '-h', host,
            '-o', 'ListenAddress=127.0.0.1', '-o', 'AuthorizedKeysFile=' + key + '.pub',
            '-o', 'StrictModes=no', '-o', 'UsePAM=no', '-o', 'PermitRootLogin=yes',
            '-o', 'PidFile=none'], stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        lab.wait_for(lambda: any(s['local_port'] == ssh_port for s in lab.ss('-l')), 'sshd')
        port, _ = self.start(
            'ssh', '-tt', '-q', '-F', '/dev/null', '-i', key, '-p', str(ssh_port),
            '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null',
            '-b', '127.0.0.1', user + '@127.0.0.1',
            "SSH_CONNECTION='192.0.2.1 1 192.0.2.2 22' %s -c '%s'" % (PYTHON, SERVE))
        self.assertRegex(started_by(port),
                         r'^([a-z]+/[0-9]+, )?ssh session of %s from 127.0.0.1$' % user)
        # Also where the listing asks for nothing of the session.
        document = lab.document('-l', '--columns', 'started_by', 'sport = :%d' % port)
        self.assertIn('from 127.0.0.1', document['sockets'][0]['started_by'])


if __name__ == '__main__':
    lab.need(os.geteuid() == 0, 'needs root')
    lab.main()

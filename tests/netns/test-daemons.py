#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who holds a socket, of real daemons and of processes that make it hard to say.

nginx, sshd, redis-server and dnsmasq run in cells (see cells.py); their holders are compared with a
walk over /proc. Processes of this test rename themselves, lose their executable, or sit in control
groups as systemd and container runtimes make them.
"""

import csv
import ctypes
import io
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import unittest

import cells
import lab

PR_SET_NAME = 15
ID = '0123456789abcdef' * 4
POD = 'f3a9c1e2-1111-4222-8333-444455556666'

# daemon: what listens, and the holders that must be there, by user: (name, user) → how many.
DAEMONS = {
    'nginx': ({('tcp', '0.0.0.0', 80), ('tcp', '::', 80)},
              {('nginx', 'root'): 1, ('nginx', 'www-data'): 3}),
    'openssh-server': ({('tcp', '0.0.0.0', 22), ('tcp', '::', 22)}, {('sshd', 'root'): 1}),
    'redis-server': ({('tcp', '127.0.0.1', 6379), ('tcp', '::1', 6379)},
                     {('redis-server (redis-check-rdb)', 'redis'): 1}),
    'dnsmasq': ({(p, a, 53) for p in ('tcp', 'udp') for a in ('0.0.0.0', '::')},
                {('dnsmasq', 'dnsmasq'): 1}),
}


def holders(cell):
    """Who in the cell holds which socket, read off /proc: {inode: {(pid, (fd, …))}}."""
    found = {}
    for pid in cell.pids():
        fds = {}
        try:
            for fd in os.listdir('/proc/%d/fd' % pid):
                link = os.readlink('/proc/%d/fd/%s' % (pid, fd))
                if link.startswith('socket:['):
                    fds.setdefault(int(link[8:-1]), []).append(int(fd))
        except OSError:  # it ended meanwhile
            continue
        for inode, numbers in fds.items():
            found.setdefault(inode, set()).add((pid, tuple(sorted(numbers))))
    return found


def status(pid, key):
    with open('/proc/%d/status' % pid) as f:
        return next(line.split()[1:] for line in f if line.startswith(key + ':'))


class Daemons(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cells.need()
        cls.cells = {}
        cls.addClassCleanup(lambda: [c.end() for c in cls.cells.values()])
        for name in DAEMONS:
            if not cells.missing(name):
                cls.cells[name] = cells.Cell(name)

    def check(self, daemon):
        if daemon not in self.cells:
            cells.give_up(self, 'not installed: ' + ' '.join(cells.missing(daemon)))
        cell = self.cells[daemon]
        wanted, people = DAEMONS[daemon]
        cell.ready(wanted)
        # Workers come after the sockets.
        document = lab.wait_for(lambda: self.complete(cell, sum(people.values())),
                                'all processes of %s are there' % daemon)
        self.assertEqual({(s['protocol'], s['local_address'], s['local_port'])
                          for s in document['sockets']}, wanted)
        held = holders(cell)
        for row in document['sockets']:
            self.assertEqual(row['owner'], 'known')
            self.assertEqual({(p['pid'], tuple(p['fds'])) for p in row['processes']},
                             held[row['inode']])
            found = {}
            for p in row['processes']:
                key = p['program'], p['user']
                found[key] = found.get(key, 0) + 1
                uid = int(status(p['pid'], 'Uid')[1])
                self.assertEqual(p['user'], pwd.getpwuid(uid).pw_name)
                self.assertEqual(p['exe'], os.readlink('/proc/%d/exe' % p['pid']))
                self.assertFalse(p['exe_deleted'])
            self.assertEqual(found, people)
        return cell, document

    @staticmethod
    def complete(cell, count):
        document = cell.document('-l')
        good = all(len(s['processes'] or ()) == count for s in document['sockets'])
        return document if good and document['sockets'] else None

    def table(self, cell, *options):
        """The rows of the table, split at blanks."""
        r = lab.portscope('-l', *options, preexec_fn=cell.enter_network)
        self.assertEqual((r.returncode, r.stderr), (0, ''))
        title, *rows = r.stdout.splitlines()
        return title, rows

    def test_sshd(self):
        cell, document = self.check('openssh-server')
        pid = document['sockets'][0]['processes'][0]['pid']
        _, rows = self.table(cell)
        for row in rows:
            self.assertIn(' sshd/%d ' % pid, row)
            self.assertIn(' root', row)

    def test_nginx(self):
        """The master first, as the lowest pid, then the workers."""
        cell, document = self.check('nginx')
        for row in document['sockets']:
            first, *others = row['processes']
            self.assertEqual(first['user'], 'root')
            for p in others:
                self.assertEqual(status(p['pid'], 'PPid'), [str(first['pid'])])
        title, rows = self.table(cell)
        self.assertIn('PROCESS', title)
        self.assertIn('USER', title)
        self.assertEqual(len(rows), 2)
        for row in rows:
            self.assertIn(' nginx/%d +3 ' % first['pid'], row)
        _, rows = self.table(cell, '-p')
        for p in document['sockets'][0]['processes']:
            self.assertIn('nginx/%d' % p['pid'], rows[0])

    def test_redis(self):
        """Its executable is a link to one of another name, and argv[0] holds the address."""
        cell, _ = self.check('redis-server')
        _, rows = self.table(cell)
        for row in rows:
            self.assertIn(' redis-server (redis-check-rdb)/', row)

    def test_dnsmasq(self):
        cell, _ = self.check('dnsmasq')
        _, rows = self.table(cell, '-n')
        uid = str(pwd.getpwnam('dnsmasq').pw_uid)
        for row in rows:
            self.assertIn(' dnsmasq/', row)
            self.assertIn(uid, row.split())


class Child:
    """A process of this test that makes a listening socket, in the control groups it is told."""

    def __init__(self, prepare=lambda: None, after=lambda: None):
        readable, writable = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(readable)
                prepare()
                sock = lab.listener(socket.AF_INET, '127.0.0.1', 0)
                after()
                os.write(writable, b'%d' % sock.getsockname()[1])
                os.close(writable)
                signal.pause()
            finally:
                os._exit(1)
        os.close(writable)
        with os.fdopen(readable) as f:
            self.port = int(f.read())

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def row_of(port, *options, **kw):
    rows = [s for s in lab.document('-l', *options, **kw)['sockets'] if s['local_port'] == port]
    assert len(rows) == 1, rows
    return rows[0]


def rename(name):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NAME, ctypes.c_char_p(name), 0, 0, 0):
        raise OSError(ctypes.get_errno(), 'prctl')


def leave_pipes():
    """Closes what would keep a reader waiting for the end of a pipe."""
    for fd in map(int, os.listdir('/proc/self/fd')):
        try:
            if fd > 2 and stat.S_ISFIFO(os.fstat(fd).st_mode):
                os.close(fd)
        except OSError:  # that of the listing itself
            pass


PYTHON = os.path.basename(os.path.realpath(sys.executable))
# comm: what JSON has of it, and how a table writes it.
NAMES = {
    b'MainThread': ('MainThread', 'MainThread'),
    b'a) S 1 (': ('a) S 1 (', 'a) S 1 ('),
    b') R 1 1 1': (') R 1 1 1', ') R 1 1 1'),
    b'q"u,o\'te': ('q"u,o\'te', 'q"u,o\'te'),
    b'\x1b[31mred': ('\x1b[31mred', '\\x1b[31mred'),
    b'two\nlines\t.': ('two\nlines\t.', 'two\\x0alines\\x09.'),
    b'back\\slash\\n': ('back\\slash\\n', 'back\\\\slash\\\\n'),
    b'=1+1': ('=1+1', '=1+1'),
    b'sp ace ': ('sp ace ', 'sp ace '),
    # What would be read as another holder.
    b'x 1 fd=3; sshd': ('x 1 fd=3; sshd', 'x 1 fd=3\\x3b sshd'),
    'ümläut'.encode(): ('ümläut', 'ümläut'),
    b'cut\xc3': ('cut\\xc3', 'cut\\xc3'),
}


class Names(unittest.TestCase):
    def child(self, *args):
        child = Child(*args)
        self.addCleanup(child.end)
        return child

    def test_renamed(self):
        """Scripts with odd file names, which they give to the kernel as well."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        children = {name: self.script(folder.name, name) for name in NAMES}
        # A name forges no line and no column: as many rows as sockets, in every format.
        rows = {s['local_port']: s for s in lab.document('-l')['sockets']}
        environment = {**os.environ, 'LC_ALL': 'C.UTF-8'}
        table = lab.portscope('-lH', env=environment).stdout
        lines = {int(line.split()[1].rpartition(':')[2]): line for line in table.split('\n')[:-1]}
        text = lab.portscope('-l', '--csv', '--columns', 'local_port,processes',
                             env=environment).stdout
        cells_of = {int(r[0]): r[1] for r in list(csv.reader(io.StringIO(text)))[1:]}
        self.assertEqual(len(rows), len(children))
        self.assertEqual(len(lines), len(children))
        self.assertEqual(len(cells_of), len(children))
        for name, (json_name, table_name) in NAMES.items():
            with self.subTest(name=name):
                port, pid = children[name]
                [process] = rows[port]['processes']
                self.assertEqual(process['comm'], json_name)
                self.assertEqual(process['pid'], pid)
                self.assertEqual(process['program'], '%s (%s)' % (json_name, PYTHON))
                self.assertIn(' %s (%s)/%d ' % (table_name, PYTHON, pid), lines[port])
                self.assertIn('%s (%s)/%d' % (table_name, PYTHON, pid), cells_of[port])
                self.assertNotIn('\x1b', table + text)

    def script(self, folder, name):
        """Runs a script of this name, which listens; its port and its pid."""
        path = os.path.join(folder.encode(), name)
        with open(path, 'w') as f:
            f.write('import ctypes, signal, socket, sys\n'
                    's = socket.create_server(("127.0.0.1", 0))\n'
                    'ctypes.CDLL(None).prctl(%d, %r, 0, 0, 0)\n'
                    'print(s.getsockname()[1], flush=True)\n'
                    'signal.pause()\n' % (PR_SET_NAME, name))
        child = subprocess.Popen([sys.executable, path], stdout=subprocess.PIPE, text=True)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return int(child.stdout.readline()), child.pid

    def test_empty_name(self):
        row = row_of(self.child(lambda: rename(b'')).port)
        self.assertEqual(row['processes'][0]['comm'], '')

    def test_executable_not_readable(self):
        """Without CAP_SYS_PTRACE the kernel still names the holder; what it runs is not known."""
        child = self.child()
        r = subprocess.run(['setpriv', '--bounding-set=-sys_ptrace', lab.program, '-l', '--json'],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        document = json.loads(r.stdout)
        if document['host']['owner_backend'] != 'bpf':
            cells.give_up(self, 'the bpf backend does not work')
        self.assertEqual((r.returncode, document['complete']), (4, False))
        self.assertIn('CAP_SYS_PTRACE is missing', r.stderr)
        [process] = next(s for s in document['sockets']
                         if s['local_port'] == child.port)['processes']
        self.assertEqual(process['pid'], child.pid)
        self.assertIsNotNone(process['comm'])
        self.assertEqual((process['exe'], process['exe_deleted']), (None, None))

    def test_deleted_executable(self):
        """The mark is a fact of its own: the path stays what it was."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'gone')
            shutil.copy(shutil.which('sleep'), path)
            sock = lab.listener(socket.AF_INET, '127.0.0.1', 0)
            self.addCleanup(sock.close)
            child = subprocess.Popen([path, '1000'], pass_fds=[sock.fileno()])
            self.addCleanup(child.wait)
            self.addCleanup(child.kill)
            port = sock.getsockname()[1]

            def process():
                return next((p for p in row_of(port)['processes']
                             if p['pid'] == child.pid and p['comm'] == 'gone'), None)

            before = lab.wait_for(process, 'the program runs')
            self.assertEqual((before['exe'], before['exe_deleted']), (path, False))
            os.unlink(path)
            after = process()
            self.assertEqual((after['exe'], after['exe_deleted']), (path, True))
            self.assertEqual(after['program'], 'gone')
            self.assertEqual({p['pid'] for p in row_of(port)['processes']},
                             {child.pid, os.getpid()})
            line = lab.portscope('-lpH').stdout
            self.assertIn('gone (deleted)/%d' % child.pid, line)


def cgroup2():
    """Where the second version of control groups is mounted."""
    with open('/proc/self/mounts') as f:
        return next((line.split()[1] for line in f if line.split()[2] == 'cgroup2'), None)


class Units(unittest.TestCase):
    """Control groups as systemd and container runtimes make them, made up below the real mount."""

    def setUp(self):
        self.made = []
        self.addCleanup(self.remove)
        root = cgroup2()
        if not root or not os.access(root, os.W_OK):
            cells.give_up(self, 'cgroup2 is not mounted, or not to be written')
        # A slice of our own: a systemd that runs here must not mind.
        self.root = root
        self.slice = '/portscope%d.slice' % os.getpid()
        with open('/proc/self/cgroup') as f:
            self.home = next(line for line in f if line.startswith('0::'))[3:].strip()

    def remove(self):
        for path in reversed(self.made):
            lab.wait_for(lambda: self.gone(path), 'a control group is empty')

    @staticmethod
    def gone(path):
        try:
            os.rmdir(path)
        except OSError:  # its last process has been killed, but not buried
            return False
        return True

    def group(self, path):
        """Makes a control group below the slice; returns what moves a process into it."""
        at = self.root
        for part in (self.slice + path).strip('/').split('/'):
            at += '/' + part
            if not os.path.isdir(at):
                os.mkdir(at)
                self.made.append(at)

        def join():
            with open(at + '/cgroup.procs', 'w') as f:
                f.write('0')
        return join

    def child(self, *args):
        child = Child(*args)
        self.addCleanup(child.end)
        return child

    def units(self, row):
        return row['unit'], row['socket_unit']

    def test_service(self):
        port = self.child(self.group('/portscope-test.service')).port
        row = row_of(port)
        self.assertEqual(self.units(row), ('portscope-test.service', 'portscope-test.service'))
        self.assertIsNone(row['container'])
        line = next(l for l in lab.portscope('-lH').stdout.splitlines() if ':%d ' % port in l)
        self.assertTrue(line.rstrip().endswith(' portscope-test.service'), line)

    def test_socket_of_another_unit(self):
        """As a service that takes over a socket: the holder's unit, and beside it the socket's."""
        row = row_of(self.child(self.group('/maker.service'), self.group('/holder.service')).port)
        self.assertEqual(self.units(row), ('holder.service', 'maker.service'))
        self.assertEqual(row['workload'], 'holder.service')

    def test_socket_activation(self):
        """The manager keeps the socket of the service that it started, which comes first."""
        service = self.group('/portscope-test.service')

        def start():
            rename(b'systemd')
            if os.fork() == 0:
                cells.isolate()
                rename(b'daemon')
                leave_pipes()
                service()
                signal.pause()
        child = self.child(self.group('/init.scope'), start)

        def row():
            found = row_of(child.port)
            return found if found['unit'] == 'portscope-test.service' else None
        found = lab.wait_for(row, 'the service is that of the socket')
        self.assertEqual(found['socket_unit'], 'init.scope')
        self.assertEqual([p['comm'] for p in found['processes']], ['daemon', 'systemd'])
        self.assertEqual(found['processes'][1]['pid'], child.pid)

    def test_below_a_unit(self):
        row = row_of(self.child(self.group('/a\\x2db@c.service/payload/inner')).port)
        self.assertEqual(self.units(row), ('a-b@c.service', 'a-b@c.service'))

    def test_user_unit(self):
        path = '/user-1000.slice/user@1000.service/app.slice/dev\\x2dserver.service'
        row = row_of(self.child(self.group(path)).port)
        self.assertEqual(self.units(row), ('user@1000/dev-server.service',) * 2)

    def test_scope(self):
        row = row_of(self.child(self.group('/user-1000.slice/session-12.scope')).port)
        self.assertEqual(self.units(row), ('session-12.scope', 'session-12.scope'))

    def test_containers(self):
        for path, runtime, pod in (
            ('/docker-%s.scope' % ID, 'docker', None),
            ('/libpod-%s.scope/container' % ID, 'podman', None),
            ('/kubepods-burstable-pod%s.slice/cri-containerd-%s.scope'
             % (POD.replace('-', '_'), ID), 'containerd', POD),
            ('/crio-%s.scope' % ID, 'cri-o', None),
        ):
            with self.subTest(path=path):
                row = row_of(self.child(self.group(path)).port)
                self.assertEqual(row['container'],
                                 {'runtime': runtime, 'id': ID, 'name': None, 'pod': pod})
                self.assertEqual(row['workload'], '%s:%s' % (runtime, ID[:12]))
                table = lab.portscope('-lH').stdout
                self.assertIn(' %s:%s\n' % (runtime, ID[:12]), table)
                self.assertNotIn(ID, table)

    def test_nspawn(self):
        path = '/machine.slice/systemd-nspawn@web\\x2d1.service/payload'
        row = row_of(self.child(self.group(path)).port)
        self.assertEqual(row['container']['runtime'], 'systemd-nspawn')
        self.assertEqual(row['container']['name'], 'web-1')
        self.assertEqual(row['workload'], 'systemd-nspawn:web-1')

    def test_without_privilege(self):
        """The socket's own unit takes no look at any process."""
        port = self.child(self.group('/portscope-test.service')).port
        r = lab.as_nobody('--json', '-l')
        self.assertEqual(r.returncode, 0)
        row = next(s for s in json.loads(r.stdout)['sockets'] if s['local_port'] == port)
        self.assertEqual(row['owner'], 'hidden')
        self.assertEqual(self.units(row), ('portscope-test.service', 'portscope-test.service'))
        self.assertIn('1 of 1 owners are hidden', r.stderr)

    def test_no_unit(self):
        """What stands outside of every unit has none, whatever its directories are called."""
        row = row_of(self.child(self.group('/plain/deeper')).port)
        self.assertEqual(self.units(row), (None, None))


if __name__ == '__main__':
    cells.main()

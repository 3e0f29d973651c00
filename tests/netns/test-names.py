#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What real processes are called, seen by either owner backend: programs whose first thread has
ended, that rename themselves, write titles over their arguments or have odd file names."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import lab

# Not that of a virtual environment: a copy has to find its library.
SYSTEM_PYTHON = '/usr/bin/python3'
PYTHON = os.path.realpath(SYSTEM_PYTHON)
# Takes the bpf backend from the program, so that procfs has to answer.
WITHOUT_BPF = ['setpriv', '--bounding-set=-sys_admin,-bpf,-perfmon']
LISTEN = ('import ctypes, os, socket, sys, threading, signal\n'
          'libc = ctypes.CDLL(None)\n'
          's = socket.create_server(("127.0.0.1", 0))\n'
          'def say(): print(s.getsockname()[1], flush=True)\n')
EXIT_THREAD = LISTEN + (
    'def go_on():\n'
    '    while open("/proc/self/stat").read().rpartition(")")[2].split()[0] != "Z": pass\n'
    '    say()\n'
    '    signal.pause()\n'
    'threading.Thread(target=go_on).start()\n'
    'libc.syscall({"aarch64": 93, "riscv64": 93}.get(os.uname().machine, 60), 0)\n')
RENAME = LISTEN + ('libc.prctl(15, sys.argv[1].encode(), 0, 0, 0)\nsay()\nsignal.pause()\n')
TITLE = LISTEN + ('import setproctitle\nsetproctitle.setproctitle(sys.argv[1])\nsay()\n'
                  'signal.pause()\n')


def listing(backend, *args):
    """The document of a listing whose owners come from `backend`."""
    before = WITHOUT_BPF if backend == 'procfs' else []
    r = subprocess.run([*before, lab.program, '--json', '-l', *args], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, timeout=60)
    document = json.loads(r.stdout)
    if document['host']['owner_backend'] not in (backend, None):
        lab.refuse('the %s backend does not work here: %s' % (backend, r.stderr))
    # The first process of a sandbox may be closed even to root.
    document['warnings'] = [w for w in document['warnings']
                            if 'could not be inspected' not in w['text']]
    assert document['warnings'] or r.returncode in (0, 4), r.stderr
    return document


class Case(unittest.TestCase):
    def folder(self, *args, **kw):
        folder = tempfile.TemporaryDirectory(*args, **kw)
        self.addCleanup(folder.cleanup)
        return folder.name

    def copy(self, name, where=None, of=PYTHON):
        path = os.path.join(where or self.folder(), name)
        shutil.copy(of, path)
        return path

    def start(self, *argv, **kw):
        """Starts a program that prints its port; the port, and the process."""
        kw.setdefault('env', {**os.environ, 'PYTHONHOME': '/usr'})
        kw.setdefault('stdin', subprocess.DEVNULL)
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, **kw)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        line = child.stdout.readline()
        self.assertTrue(line, '%s said no port' % (argv,))
        return int(line), child

    def holder(self, port, pid=None, **wanted):
        """The one holder of a port, the same by both backends, with these values."""
        found = []
        for backend in ('bpf', 'procfs'):
            document = listing(backend)
            [row] = [s for s in document['sockets'] if s['local_port'] == port]
            self.assertEqual(document['warnings'], [])
            self.assertEqual(row['owner'], 'known')
            found.append([p for p in row['processes'] if pid in (None, p['pid'])])
        self.assertEqual(found[0], found[1])
        [process] = found[0]
        for key, value in wanted.items():
            self.assertEqual(process[key], value, key)
        return process

    def matches(self, port, *filters):
        for text in filters:
            rows = listing('bpf', text)['sockets']
            self.assertIn(port, [s['local_port'] for s in rows], text)


class Executables(Case):
    def test_first_thread_ended(self):
        """Another thread serves: /proc/PID/exe is empty then, and that of the thread is not."""
        path = self.copy('server', self.folder(dir='/dev/shm'))
        port, child = self.start(path, '-c', EXIT_THREAD)
        p = self.holder(port, pid=child.pid, exe=path, exe_deleted=False, program='server',
                        user='root')
        self.assertTrue(p['cmdline'].startswith(path + ' -c '), p['cmdline'])
        r = lab.portscope('audit', '--json', 'sport = :%d' % port)
        self.assertIn('executable-in-temporary-folder',
                      [f['rule'] for f in json.loads(r.stdout)['findings']])

    def test_longer_than_comm(self):
        name = 'prometheus-node-exporter'
        port, _ = self.start(self.copy(name), '-c', LISTEN + 'say()\nsignal.pause()')
        self.holder(port, program=name, comm=name[:15], title=None)
        self.matches(port, 'process = ' + name, 'process = ' + name[:15], 'process ~ *-exporter')

    def test_renamed_thread(self):
        port, _ = self.start(self.copy('bitcoind'), '-c', RENAME, 'b-init')
        self.holder(port, program='bitcoind', comm='b-init')
        self.matches(port, 'process = bitcoind', 'process = b-init')

    def test_name_like_the_mark(self):
        """A file whose name ends as the kernel marks deleted ones."""
        path = self.copy('x (deleted)')
        port, child = self.start(path, '-c', LISTEN + 'say()\nsignal.pause()')
        self.holder(port, exe=path, exe_deleted=False, program='x (deleted)')
        os.unlink(path)
        self.holder(port, exe=path, exe_deleted=True, program='x (deleted)')

    def test_deleted_with_another_link(self):
        """The file lives on under another name; the one it was started by is gone."""
        path = self.copy('x')
        port, _ = self.start(path, '-c', LISTEN + 'say()\nsignal.pause()')
        os.link(path, path + '-kept')
        os.unlink(path)
        self.holder(port, exe=path, exe_deleted=True, program='x')


class Interpreters(Case):
    def script(self, name, text):
        path = os.path.join(self.folder(), name)
        with open(path, 'w') as f:
            f.write(text)
        return path

    def test_python_script(self):
        path = self.script('serve.py', LISTEN + 'say()\nsignal.pause()')
        port, _ = self.start(SYSTEM_PYTHON, path)
        base = os.path.basename(PYTHON)
        self.holder(port, program='serve.py (%s)' % base, exe=PYTHON, title=None)
        self.matches(port, 'process = serve.py', 'process = ' + base,
                     "process = 'serve.py (%s)'" % base)

    def test_setproctitle(self):
        if subprocess.run([SYSTEM_PYTHON, '-c', 'import setproctitle'],
                          stderr=subprocess.DEVNULL).returncode:
            self.skipTest('python3-setproctitle is not installed')
        for title, name in (('gunicorn: master [srv/app: 1]', 'gunicorn'),
                            ('postgres: 15/main: walwriter', 'postgres'), ('one', 'one')):
            with self.subTest(title=title):
                port, _ = self.start(SYSTEM_PYTHON, '-c', TITLE, title)
                program = '%s (%s)' % (name, os.path.basename(PYTHON))
                self.holder(port, program=program, title=title)
                self.matches(port, 'process = ' + name)

    def test_perl(self):
        path = self.script('serve.pl', 'use IO::Socket::INET; $| = 1; my $s = '
                           'IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1");'
                           'print $s->sockport, "\\n"; <STDIN>; $0 = "amavisd (master)";'
                           'print "1\\n"; sleep;')
        perl = shutil.which('perl')
        if not perl:
            self.skipTest('perl is not installed')
        port, child = self.start(perl, '-w', path, stdin=subprocess.PIPE)
        self.addCleanup(child.stdin.close)
        self.holder(port, program='serve.pl (perl)', title=None)
        print(file=child.stdin, flush=True)
        child.stdout.readline()
        self.holder(port, program='amavisd (perl)', title='amavisd (master)')

    def test_node(self):
        node = shutil.which('node')
        if not node:
            self.skipTest('node is not installed')
        path = self.script('server.js',
                           'const s = require("net").createServer().listen(0, "127.0.0.1",'
                           ' () => console.log(s.address().port));'
                           'process.stdin.once("data", () => { process.title = "web";'
                           ' console.log(1) });')
        port, child = self.start(node, path, stdin=subprocess.PIPE)
        self.addCleanup(child.stdin.close)
        base = os.path.basename(os.path.realpath(node))
        self.holder(port, program='server.js (%s)' % base)
        before = os.path.join(self.folder(), 'before')
        with open(before, 'w') as f:
            f.write(lab.portscope('-l', '--json').stdout)
        print(file=child.stdin, flush=True)
        child.stdout.readline()
        self.holder(port, program='web (%s)' % base, title='web')
        # It is no other program for that.
        r = lab.portscope('diff', before)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        r = lab.portscope('audit', '--baseline', before, '--json', 'sport = :%d' % port)
        self.assertNotIn('changed-since-baseline',
                         [f['rule'] for f in json.loads(r.stdout)['findings']])

    def test_java(self):
        java = shutil.which('java')
        if not java:
            self.skipTest('java is not installed')
        path = self.script('Serve.java', 'class Serve { public static void main(String[] a) throws '
                           'Exception { var s = new java.net.ServerSocket(0, 1, '
                           'java.net.InetAddress.getLoopbackAddress()); '
                           'System.out.println(s.getLocalPort()); Thread.sleep(1000000); } }')
        compiler = shutil.which('javac')
        if not compiler:
            self.skipTest('javac is not installed')
        subprocess.run([compiler, path], check=True)
        port, _ = self.start(java, '-Xmx64m', '-cp', os.path.dirname(path), 'Serve')
        self.holder(port, program='Serve (java)')


class Servers(Case):
    """Application servers of Debian that write titles."""

    def served(self, package, argv, program, titled, **kw):
        if not shutil.which(argv[0]):
            self.skipTest(package + ' is not installed')
        with socket.create_server(('127.0.0.1', 0)) as s:
            port = s.getsockname()[1]
        child = subprocess.Popen([a.replace('PORT', str(port)) for a in argv],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 start_new_session=True, **kw)
        self.addCleanup(child.wait)
        self.addCleanup(lambda: os.killpg(child.pid, signal.SIGKILL))

        def processes():
            rows = [s for s in listing('bpf')['sockets'] if s['local_port'] == port]
            found = rows[0]['processes'] if rows else []
            return found if len(found) >= 1 and any(
                (p['title'] or '').startswith(titled) for p in found) else None
        for p in lab.wait_for(processes, package + ' serves', seconds=30):
            self.assertRegex(p['program'], program)
        self.matches(port, 'process = ' + argv[0])

    def test_gunicorn(self):
        folder = self.folder()
        with open(os.path.join(folder, 'app.py'), 'w') as f:
            f.write('def app(environ, start):\n    start("200 OK", [])\n    return [b""]\n')
        self.served('gunicorn', ['gunicorn', '-b', '127.0.0.1:PORT', 'app:app'],
                    r'^gunicorn \(python3[0-9.]*\)$', 'gunicorn: ', cwd=folder)

    def test_puma(self):
        folder = self.folder()
        with open(os.path.join(folder, 'config.ru'), 'w') as f:
            f.write('run lambda { |env| [200, {}, [""]] }\n')
        self.served('puma', ['puma', '-b', 'tcp://127.0.0.1:PORT'], r'^puma \(ruby[0-9.]*\)$',
                    'puma ', cwd=folder)


class Churn(Case):
    def test_threads_that_end(self):
        """Threads come and go after the first one has ended: one of them always has the link."""
        path = self.copy('churner')
        port, _ = self.start(path, '-c', EXIT_THREAD.replace(
            '    signal.pause()\n',
            '    while True:\n'
            '        t = threading.Thread(target=lambda: None)\n'
            '        t.start(); t.join()\n'))
        for _ in range(25):
            self.holder(port, exe=path, program='churner')

    def test_processes_that_end(self):
        """Thousands of children share a listener and end while it is listed."""
        path = self.copy('parent')
        port, child = self.start(path, '-c', LISTEN + (
            'say()\n'
            'for i in range(4000):\n'
            '    pid = os.fork()\n'
            '    if pid == 0: os._exit(0)\n'
            '    os.waitpid(pid, 0)\n'
            'sys.stdin.read()\n'), stdin=subprocess.PIPE)
        self.addCleanup(child.stdin.close)
        for i in range(30):
            document = listing(('bpf', 'procfs')[i % 2])
            [row] = [s for s in document['sockets'] if s['local_port'] == port]
            self.assertEqual(document['warnings'], [])
            self.assertEqual({(p['program'], p['exe']) for p in row['processes']},
                             {('parent', path)})
            self.assertIn(child.pid, [p['pid'] for p in row['processes']])


if __name__ == '__main__':
    lab.need(os.geteuid() == 0, 'needs root')
    lab.main()

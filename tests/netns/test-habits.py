# SPDX-License-Identifier: LGPL-2.1-or-later
"""Command lines as users of ss, netstat, lsof and fuser type them: those of habits.tsv, each beside
what it asks for, in a namespace with sockets of every common kind."""

import json
import os
import re
import shlex
import subprocess
import sys
import unittest

import lab

HOLDER = r"""
import socket, sys
kept = []
def add(family, kind, address, peer=None):
    s = socket.socket(family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if address:
        s.bind(address)
    if peer:
        s.connect(peer)
    elif kind == socket.SOCK_STREAM:
        s.listen(5)
    kept.append(s)
    return s
T, U, I4, I6 = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.AF_INET, socket.AF_INET6
shop = add(I4, T, ('127.0.0.1', 3000))
add(I4, T, ('0.0.0.0', 443))
add(I6, T, ('::', 8080))
web = add(I6, T, ('::1', 80))
add(I4, U, ('127.0.0.1', 53))
add(I4, U, ('0.0.0.0', 5353))
add(I4, T, ('127.0.0.1', 40001), ('127.0.0.1', 3000))
add(I6, T, ('::1', 40002), ('::1', 80))
add(I4, U, ('127.0.0.1', 40003), ('127.0.0.1', 53))
kept += [shop.accept()[0], web.accept()[0]]
print('ready', flush=True)
sys.stdin.read()
"""

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'habits.tsv')


def endpoint_port(text):
    """The port behind the last colon; 0 where there is none."""
    port = text.rsplit(':', 1)[-1]
    return int(port) if port.isdigit() else 0


def rows_of_ss(text):
    for line in text.splitlines():
        words = line.split()
        if words and words[0] in ('tcp', 'udp'):
            yield words[0], endpoint_port(words[4]), endpoint_port(words[5])


def rows_of_netstat(text):
    for line in text.splitlines():
        words = line.split()
        if words and re.fullmatch('(tcp|udp)6?', words[0]):
            yield words[0][:3], endpoint_port(words[3]), endpoint_port(words[4])


def rows_of_lsof(text):
    for line in text.splitlines()[1:]:
        found = re.search(r' (TCP|UDP) (\S+)', line)
        local, _, remote = found.group(2).partition('->')
        yield found.group(1).lower(), endpoint_port(local), endpoint_port(remote)


READERS = {'ss': rows_of_ss, 'netstat': rows_of_netstat, 'lsof': rows_of_lsof}


def lines():
    with open(TABLE, encoding='utf-8') as f:
        for number, line in enumerate(f, 1):
            if line.strip() and not line.startswith('#'):
                typed, what, value = line.rstrip('\n').split('\t')
                yield number, typed, what, value


class Habits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = subprocess.Popen([sys.executable, '-c', HOLDER], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)
        assert cls.holder.stdout.readline() == b'ready\n'

    @classmethod
    def tearDownClass(cls):
        cls.holder.stdin.close()
        cls.holder.wait()
        cls.holder.stdout.close()

    def run_typed(self, typed, *more):
        words = shlex.split(typed.replace('$PID', str(self.holder.pid)))
        return lab.portscope(*words, *more)

    def rows(self, typed):
        r = self.run_typed(typed, '--json')
        self.assertEqual(r.returncode, 0, r.stderr)
        return sorted((s['protocol'], s['local_port'], s['remote_port'] or 0)
                      for s in json.loads(r.stdout)['sockets'])

    def check_as(self, typed, oracle):
        tool, *rest = shlex.split(oracle)
        result = subprocess.run([lab.need_tool(tool), *rest], stdout=subprocess.PIPE, text=True,
                                stderr=subprocess.DEVNULL, check=False)
        # Of -t alone, ss leaves out the column of the protocol.
        expected = sorted(READERS[tool](result.stdout))
        self.assertTrue(expected, oracle)
        self.assertEqual(self.rows(typed), expected)

    def check_ports(self, typed, ports):
        self.assertEqual(sorted({row[1] for row in self.rows(typed)}),
                         sorted(int(p) for p in ports.split(',') if p))

    def check_says(self, typed, text):
        r = self.run_typed(typed)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn(text, r.stderr)

    def check_answer(self, typed, text):
        r = self.run_typed(typed)
        self.assertEqual((r.returncode, r.stdout), (2, ''), r.stderr)
        self.assertIn(text, r.stderr)

    def check_nothing(self, typed, text):
        r = self.run_typed(typed)
        self.assertEqual((r.returncode, r.stdout, r.stderr.count('\n')), (1, '', 1), r.stderr)
        self.assertIn(text, r.stderr)
        if '--pids' not in typed:
            r = self.run_typed(typed, '--json')
            self.assertEqual((r.returncode, json.loads(r.stdout)['sockets']), (1, []))

    def check_pids(self, typed, value):
        r = self.run_typed(typed)
        self.assertEqual((r.returncode, r.stdout),
                         (0, value.replace('$PID', str(self.holder.pid)) + '\n'), r.stderr)

    def check_titles(self, typed, titles):
        r = self.run_typed(typed)
        self.assertEqual(r.returncode, 0, r.stderr)
        have = r.stdout.split('\n', 1)[0].split()
        for title in titles.split():
            self.assertIn(title, have)

    def check_output(self, typed, text):
        r = self.run_typed(typed)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn(text, r.stdout)

    def test_lines(self):
        count = 0
        for number, typed, what, value in lines():
            with self.subTest(line=number, typed=typed):
                getattr(self, 'check_' + what)(typed, value)
            count += 1
        self.assertGreaterEqual(count, 150)

    def test_bare_without_connections(self):
        """In a namespace of its own, with one socket that listens."""
        script = ('import socket,subprocess,sys; s = socket.socket(); s.bind(("", 1234));'
                  's.listen(); sys.exit(subprocess.run(sys.argv[1:]).returncode)')
        r = subprocess.run(['unshare', '-n', sys.executable, '-c', script, lab.program],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn('no connections; 1 socket listens: portscope -l', r.stderr)


if __name__ == '__main__':
    lab.main()

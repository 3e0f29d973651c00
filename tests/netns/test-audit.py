#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command audit on real sockets and real holders: copies of one program under the names of
daemons, since by its executable is how the audit knows a program."""

import contextlib
import csv
import errno
import functools
import io
import json
import os
import pwd
import shutil
import re
import socket
import subprocess
import tempfile
import unittest

import deny
import lab
import terminal

try:
    import jsonschema
    VALIDATOR = jsonschema.Draft202012Validator
except (ImportError, AttributeError):
    jsonschema = None

HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA = os.path.join(HERE, '../../man/portscope-1.schema.json')
SARIF = os.environ.get('PORTSCOPE_SARIF_SCHEMA') or os.path.join(
    HERE, '../../../shared/sarif-schema-2.1.0.json')
SEVERITIES = ('info', 'low', 'medium', 'high', 'critical')

HOLDER = os.environ.get('HOLDER')

WORLD = None


class World:
    """Holders and sockets, made once for all tests."""

    def __init__(self):
        # Not below /tmp: a program from there is a finding of its own.
        self.folder = tempfile.mkdtemp(prefix='portscope-', dir='/var/lib')
        self.children = []
        self.kept = []
        lab.veth('a0', 'a1')
        lab.address('a0', '10.9.8.7/24', '10.9.8.8/24', '10.9.8.9/24')
        lab.sysctl('ipv4/ip_local_port_range', '32768 60999')
        self.nobody = pwd.getpwnam('nobody').pw_uid
        self.hold('in.telnetd', 0, 'tcp,10.9.8.7,23', 'tcp,127.0.0.1,23', 'tcp,10.9.8.7,2323')
        self.hold('sshd', 0, 'tcp,10.9.8.8,23')
        self.hold('vsftpd', 0, 'tcp,10.9.8.7,2121', 'tcp,10.9.8.7,990')
        self.hold('dovecot', 0, 'tcp,10.9.8.7,143', 'tcp,10.9.8.7,993', 'tcp,10.9.8.8,110')
        self.hold('rsyslogd', 0, 'tcp,10.9.8.7,514')
        self.hold('unheard-of', 0, 'tcp,10.9.8.9,2375', 'tcp,10.9.8.9,50123',
                  'udp,0.0.0.0,45678', 'tcp,0.0.0.0,8081')
        self.hold('quiet', 0, 'tcp,10.9.8.9,1500')
        self.hold('lowly', self.nobody, 'tcp,10.9.8.9,700')
        self.hold('first', 0, 'tcp,10.9.8.9,7070')
        self.hold('second', self.nobody, 'tcp,10.9.8.9,7070')
        self.hold('twin', 0, 'tcp,10.9.8.9,8000', 'tcp,10.9.8.9,8000')
        self.hold('upgraded', 0, 'tcp,10.9.8.9,1501')
        os.unlink(os.path.join(self.folder, 'upgraded'))
        self.hold_elsewhere('/tmp', 'tcp,10.9.8.9,1502')
        self.hold_in_memory('tcp,10.9.8.9,1503')
        self.shell()
        self.full_queue()
        self.kept.append(socket.create_connection(('127.0.0.1', 8081)))

    def start(self, argv, **kw):
        child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                 **kw)
        self.children.append(child)
        if child.stdout.readline() != 'ready\n':
            raise AssertionError('%s did not start' % argv[0])
        return child

    def run(self, path, uid, *sockets, **kw):
        return self.start([os.path.basename(path), str(uid), *sockets], executable=path, **kw)

    def hold(self, name, uid, *sockets):
        path = os.path.join(self.folder, name)
        shutil.copy(HOLDER, path)
        return self.run(path, uid, *sockets)

    def hold_elsewhere(self, folder, *sockets):
        path = os.path.join(tempfile.mkdtemp(dir=folder), 'odd')
        shutil.copy(HOLDER, path)
        self.kept.append(path)
        self.run(path, 0, *sockets)

    def hold_in_memory(self, *sockets):
        fd = os.memfd_create('payload', 0)
        with open(HOLDER, 'rb') as f:
            data = f.read()
        while data:
            data = data[os.write(fd, data):]
        self.run('/proc/self/fd/%d' % fd, 0, *sockets, pass_fds=[fd])
        os.close(fd)

    def shell(self):
        """A shell whose standard input is a listening socket; it ends with the pipe."""
        listener = lab.listener(socket.AF_INET, '10.9.8.9', 4445)
        end, other = os.pipe()
        child = subprocess.Popen(['sh', '-c', 'echo ready >&2; cat <&1 & wait'], stdin=listener,
                                 stdout=end, stderr=subprocess.PIPE, text=True)
        self.children.append(child)
        self.kept.append(other)
        os.close(end)
        child.stderr.readline()
        listener.close()

    def full_queue(self):
        self.kept.append(lab.listener(socket.AF_INET, '10.9.8.9', 1234, backlog=1))
        for _ in range(3):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(('10.9.8.9', 1234))
            self.kept.append(s)

    def close(self):
        for child in self.children:
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream:
                    stream.close()
        for thing in self.kept:
            if isinstance(thing, str):
                shutil.rmtree(os.path.dirname(thing))
            elif isinstance(thing, int):
                os.close(thing)
            else:
                thing.close()
        shutil.rmtree(self.folder)


def setUpModule():
    global WORLD
    lab.need(HOLDER, 'the environment variable HOLDER names no program')
    lab.need(not os.path.exists('/etc/portscope/policy'), 'this host has a policy of its own')
    WORLD = World()
    unittest.addModuleCleanup(WORLD.close)


def audit(*args, status=None, run=lab.portscope, **kw):
    r = run('audit', *args, **kw)
    if status is not None and r.returncode != status:
        raise AssertionError('audit %s: status %d\n%s%s' % (args, r.returncode, r.stdout,
                                                            r.stderr))
    return r


def document(*args, status=None, **kw):
    return json.loads(audit('--json', *args, status=status, **kw).stdout)


def key(finding):
    return tuple(finding[k] for k in ('rule', 'protocol', 'local_address', 'local_port'))


def found(*args, **kw):
    """What was found: (rule, protocol, address, port) to (severity, evidence)."""
    findings = document(*args, **kw)['findings']
    result = {key(f): (f['severity'], f['evidence']) for f in findings}
    assert len(result) == len(findings), 'a finding stands twice'
    return result


def on_terminal(columns, *options):
    """What a terminal of that width receives, as lines without colour."""
    return terminal.run(columns, *options, '--color=never')[0]


class Terminal(unittest.TestCase):
    def test_narrow(self):
        """A finding is a line that fits; of the details only a word may be too long."""
        for columns in 80, 120, 200:
            lines = on_terminal(columns, 'audit')
            self.assertIn('if docker: the Docker API', ' '.join(lines))
            for line in lines:
                self.assertLessEqual(len(line), columns)
            lines = on_terminal(columns, 'audit', '--details')
            self.assertIn('Rule: insecure-service', ' '.join(' '.join(lines).split()))
            for line in lines:
                if len(line) > columns:
                    self.assertRegex(line.strip(), r'^\S+$', columns)

    def test_footer_of_the_listing(self):
        """It counts what the audit takes for insecure and medium or worse, and nothing else."""
        worth = [f for f in document()['findings'] if f['rule'].startswith('insecure-service') and
                 f['severity'] in ('medium', 'high', 'critical')]
        footer = on_terminal(200, '-l')[-1]
        self.assertRegex(footer, r'^\d+ listening: \d+ any, \d+ private, 1 loopback\. '
                         '%d may be insecure: portscope audit$' % len(worth))
        self.assertRegex(on_terminal(200, '-l', 'sport = 1500')[-1], r'^1 listening: 1 private\.$')


class Findings(unittest.TestCase):
    maxDiff = None

    def test_all(self):
        """No finding too many, none too few."""
        tcp = {
            ('insecure-service', '10.9.8.7', 23): ('high', 'port+process'),
            ('insecure-service', '127.0.0.1', 23): ('info', 'port+process'),
            ('insecure-service-moved', '10.9.8.7', 2323): ('high', 'process'),
            ('port-of-another-service', '10.9.8.8', 23): ('low', 'contradicted'),
            ('insecure-service-moved', '10.9.8.7', 2121): ('high', 'process'),
            ('insecure-service', '10.9.8.7', 143): ('medium', 'port+process'),
            ('encrypted-twin-open', '10.9.8.7', 143): ('low', 'port+process'),
            ('insecure-service', '10.9.8.8', 110): ('medium', 'port+process'),
            ('insecure-service', '10.9.8.7', 514): ('medium', 'port+process'),
            ('insecure-service', '10.9.8.9', 2375): ('critical', 'port'),
            ('ephemeral-listener', '10.9.8.9', 50123): ('low', 'observed'),
            ('root-on-unprivileged-wildcard', '0.0.0.0', 8081): ('info', 'observed'),
            ('local-clients-only', '0.0.0.0', 8081): ('info', 'observed'),
            ('privileged-port-without-root', '10.9.8.9', 700): ('info', 'observed'),
            ('shared-by-users', '10.9.8.9', 7070): ('medium', 'observed'),
            ('insecure-service', '10.9.8.9', 8000): ('low', 'port'),
            ('executable-deleted', '10.9.8.9', 1501): ('medium', 'observed'),
            ('executable-in-temporary-folder', '10.9.8.9', 1502): ('high', 'observed'),
            ('executable-in-memory', '10.9.8.9', 1503): ('high', 'observed'),
            ('shell-on-socket', '10.9.8.9', 4445): ('high', 'observed'),
            ('accept-queue-full', '10.9.8.9', 1234): ('medium', 'observed'),
        }
        expected = {(rule, 'tcp', host, port): v for (rule, host, port), v in tcp.items()}
        expected['udp-client', 'udp', '0.0.0.0', 45678] = ('info', 'observed')
        self.assertEqual(found(), expected)

    def test_order(self):
        """The worst first, then by protocol, port and address."""
        ranks = [(-SEVERITIES.index(f['severity']), f['protocol'],
                  f['local_port']) for f in document()['findings']]
        self.assertEqual(ranks, sorted(ranks))

    def test_twins_are_told_of_once(self):
        for f in document('sport = 8000')['findings']:
            self.assertEqual((f['rule'], f['sockets']), ('insecure-service', 2))
        self.assertIn('Sockets: 10.9.8.9:8000 ×2\n', audit('sport = 8000').stdout)

    def test_filter_only_chooses(self):
        """993 is not judged, but known."""
        d = document('sport', '=', '143', status=0)
        self.assertEqual([f['rule'] for f in d['findings']],
                         ['insecure-service', 'encrypted-twin-open'])
        self.assertEqual(d['findings'][1]['advice'], 'close it, 993 is open as well')
        self.assertEqual((d['summary']['sockets'], d['query']['filter']), (1, 'sport = 143'))
        # 995 is not open, so nobody is told to close 110.
        self.assertEqual(list(found('sport = 110')),
                         [('insecure-service', 'tcp', '10.9.8.8', 110)])

    def test_filter_by_anything(self):
        """What only the filter reads is gathered too."""
        self.assertEqual({f['local_port']
                          for f in document('process = vsftpd and exposure = private')['findings']},
                         {2121})
        self.assertEqual(document('port_range = dynamic and protocol = tcp')['summary']['sockets'], 1)
        self.assertEqual(document('autobound')['summary']['sockets'], 0)
        self.assertEqual(document('-u')['summary']['sockets'], 1)
        self.assertEqual(document('user = nobody')['summary']['sockets'], 2)

    def test_program_decides(self):
        text, = [f['text'] for f in document('sport = 514')['findings']]
        self.assertIn('Syslog over plain TCP', text)

    def test_summary_counts(self):
        d = document()
        s = d['summary']
        self.assertEqual(s['findings'], len(d['findings']))
        for name in 'severity', 'exposure':
            counted = {}
            for f in d['findings']:
                where = f
                counted[where[name]] = counted.get(where[name], 0) + 1
            self.assertEqual({k: n for k, n in s['by_' + name].items() if n}, counted)
        raising = {f['cookie'] for f in d['findings']}
        listed = lab.document('-l')['sockets']
        self.assertEqual(s['sockets'], len(listed))
        # 8000 and 7070 have two sockets each, of which one is told of.
        self.assertEqual(s['quiet'], len(listed) - len(raising) - 2)
        self.assertEqual((s['allowed'], s['silenced'], s['unseen'], s['policy']), (0, 0, 0, None))


class Field(unittest.TestCase):
    """The field `findings` of a listing says what the audit says."""

    def test_listing(self):
        judged = {}
        for rule, _, host, port in map(key, document()['findings']):
            judged.setdefault((host, port), set()).add(rule)
        listed = lab.document('-a', '--columns=+findings')['sockets']
        for s in listed:
            if s['state'] in ('listen', 'unconnected'):
                self.assertEqual(set(s['findings']),
                                 judged.get((s['local_address'], s['local_port']), set()), s)
            else:
                self.assertIsNone(s['findings'])
        self.assertTrue(any(s['findings'] is None for s in listed))
        if jsonschema:
            d = lab.document('-l', '--columns=+findings')
            self.assertEqual([e.message for e in validator().iter_errors(d)], [])

    def test_other_formats(self):
        options = ('-lH', '--columns=local,findings', 'sport = 143 or sport = 1500')
        self.assertEqual([line.split() for line in lab.portscope(*options).stdout.splitlines()],
                         [['10.9.8.7:143', 'insecure-service,encrypted-twin-open'],
                          ['10.9.8.9:1500', '-']])
        self.assertEqual(sorted(lab.portscope(*options, '--csv').stdout.splitlines()),
                         ['10.9.8.7:143,"insecure-service,encrypted-twin-open"',
                          '10.9.8.9:1500,'])
        # The most findings first.
        first = lab.document('-l', '--columns=findings', '--sort=-findings')['sockets'][0]
        self.assertEqual(len(first['findings']), 2)

    def test_filter(self):
        """One of them is enough, in a listing, a filter of the audit and a policy."""
        ports = [s['local_port'] for s in lab.document('-l', 'findings = encrypted-twin-open')
                 ['sockets']]
        self.assertEqual(ports, [143])
        self.assertEqual([f['rule'] for f in document('findings = encrypted-twin-open')
                          ['findings']], ['insecure-service', 'encrypted-twin-open'])
        self.assertEqual(lab.document('-l', 'findings ~ executable-*', '--sort=local_port',
                                      '--columns=local_port')['sockets'],
                         [{'local_port': n} for n in (1501, 1502, 1503)])
        with tempfile.NamedTemporaryFile('w') as policy:
            policy.write('allow findings = udp-client\n')
            policy.flush()
            summary = document('--policy', policy.name)['summary']
        self.assertEqual((summary['allowed'], summary['silenced']), (1, 1))


class Status(unittest.TestCase):
    def test_fail_on(self):
        for choice, severity, status in (
                ('sport = 110', None, 0), ('sport = 110', 'high', 0), ('sport = 110', 'medium', 1),
                ('sport = 110', 'low', 1), ('sport = 110', 'none', 0),
                ('sport = 2121', None, 1), ('sport = 2121', 'critical', 0),
                ('sport = 2121', 'none', 0), ('sport = 1500', 'info', 0)):
            with self.subTest(filter=choice, fail_on=severity):
                option = ['--fail-on', severity] if severity else []
                for form in [], ['--json'], ['--json-lines'], ['--csv'], ['--sarif']:
                    audit(*form, *option, choice, status=status)

    def test_usage(self):
        for args in (['--fail-on', 'hgih'], ['--explain', 'no-such'], ['--json', '--sarif'],
                     ['--json', '--csv'], ['--policy'], ['sport = 70000'], ['--columns', 'sevrity'],
                     ['severity', '=', 'bad'], ['--min-severity', 'none']):
            r = audit(*args, status=2)
            self.assertEqual(r.stdout, '')
            self.assertTrue(r.stderr.startswith('portscope: '))
        self.assertIn('did you mean severity?', audit('--columns', 'sevrity').stderr)
        self.assertIn('did you mean high?', audit('--fail-on', 'hgih').stderr)
        self.assertIn('did you mean udp-client?', audit('--explain', 'upd-client').stderr)

    def test_full_disk(self):
        """A failed write comes before findings."""
        with open('/dev/full', 'w') as full:
            r = subprocess.run(['portscope', 'audit'], executable=lab.program, stdout=full,
                               stderr=subprocess.PIPE)
        self.assertEqual(r.returncode, 3)

    def test_rules(self):
        ids = [line.split()[0] for line in audit('--list-rules', status=0).stdout.splitlines()]
        self.assertGreater(len(ids), 20)
        for rule in ids:
            text = audit('--explain', rule, status=0).stdout
            self.assertTrue(text.startswith(rule + ': '), text)
            self.assertRegex(text, r'Severity: (%s)\n' % '|'.join(SEVERITIES))
        # Every rule that speaks is in the table.
        self.assertLessEqual({f['rule'] for f in document()['findings']}, set(ids))


class Policy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, 'policy')

    def write(self, text, mode=0o600):
        with open(self.path, 'w') as f:
            f.write(text)
        os.chmod(self.path, mode)

    def test_until(self):
        """An allowance that is over is a finding, and hides no other any more."""
        self.write('allow sport = 2121 until 2001-12-31 # for the move\n')
        findings = document('--policy', self.path, 'sport = 2121')['findings']
        self.assertEqual([(f['rule'], f['severity'], f['evidence']) for f in findings
                          if f['severity'] != 'info'],
                         [('insecure-service-moved', 'high', 'process'),
                          ('expired-in-policy', 'low', 'policy')])
        self.assertIn('until 2001-12-31 (line 1, sport = 2121): for the move',
                      [f for f in findings if f['rule'] == 'expired-in-policy'][0]['text'])
        self.write('allow sport = 2121 until 9999-12-31\n')
        self.assertEqual(document('--policy', self.path, 'sport = 2121')['findings'], [])

    def test_allow(self):
        self.write('allow sport = 2121 # wanted\nallow process = dovecot\n')
        r = audit('--policy', self.path)
        self.assertNotIn(':2121 ', r.stdout)
        # 143 has two findings, 110 one, 993 none.
        self.assertRegex(r.stdout, r', 4 allowed by \S+ \(4 findings silenced\), \d+ notes')
        d = document('--policy', self.path, 'sport = 2121', status=0)
        self.assertEqual((d['findings'], d['summary']['allowed'], d['summary']['silenced']),
                         ([], 1, 1))
        self.assertEqual(d['summary']['policy'], self.path)

    def test_deny_the_rest(self):
        """`deny *` at the end makes it a list of what is normal."""
        self.write('allow sport = 1500\nwarn sport = 2121 # soon gone\ndeny *\n')
        d = document('--policy', self.path, status=1)
        by_port = {}
        for f in d['findings']:
            by_port.setdefault(f['local_port'], []).append(f)
        self.assertNotIn(1500, by_port)
        warned = [f for f in by_port[2121] if f['rule'] == 'warned-by-policy']
        self.assertEqual([(f['severity'], f['verdict'], f['evidence']) for f in warned],
                         [('medium', 'warn', 'policy')])
        self.assertIn('soon gone', warned[0]['text'])
        # What the rules find stands beside it.
        self.assertEqual({f['rule'] for f in by_port[2121]},
                         {'insecure-service-moved', 'warned-by-policy'})
        denied = [f for f in by_port[993] if f['rule'] == 'denied-by-policy']
        self.assertEqual([(f['severity'], f['verdict']) for f in denied], [('high', 'deny')])
        self.assertEqual(d['summary']['quiet'], 0)
        self.assertEqual(d['warnings'], [])

    def test_first_match_wins(self):
        self.write('deny sport = 1500\nallow *\n')
        self.assertEqual(found('--policy', self.path, status=1),
                         {('denied-by-policy', 'tcp', '10.9.8.9', 1500): ('high', 'policy')})
        self.write('allow *\ndeny sport = 1500\n')
        self.assertEqual(found('--policy', self.path, status=0), {})

    def test_line_without_a_match(self):
        """It is told of, whatever is judged now; a line that comes too late has matched."""
        self.write('allow *\nallow sport = 9999 # gone\nallow sport = 1500\n')
        for choice in [], ['sport = 143']:
            r = audit('--policy', self.path, *choice, status=0)
            self.assertEqual(r.stderr, 'portscope: %s:2 matches no socket: sport = 9999\n'
                             % self.path)

    def test_errors(self):
        for text, place in (('allow *\npermit *\n', ':2:1: '), ('deny sport = 70000', ':1:14: '),
                            ('allow', ':1:6: '), ('allow no_such_field = 1', ':1:7: ')):
            self.write(text)
            r = audit('--policy', self.path, status=2)
            self.assertEqual(r.stdout, '')
            self.assertTrue(r.stderr.startswith('portscope: ' + self.path + place), r.stderr)

    def test_not_trusted(self):
        """Root follows no policy that others may write."""
        for mode in 0o660, 0o602, 0o666:
            self.write('allow *\n', mode)
            r = audit('--policy', self.path, status=3)
            self.assertEqual(r.stdout, '')
            self.assertIn('is writable by others', r.stderr)
        self.write('allow *\n')
        os.chown(self.path, WORLD.nobody, 0)
        self.assertIn('belongs to user', audit('--policy', self.path, status=3).stderr)
        self.assertIn('not a regular file', audit('--policy', '/dev/null', status=3).stderr)
        self.assertIn('No such file', audit('--policy', self.path + 'x', status=3).stderr)

    def test_escapes(self):
        """What stands in a policy cannot move the cursor."""
        self.write('deny sport = 1500 # \x1b[2J\n')
        r = audit('--policy', self.path, 'sport = 1500', status=1)
        self.assertNotIn('\x1b', r.stdout)
        self.assertIn('\\x1b[2J', r.stdout)
        self.assertIn('\x1b[2J', document('--policy', self.path, 'sport = 1500')
                      ['findings'][0]['text'])


class Unprivileged(unittest.TestCase):
    def test_marks(self):
        """Who may not see marks hears why nothing matches."""
        r = audit('fwmark = 1', run=lab.as_nobody)
        self.assertIn('CAP_NET_ADMIN', r.stderr)
        self.assertEqual(r.returncode, 4)
        audit('fwmark = 1', status=0)

    def test_port_alone(self):
        """Without the right to see holders the port is all that speaks, and it says so."""
        r = audit('--json', 'sport = 23 or sport = 2121 or sport = 993',
                  run=lab.as_nobody)
        d = json.loads(r.stdout)
        # The same name that one in sight would be contradicted by.
        self.assertEqual(sorted((f['rule'], f['severity'], f['evidence'], f['local_address']) for f in d['findings']),
                         [('insecure-service', 'high', 'port', '10.9.8.7'),
                          ('insecure-service', 'high', 'port', '10.9.8.8'),
                          ('insecure-service', 'info', 'port', '127.0.0.1')])
        for f in d['findings']:
            self.assertIn(' belongs to telnet; its holder could not be seen. If it is telnet: ', f['text'])
        self.assertEqual((r.returncode, d['summary']['unseen'], d['complete']), (1, 5, True))
        self.assertIn('the owners of 5 of 5 sockets could not be seen', r.stderr)
        self.assertIn('could not be seen', json.dumps(d['warnings']))


@functools.lru_cache(maxsize=None)
def validator():
    """The schema as it is."""
    with open(SCHEMA) as f:
        return VALIDATOR(json.load(f))


class WithoutSockDiag(unittest.TestCase):
    def test_incomplete(self):
        """/proc/net knows no backlog, so that one rule cannot be judged; findings come first."""
        deny.need()
        for choice, status in (('sport = 1500', 4), ('sport = 2121', 1)):
            r = audit('--json', choice, status=status,
                      preexec_fn=lambda: deny.all_but_procfs(errno.EPERM))
            d = json.loads(r.stdout)
            self.assertIs(d['complete'], False)
            self.assertIn('backlog', r.stderr)
        self.assertEqual(key(d['findings'][0]),
                         ('insecure-service-moved', 'tcp', '10.9.8.7', 2121))


class Formats(unittest.TestCase):
    def valid(self, instance):
        self.assertEqual([jsonschema.exceptions.best_match([e]).message[:300]
                          for e in validator().iter_errors(instance)][:5], [])

    def test_text(self):
        r = audit()
        self.assertEqual(r.stderr, '')
        lines = r.stdout.splitlines()
        self.assertRegex(lines[0], r'^SEVERITY +PORT +SERVICE +EXPOSURE +HELD BY +WHAT$')
        self.assertRegex(lines[1], r'^critical +2375/tcp +docker +private +unheard-of.* if docker: ')
        self.assertRegex(r.stdout, r'(?m)^high +23/tcp +telnet +private +in\.telnetd.* passwords and')
        severities = [line.split()[0] for line in lines[1:-2]]
        self.assertEqual(severities,
                         sorted(severities, key=SEVERITIES.index, reverse=True))
        self.assertNotIn('info', severities)
        self.assertRegex(lines[-2], r'^%d findings in \d+ listening sockets, the worst: critical, '
                         r'2375/tcp docker\. \d+ sockets without findings, \d+ notes hidden\.$'
                         % len(severities))
        self.assertEqual(lines[-1],
                         'More: --details, --min-severity info, --explain insecure-service')

    def test_details(self):
        """They follow where they are asked for or few are left; a pipe cuts nothing."""
        few = audit('sport = 23 and src 10.9.8.7').stdout
        self.assertEqual(few.splitlines()[:-2],
                         audit('--details', 'sport = 23 and src 10.9.8.7').stdout.splitlines()[:-2])
        for words in ('Telnet carries the password', 'What to do: ssh 22', 'Socket: 10.9.8.7:23',
                      'Evidence: port and process. Rule: insecure-service. See: CERT-FR'):
            self.assertIn('\n  ' + words, few)
        self.assertNotIn('\n  ', audit().stdout)
        self.assertIn('\n  Telnet carries', audit('--details').stdout)

    def test_min_severity(self):
        """The text hides what is less severe; the exit status and JSON count it."""
        r = audit('--min-severity=critical', 'sport != 2375', status=1)
        self.assertRegex(r.stdout, r'^No findings in \d+ listening sockets\..* \d+ lesser findings '
                         r'hidden\.\nMore: --min-severity info\n$')
        self.assertEqual(document('--min-severity=critical')['findings'], document()['findings'])
        noted = audit('--min-severity=info').stdout
        self.assertRegex(noted, r'(?m)^info +1 x local-clients-only: ')
        self.assertNotIn('hidden', noted)

    def test_filter_of_findings(self):
        """severity and rule choose among the findings, beside what the sockets say."""
        every = found()
        self.assertEqual(found('severity >= high'),
                         {k: v for k, v in every.items() if v[0] in ('high', 'critical')})
        self.assertEqual(found('rule = insecure-service and src 10.9.8.7'),
                         {k: v for k, v in every.items()
                          if k[0] == 'insecure-service' and k[2] == '10.9.8.7'})
        r = lab.portscope('-l', 'severity >= high')
        self.assertEqual(r.returncode, 2)
        self.assertIn('portscope audit severity >= high', r.stderr)

    @unittest.skipUnless(jsonschema, 'python3-jsonschema is not installed')
    def test_json(self):
        d = document()
        self.valid(d)
        self.assertEqual(d['query']['command'], 'audit')
        for change in (lambda d: d.pop('summary'), lambda d: d['findings'][0].update(evidence='none'),
                       lambda d: d['findings'][0].update(severity='bad'),
                       lambda d: d['findings'][0].update(cookie=7),
                       lambda d: d['findings'][0].update(extra=1),
                       lambda d: d['summary'].update(quiet=-1)):
            bad = json.loads(json.dumps(d))
            change(bad)
            self.assertTrue(list(validator().iter_errors(bad)))

    @unittest.skipUnless(jsonschema, 'python3-jsonschema is not installed')
    def test_json_lines(self):
        lines = [json.loads(line) for line in audit('--json-lines').stdout.splitlines()]
        for line in lines:
            self.valid(line)
        self.assertEqual([line['record'] for line in lines],
                         ['finding'] * (len(lines) - 1) + ['end'])
        self.assertEqual([key(f) for f in lines[:-1]], [key(f) for f in document()['findings']])
        self.assertEqual(lines[-1]['summary']['findings'], len(lines) - 1)
        self.assertEqual(lines[-1]['count'], len(lines) - 1)

    def test_csv(self):
        rows = list(csv.DictReader(io.StringIO(audit('--csv').stdout)))
        d = document()
        self.assertEqual([(r['rule'], r['severity'], r['local_port']) for r in rows],
                         [(f['rule'], f['severity'], str(f['local_port'])) for f in d['findings']])
        self.assertTrue(all(None not in r and None not in r.values() for r in rows))
        # The rows of many hosts can stand in one file.
        self.assertEqual({(r['host'], r['machine_id']) for r in rows},
                         {(d['host']['name'], d['host']['machine_id'] or '')})
        self.assertTrue(all(re.match(r'20..-..-..T..:..:..Z$', r['time']) for r in rows))

    def test_keys(self):
        """A finding has its own keys and those of its socket, side by side, as query.columns
        says."""
        d = document()
        own = ['severity', 'rule', 'title', 'evidence', 'what', 'text', 'advice', 'references',
               'verdict', 'sockets']
        socket_keys = list(lab.document('-l')['sockets'][0])
        self.assertEqual(d['query']['columns'], own + socket_keys)
        for f in d['findings']:
            self.assertEqual(list(f), own + socket_keys)
            self.assertIsInstance(f['references'], list)

    def test_columns(self):
        """--columns chooses among the fields of findings and sockets, in every format."""
        names = ['local_port', 'rule', 'severity']
        option = '--columns=' + ','.join(names)
        wanted = [[str(f[n]) for n in names] for f in document()['findings']]
        found = json.loads(audit('--json', option).stdout)
        self.assertEqual([list(map(str, f.values())) for f in found['findings']], wanted)
        self.assertEqual({tuple(f) for f in found['findings']}, {tuple(names)})
        lines = list(map(json.loads, audit('--json-lines', option).stdout.splitlines()))
        self.assertEqual([[str(r[n]) for n in names] for r in lines[:-1]], wanted)
        self.assertEqual(list(csv.reader(io.StringIO(audit('--csv', option).stdout))),
                         [names] + wanted)
        self.assertEqual([line.split() for line in audit(option).stdout.splitlines()],
                         [['LPORT', 'RULE', 'SEVERITY']] + wanted)
        run, = json.loads(audit('--sarif', option).stdout)['runs']
        self.assertEqual([list(map(str, r['properties']['socket'].values()))
                          for r in run['results']], wanted)
        fields = [line.split()[0] for line in audit('--list-fields', status=0).stdout.splitlines()]
        self.assertEqual(fields[:3], ['severity', 'rule', 'title'])
        for columns in '+' + ','.join(fields), ','.join(reversed(fields)), 'host':
            if jsonschema:
                self.valid(json.loads(audit('--json', '--columns', columns).stdout))
            rows = list(csv.reader(io.StringIO(audit('--csv', '--columns', columns).stdout)))
            self.assertEqual({len(row) for row in rows}, {len(rows[0])})
            self.assertEqual(len(set(rows[0])), len(rows[0]))

    def test_sort(self):
        """By whatever field, of the finding or of the socket."""
        findings = document()['findings']
        for option, order in (
                ('rule,-local_port', lambda f: (f['rule'], -f['local_port'])),
                ('severity,local_port', lambda f: (SEVERITIES.index(f['severity']),
                                                   f['local_port']))):
            found = json.loads(audit('--json', '--sort=' + option).stdout)['findings']
            self.assertEqual(list(map(order, found)), sorted(map(order, findings)))
        text = audit('--sort=-local_port').stdout
        ports = [int(p) for p in re.findall(r'(?m)^[a-z]+ +(\d+)/(?:tcp|udp) ', text)]
        self.assertEqual(ports, sorted(ports, reverse=True))
        self.assertEqual(len(ports), len([f for f in findings if f['severity'] != 'info']))

    def test_a_listing_has_no_findings_fields(self):
        for option in '--columns=severity', '--columns=+rule', '--sort=severity':
            r = lab.portscope('-l', option)
            self.assertEqual((r.returncode, r.stdout), (2, ''), option)
            self.assertIn('only a finding has', r.stderr)

    def test_sarif(self):
        log = json.loads(audit('--sarif').stdout)
        run, = log['runs']
        rules = run['tool']['driver']['rules']
        self.assertEqual((log['version'], run['tool']['driver']['name']), ('2.1.0', 'portscope'))
        levels = {'critical': 'error', 'high': 'error', 'medium': 'warning', 'low': 'note',
                  'info': 'note'}
        findings = document()['findings']
        self.assertEqual([(r['ruleId'], r['level']) for r in run['results']],
                         [(f['rule'], levels[f['severity']]) for f in findings])
        for result, finding in zip(run['results'], findings):
            self.assertEqual(rules[result['ruleIndex']]['id'], result['ruleId'])
            self.assertTrue(result['message']['text'].startswith(finding['text']))
            place = result['locations'][0]['physicalLocation']
            s = finding
            self.assertEqual(place['artifactLocation']['uri'], '%s/%s/%d' % (
                s['protocol'], s['local_address'], s['local_port']))
            self.assertEqual(place['region']['startLine'], 1)
        self.assertEqual([r['id'] for r in rules],
                         [line.split()[0] for line in audit('--list-rules').stdout.splitlines()])

    def test_sarif_tells_interfaces_apart(self):
        lab.veth('odd#0', 'odd1')
        with contextlib.ExitStack() as kept:
            for device in 'a0', 'odd#0':
                kept.enter_context(lab.listener(socket.AF_INET, '10.9.8.9', 512, device=device))
            run, = json.loads(audit('--sarif', 'sport = 512').stdout)['runs']
        places = ['tcp/10.9.8.9%25a0/512', 'tcp/10.9.8.9%25odd%230/512']
        results = [r for r in run['results'] if r['ruleId'] == 'insecure-service']
        self.assertEqual(sorted(
            r['locations'][0]['physicalLocation']['artifactLocation']['uri'] for r in results),
            places)
        self.assertEqual(sorted(r['partialFingerprints']['socket/v1'] for r in results), places)

    @unittest.skipUnless(os.path.exists(SARIF), 'no SARIF schema at ' + SARIF)
    @unittest.skipUnless(jsonschema, 'python3-jsonschema is not installed')
    def test_sarif_schema(self):
        with open(SARIF) as f:
            schema = json.load(f)
        check = jsonschema.validators.validator_for(schema)(schema)
        for options in [], ['sport = 1500'], ['--verbose']:
            log = json.loads(audit('--sarif', *options).stdout)
            self.assertEqual([e.message for e in check.iter_errors(log)], [])
        log['runs'][0]['results'][0].pop('message')
        self.assertTrue(list(check.iter_errors(log)))


if __name__ == '__main__':
    lab.main()

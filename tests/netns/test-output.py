#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The output of the real program as pipes, files and other users meet it."""

import csv
import errno
import io
import json
import os
import signal
import subprocess
import tempfile
import unittest

import deny
import lab
import terminal
import world

WORLD = None
LISTS = ([], ['-l'], ['-a'])
FORMATS = ([], ['--json'], ['--json-lines'], ['--csv'])


def setUpModule():
    global WORLD
    deny.need()
    WORLD = world.World()


def table(*options):
    """Title words and the rows of a piped table, cells split at two spaces or more."""
    r = lab.portscope(*options)
    assert (r.returncode, r.stderr) == (0, ''), r
    lines = r.stdout.splitlines()
    return lines[0].split(), lines[1:]


class Colour(unittest.TestCase):
    def test_when(self):
        self.assertIn('\x1b[', '\n'.join(terminal.lines(200, '-l')))
        self.assertNotIn('\x1b', '\n'.join(terminal.lines(200, '-l', NO_COLOR='1')))
        self.assertNotIn('\x1b', '\n'.join(terminal.lines(200, '-l', '--color=never')))
        self.assertNotIn('\x1b', lab.portscope('-l').stdout)
        self.assertIn('\x1b[', lab.portscope('-l', '--color=always').stdout)


class Piped(unittest.TestCase):
    def test_nothing_is_truncated(self):
        """Every address, port, service and label of the JSON stands whole in the table, whatever
        COLUMNS says."""
        document = lab.document('-l')
        env = dict(os.environ, COLUMNS='40')
        text = lab.portscope('-lH', env=env).stdout
        self.assertEqual(text, lab.portscope('-lH').stdout)
        lines = text.splitlines()
        self.assertEqual(len(lines), len(document['sockets']))
        for line, s in zip(lines, document['sockets']):
            cells = line.split()
            address = '*' if s['dual_stack'] else s['local_address']
            mapped = address.startswith('::ffff:') and '.' in address
            address = address[7:] if mapped else address
            device = '%' + s['interface'] if s['interface'] else ''
            local = '[%s%s]' % (address, device) if ':' in address else address + device
            self.assertEqual(cells[:2], [s['protocol'], '%s:%d' % (local, s['local_port'])])
            service = s['service'] + ('?' if s['service_hint'] else '') if s['service'] else '-'
            self.assertEqual(cells[2:5], [service, s['port_range'], s['exposure']])

    def test_titles(self):
        self.assertEqual(table('-l')[0][:5], ['PROTO', 'LOCAL', 'SERVICE', 'RANGE', 'EXPOSURE'])
        for options in ([], ['-a']):
            self.assertEqual(table(*options)[0][:8], [
                'PROTO', 'STATE', 'RECV-Q', 'SEND-Q', 'LOCAL', 'PEER', 'SERVICE', 'DIRECTION'])
        # Without titles the columns are as wide as their cells.
        rows = [line.split() for line in lab.portscope('-l').stdout.splitlines()[1:]]
        self.assertEqual([line.split() for line in lab.portscope('-lH').stdout.splitlines()],
                         rows)

    def test_columns(self):
        titles, rows = table('-a', '--columns', 'cookie,local_port')
        self.assertEqual(titles, ['COOKIE', 'LPORT'])
        self.assertEqual([row.split() for row in rows],
                         [[s['cookie'], str(s['local_port'])]
                          for s in lab.document('-a')['sockets']])
        base, _ = table('-l')
        self.assertEqual(table('-l', '--columns', '+inode,cookie')[0], base + ['INODE', 'COOKIE'])
        keys = list(lab.document('-l', '--columns', '+local')['sockets'][0])
        self.assertEqual(keys, list(lab.document('-l')['sockets'][0]) + ['local'])

    def test_wrong_words_name_the_right_ones(self):
        for options, near in ((['--columns', 'servise'], 'service'),
                              (['--columns', '+cokie'], 'cookie'),
                              (['--sort', 'local_prot'], 'local_port'),
                              (['--colums', 'local'], '--columns'),
                              (['--json-linse'], '--json-lines')):
            with self.subTest(options=options):
                r = lab.portscope('-l', *options)
                self.assertEqual((r.returncode, r.stdout), (2, ''))
                self.assertIn(near, r.stderr)

    def test_sort(self):
        rows = lab.document('-a', '--sort', 'local_port,-inode')['sockets']
        keys = [(s['local_port'], s['inode'] is None, -(s['inode'] or 0)) for s in rows]
        # Null stands at one end, the same for each key: last, or with `-` first.
        nulls_first = [(p, not n, i) for p, n, i in keys]
        self.assertIn(True, [keys == sorted(keys), nulls_first == sorted(nulls_first)])
        ports = [s['local_port'] for s in lab.document('-l', '--sort', '-local_port')['sockets']]
        self.assertEqual(ports, sorted(ports, reverse=True))
        self.assertGreater(len(set(ports)), 20)

    def test_default_order(self):
        """Protocol, then local port, but probable clients last, whatever the format. Rows come as
        the kernel has them only where they are streamed."""
        def order(rows, options):
            keys = [(str(s['probable_client']).lower() == 'true', s['protocol'],
                     int(s['local_port'])) for s in rows]
            self.assertGreater(len(set(keys)), 20, options)
            self.assertEqual(keys, sorted(keys), options)
            return keys

        for options in ([], ['-l'], ['-a']):
            keys = [key[1:] for key in order(lab.document(*options)['sockets'], options)]
            _, rows = table(*options)
            local = 1 if options == ['-l'] else 4
            self.assertEqual([(r.split()[0], int(r.split()[local].rpartition(':')[2]))
                              for r in rows], keys)
            lines = lab.portscope(*options, '--json-lines').stdout.splitlines()[:-1]
            order(map(json.loads, lines), [*options, '--json-lines'])
            sheet = lab.portscope(*options, '--csv').stdout
            order(csv.DictReader(io.StringIO(sheet, newline=''), strict=True),
                  [*options, '--csv'])

    def test_csv(self):
        document = lab.document('-a')
        r = lab.portscope('-a', '--csv')
        self.assertEqual((r.returncode, r.stderr), (0, ''))
        rows = list(csv.DictReader(io.StringIO(r.stdout, newline=''), strict=True))
        self.assertEqual(list(rows[0]), list(document['sockets'][0]))

        def cell(value):
            if value is None:
                return ''
            if isinstance(value, list):
                return '; '.join(f"{p['program']}/{p['pid']} fd={','.join(map(str, p['fds']))}"
                                 for p in value)
            return str(value).lower() if isinstance(value, bool) else str(value)
        by_cookie = {s['cookie']: s for s in document['sockets']}
        self.assertEqual(sorted(r['cookie'] for r in rows), sorted(by_cookie))
        for row in rows:
            want = {k: cell(v) for k, v in by_cookie[row['cookie']].items()}
            for volatile in ('send_q',):
                del want[volatile], row[volatile]
            self.assertEqual(row, want)


class Failures(unittest.TestCase):
    def test_full_device(self):
        for form in FORMATS:
            for options in (['-l'], ['-a']):
                with self.subTest(form=form, options=options), open('/dev/full', 'w') as full:
                    r = lab.portscope(*form, *options, stdout=full)
                    self.assertEqual(r.returncode, 3)
                    self.assertRegex(r.stderr, r'^portscope: .*No space left on device\n$')
        for option in ('--help', '--version', '--list-fields'):
            with self.subTest(option=option), open('/dev/full', 'w') as full:
                self.assertEqual(lab.portscope(option, stdout=full).returncode, 3)

    def test_closed_pipe(self):
        """Quiet, whether SIGPIPE ends the program or write() fails with EPIPE."""
        for form in FORMATS:
            for restore in (True, False):
                with self.subTest(form=form, sigpipe='default' if restore else 'ignored'):
                    reader, writer = os.pipe()
                    os.close(reader)
                    r = lab.portscope(*form, '-a', stdout=writer, restore_signals=restore)
                    os.close(writer)
                    self.assertEqual(r.stderr, '')
                    self.assertIn(r.returncode, (0, -signal.SIGPIPE))

    def test_closed_stdout(self):
        r = lab.portscope('-l', stdout=None, preexec_fn=lambda: os.close(1))
        self.assertEqual(r.returncode, 3)
        self.assertTrue(r.stderr.startswith('portscope: '))


class Lone(unittest.TestCase):
    """A port or a service and nothing else, on the command line."""

    def ports(self, *words, status=0):
        r = lab.portscope('--json', *words)
        self.assertEqual(r.returncode, status, r.stderr)
        return [(s['state'], s['local_port'], s['remote_port'])
                for s in json.loads(r.stdout)['sockets']], r.stderr

    def test_local_port_in_any_state(self):
        for word, port in (('8604', 8604), (':8604', 8604), ('TCPmux', 1)):
            every = [(s['state'], s['local_port'], s['remote_port'])
                     for s in lab.document('-a')['sockets'] if s['local_port'] == port]
            self.assertTrue(every)
            ports, said = self.ports(word)
            self.assertEqual(ports, every, word)
            self.assertEqual('as a service' in said, word == 'TCPmux', said)

    def test_port_of_the_peer(self):
        ports, said = self.ports('7')
        self.assertEqual({port for _, _, port in ports}, {7})
        self.assertIn('last-ack', {state for state, _, _ in ports})
        self.assertIn('no local port 7; showing connections to remote port 7', said)

    def test_nothing(self):
        self.assertEqual(self.ports('2', status=1), (
            [], 'portscope: no socket uses port 2, locally or at the other end\n'))
        # What has no peer has no port of one.
        self.assertEqual(self.ports('0', status=1), (
            [], 'portscope: no socket uses port 0, locally or at the other end\n'))

    def test_listening_narrows(self):
        ports, said = self.ports('-l', '8104')
        self.assertEqual((ports, said), ([('listen', 8104, None)], ''))
        # Connections to this port there are, so that it is not said to be unknown.
        self.assertEqual(self.ports('-l', '7', status=1),
                         ([], 'portscope: nothing listens on port 7\n'))
        self.assertGreater(len(self.ports('-la', '8104')[0]), 1)

    def test_explained_states(self):
        def states(*words):
            lines = lab.portscope('--explain-filter', *words).stdout.splitlines()
            return set(next(line for line in lines if line.startswith('states: '))[8:].split(','))
        self.assertEqual(states('8104'), world.EVERY_STATE)
        self.assertEqual(states('-l', '8104'), {'listen', 'unconnected'})
        self.assertEqual(states('-la', '8104'), world.EVERY_STATE)
        self.assertEqual(states('-l', 'state', 'bucket'), {'time-wait', 'syn-recv'})
        self.assertEqual(states('-l', 'protocol = udp and state != listen'),
                         world.EVERY_STATE - {'listen'})


class Nobody(unittest.TestCase):
    """An ordinary user."""

    def test_sees_the_same_sockets(self):
        def rows(document):
            private = ('mark', 'user', 'owner', 'processes', 'unit', 'cgroup', 'container',
                       'send_q')
            return [{k: v for k, v in s.items() if k not in private}
                    for s in document['sockets']]
        self.maxDiff = None
        r = lab.as_nobody('--json', '-a')
        self.assertEqual(r.returncode, 0, r.stderr)
        document = json.loads(r.stdout)
        self.assertTrue(document['complete'])
        self.assertEqual(rows(document), rows(lab.document('-a')))
        self.assertEqual({s['mark'] for s in document['sockets']}, {None})
        self.assertNotEqual({s['mark'] for s in lab.document('-a')['sockets']}, {None})

    def test_table(self):
        r = lab.as_nobody('-l')
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(len(r.stdout.splitlines()), len(lab.document('-l')['sockets']) + 1)

    def test_filter_by_hidden_owner(self):
        """What a filter cannot judge is missing from the answer, which does not go unsaid."""
        for words, hidden in ((['process', '=', 'nginx'], r'[1-9][0-9]* sockets are'),
                              (['process != nginx and sport = 8104'], '1 socket is')):
            r = lab.as_nobody('--json', '-l', *words)
            document = json.loads(r.stdout)
            self.assertEqual((r.returncode, document['complete'], document['sockets']),
                             (4, False, []), words)
            self.assertRegex(r.stderr, r'\Aportscope: the filter asks for owners, and %s left '
                             r'out because .* hidden from this user\n\Z' % hidden)
        # What decides without owners, or asks for just those that are hidden, lacks nothing.
        for words in (['process = nginx and sport = 0'], ['process = null'], ['user = root'],
                      ['process = nginx or sport > 0']):
            r = lab.as_nobody('--json', '-l', *words)
            self.assertEqual((r.returncode, json.loads(r.stdout)['complete']), (0, True), words)


class WithoutSockDiag(unittest.TestCase):
    """/proc/net is read where the kernel refuses sock_diag, and the reader is told."""

    KNOWN = ('protocol', 'family', 'state', 'local_address', 'local_port', 'remote_address',
             'remote_port', 'recv_q', 'uid', 'inode')

    def run_denied(self, number, *options):
        return lab.portscope(*options, preexec_fn=lambda: deny.all_but_procfs(number))

    def test_same_set(self):
        # What /proc/net knows of what ss shows: all but the bound-inactive sockets.
        for options in ([], ['-l'], ['-a'], ['-t'], ['-u', '-a'], ['-6', '-l']):
            for name, number in deny.ERRORS:
                with self.subTest(options=options, error=name):
                    said, r = lab.settled(
                        lambda: sorted(self.rows(lab.ss(*options)), key=str),
                        lambda: self.run_denied(number, '--json', *options))
                    document = json.loads(r.stdout)
                    self.assertEqual(sorted(self.rows(document['sockets']), key=str), said)
                    self.assertEqual(document['host']['collector'], 'procfs')
                    self.assertTrue(any('/proc/net' in w['text'] for w in document['warnings']))
                    self.assertRegex(r.stderr, r'(?m)^portscope: .*/proc/net')

    def rows(self, sockets):
        result = []
        for s in sockets:
            if s['state'] == 'bound-inactive':
                continue
            s = dict(s)
            if s['inode'] == 0:
                s['inode'], s['uid'] = None, s['uid'] or None
            result.append(tuple(s[k] for k in self.KNOWN))
        return result

    def test_unknown_is_null(self):
        document = json.loads(self.run_denied(deny.ERRORS[0][1], '--json', '-a').stdout)
        for s in document['sockets']:
            self.assertEqual((s['cookie'], s['mark'], s['interface'], s['ifindex']), (None,) * 4)
            if s['state'] == 'listen':
                # The backlog is not in /proc/net, and its zero there is none.
                self.assertIsNone(s['send_q'])
            if s['family'] == 'inet6' and s['local_address'] == '::':
                self.assertIsNone(s['dual_stack'])

    def test_incomplete_only_where_it_matters(self):
        """Status 4 where a requested field or socket is lacking in /proc/net, else 0."""
        number = deny.ERRORS[0][1]
        r = self.run_denied(number, '--json', '-l')
        self.assertEqual(r.returncode, 4)
        self.assertIs(json.loads(r.stdout)['complete'], False)
        r = self.run_denied(number, '--json', '-l', '-4', '--columns',
                            'protocol,local_address,local_port,inode')
        document = json.loads(r.stdout)
        self.assertEqual((r.returncode, document['complete']), (0, True))
        self.assertTrue(document['warnings'])

    def test_without_interfaces(self):
        """What depends on addresses of interfaces is not known, and that is said."""
        r = lab.portscope('--json', '-l', preexec_fn=lambda: deny.netlink(
            deny.NETLINK_ROUTE, errno.ENOBUFS))
        document = json.loads(r.stdout)
        self.assertEqual((r.returncode, document['complete']), (4, False))
        self.assertIn('names and addresses of interfaces could not be read', r.stderr)
        of = {s['local_port']: s['exposure'] for s in document['sockets']}
        self.assertEqual((of[8404], of[8406], of[9404]), (None, None, None))
        self.assertEqual((of[8004], of[8104], of[8204]), ('any', 'loopback', 'private'))

    def test_users_in_a_pipe(self):
        """/etc/passwd as a pipe holds nobody up: names are missing, and that is said."""
        with tempfile.TemporaryDirectory() as folder:
            pipe = os.path.join(folder, 'passwd')
            os.mkfifo(pipe)
            r = subprocess.run(['unshare', '-m', 'sh', '-ec', 'mount --bind "$1" /etc/passwd; '
                                'exec "$2" -l --json', 'sh', pipe, lab.program],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               timeout=30)
        self.assertEqual((r.returncode, json.loads(r.stdout)['complete']), (4, False))
        self.assertRegex(r.stderr, 'names of [0-9]+ users could not be looked up: '
                         '/etc/passwd is not a regular file')
        self.assertEqual({s['user'] for s in json.loads(r.stdout)['sockets']}, {None})

    def test_table(self):
        r = self.run_denied(deny.ERRORS[0][1], '-lH')
        self.assertEqual(len(r.stdout.splitlines()), len(lab.ss('-l')))
        self.assertTrue(r.stderr)


if __name__ == '__main__':
    lab.main()

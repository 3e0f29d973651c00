#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tables at terminals of 60, 80, 120 and 200 columns.

The namespace has what makes tables wide: long names, long addresses that differ in the middle
alone, a REUSEPORT group, ports in a row, connections in many states. What stands on the screen is
compared with the JSON of the same sockets.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

import lab
import terminal
import world

WIDTHS = (60, 80, 120, 200)
LISTS = (['-l'], ['-l', '--each'], ['-a'], ['-tan'], ['-lp'], [], ['3000'])
V4, V6 = socket.AF_INET, socket.AF_INET6
TWINS = ('2001:db8:1:2:3:4:eeee:1', '2001:db8:1:2:3:5:eeee:1')
NAMES = ('prometheus-node-exporter', 'redis-server', 'x')
WORLD = None


class Crowd(world.World):
    """The common namespace and what makes a table wide."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.children = []
        lab.address('v0', *(a + '/64' for a in TWINS), '2001:db8::9/64')
        for n, address in enumerate(TWINS):
            self.keep('twin %d' % n, lab.listener(V6, address, 3000))
        self.pair('twins', 'twin 0', TWINS[0], V6)
        self.hold(NAMES[0], lab.listener(V4, '0.0.0.0', 3100),
                  lab.listener(V6, '::', 3100, options=[lab.V6ONLY]))
        self.hold(NAMES[1], lab.listener(V4, '127.0.0.1', 3379), lab.listener(V6, '::1', 3379))
        self.hold(NAMES[2], *(lab.listener(V4, '0.0.0.0', 3200, options=[lab.REUSEPORT])
                              for _ in range(64)))
        self.hold('runs', *(lab.bound('udp', V4, '10.9.8.7', port)
                            for port in range(62000, 62030)))
        shared = lab.listener(V4, '127.0.0.1', 3300)
        for _ in range(3):
            self.hold(NAMES[0], shared.dup())
        shared.close()

    def hold(self, name, *sockets):
        """Leaves sockets to a process of that name."""
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            shutil.copy(shutil.which('sleep'), path)
        self.children.append(subprocess.Popen([path, '1000'],
                                              pass_fds=[s.fileno() for s in sockets]))
        for s in sockets:
            s.close()

    def close(self):
        for child in self.children:
            child.kill()
            child.wait()
        shutil.rmtree(self.folder)


def setUpModule():
    global WORLD
    WORLD = Crowd()


def tearDownModule():
    WORLD.close()


class Screen:
    """A table on a terminal: titles, where each begins and ends, rows, and the footer."""

    def __init__(self, columns, *options):
        self.columns = columns
        self.lines = [terminal.plain(line) for line in terminal.lines(columns, *options)]
        end = next(i for i, line in enumerate(self.lines)
                   if re.search(r'^\d+ (listening|sockets?)\b', line))
        self.titles = self.lines[0].split()
        self.footer = ' '.join(self.lines[end:])
        hidden = re.search(r'Hidden to fit (\d+) columns: (.*) \(pipe or -W shows all\)\.',
                           self.footer)
        self.hidden = hidden.group(2).split(', ') if hidden else []
        self.footer_is_right = not hidden or int(hidden.group(1)) == columns
        self.rows = [line for line in self.lines[1:end] if not line.startswith(' ')]
        self.table = self.lines[:end]

    def cells(self):
        """Rows as words."""
        return [line.split() for line in self.rows]


def endpoint(s, side='local'):
    """An endpoint as a table writes it."""
    address, port = s[side + '_address'], s[side + '_port']
    if address is None:
        return '-'
    if side == 'local' and s['dual_stack']:
        address = '*'
    mapped = address.startswith('::ffff:') and '.' in address
    address = address[7:] if mapped else address
    scoped = side == 'local' or address.startswith('fe80')
    device = '%' + s['interface'] if s['interface'] and scoped else ''
    local = '[%s%s]' % (address, device) if ':' in address else address + device
    return '%s:%d' % (local, port)


def is_short_for(shown, whole):
    """True if `shown` is `whole`, or that without some of its middle."""
    head, ellipsis, tail = shown.partition('…')
    return shown == whole or (ellipsis and whole.startswith(head) and whole.endswith(tail)
                              and len(head) + len(tail) < len(whole))


class Fitted(unittest.TestCase):
    @staticmethod
    def each(*lists):
        for options in lists or LISTS:
            for columns in WIDTHS:
                yield options, Screen(columns, *options)

    def test_nothing_wraps(self):
        """But the rows of two addresses that must not look alike."""
        for _, screen in self.each():
            for line in screen.lines:
                if terminal.width(line) > screen.columns:
                    self.assertTrue(any('[%s]' % a in line for a in TWINS), line)
        wide = [line for line in Screen(120, '-l').lines if terminal.width(line) > 120]
        self.assertEqual(wide, [])

    def test_no_pid_is_cut(self):
        for options, screen in self.each(['-l', '--each'], ['-a'], ['-tan'], ['-lp']):
            sockets = lab.document(*[o for o in options if o != '--each'])['sockets']
            pids = {p['pid'] for s in sockets for p in s['processes'] or ()}
            held = sum(bool(s['processes']) for s in sockets)
            text = '\n'.join(screen.table)
            found = re.findall(r'\S/(\d+)(?= |$|;)', text, re.M)
            self.assertLessEqual(set(map(int, found)), pids)
            if '-lp' in options:
                self.assertEqual(len(found), sum(len(s['processes'] or ()) for s in sockets))
            elif 'PROCESS' in screen.titles:
                self.assertEqual(len(found), held)

    def test_endpoints(self):
        """Each row shows its own port and both ends of its address, and no two look alike."""
        for options, screen in self.each(['-l', '--each'], ['-a'], ['-tan'], ['-lp']):
            sockets = lab.document(*[o for o in options if o != '--each'])['sockets']
            self.assertEqual(len(screen.rows), len(sockets))
            seen = {}
            for row, s in zip(screen.cells(), sockets):
                for title, side in ('LOCAL', 'local'), ('PEER', 'remote'):
                    if title not in screen.titles:
                        continue
                    shown = row[screen.titles.index(title)]
                    whole = endpoint(s, side)
                    self.assertTrue(is_short_for(shown, whole), (shown, whole))
                    self.assertEqual(seen.setdefault(shown, whole), whole)

    def test_aligned_at_the_colon(self):
        for options, screen in self.each(['-l'], ['-tan']):
            if '…' in ''.join(screen.rows):
                continue  # one row may be longer
            for n, title in enumerate(screen.titles):
                if title not in ('LOCAL', 'PEER'):
                    continue
                places = set()
                for row in screen.rows:
                    cell = list(re.finditer(r'\S+', row))[n]
                    if cell.group() != '-':
                        places.add(cell.start() + cell.group().rindex(':'))
                self.assertEqual(len(places), 1, (options, title, places))

    def test_no_space_is_wasted(self):
        """No blank space stands beside a name that was shortened, nor where a column would fit."""
        for options, screen in self.each():
            self.assertTrue(screen.footer_is_right)
            used = max(terminal.width(line) for line in screen.table)
            if used > screen.columns:
                continue
            free = screen.columns - used
            if re.search(r'\w…(/| |$)', '\n'.join(screen.table), re.M):
                self.assertEqual(free, 0, '\n'.join(screen.lines))
            every = Screen(1000, *options)
            self.assertEqual(every.hidden, [])
            for title in screen.hidden:
                at = every.lines[0].index(title)
                after = re.compile(r'\S').search(every.lines[0], at + len(title))
                whole = (after.start() - 2 if after else max(map(len, every.table))) - at
                least = min(whole, max(len(title), 8)) if title in ('USER', 'WORKLOAD', 'SERVICE') \
                    else whole
                if screen.columns >= 80:
                    self.assertLess(free, least + 2, title)

    def test_what_gives_way(self):
        for options, screen in self.each(['-l'], ['-a']):
            self.assertFalse({'LOCAL', 'PEER', 'STATE'} & set(screen.hidden))
            if screen.columns >= 80:
                self.assertFalse({'PROTO', 'PROCESS'} & set(screen.hidden))
        self.assertIn('RANGE', Screen(80, '-l').hidden)
        # A unit that nothing has goes before the user does.
        self.assertEqual({s['workload'] for s in lab.document('-l')['sockets']}, {None})
        for columns in range(60, 120, 4):
            hidden = Screen(columns, '-l').hidden
            self.assertFalse('USER' in hidden and 'WORKLOAD' not in hidden, columns)

    def test_what_was_asked_for_stays(self):
        for columns in WIDTHS:
            screen = Screen(columns, '-a', '--columns', '+cookie,inode,netns,service_source')
            self.assertLessEqual({'COOKIE', 'INODE', 'NETNS', 'SOURCE', 'PEER'},
                                 set(screen.titles))
            self.assertIn('PROCESSES', Screen(columns, '-ap').titles)

    def test_one_long_row(self):
        """The long name of one holder takes no column from all others."""
        without = Screen(110, '-l', 'sport != 3100 and sport != 3300')
        self.assertEqual(Screen(110, '-l').hidden, without.hidden)


class Public(unittest.TestCase):
    def exposures(self, *options):
        """The words of the column, by port."""
        return {int(m.group(1)): m.group(2) for row in Screen(300, '-l', *options).rows
                for m in [re.search(r':(\d+) .*?(any(?: \(public\))?|public|private|link|loopback)  ',
                                    row)] if m}

    def test_label(self):
        """A wildcard is open to the world where the host has a public address."""
        found = self.exposures('--each')
        self.assertEqual({found[port] for port in (8006, 8046, 9004)}, {'any (public)'})
        document = lab.document('-l')
        self.assertIn(document['host']['public_address'], TWINS + ('2001:db8::9',))
        # The value is what it was; so is a pipe, whose columns a program counts.
        self.assertLessEqual({s['exposure'] for s in document['sockets']},
                             {'any', 'public', 'private', 'link', 'loopback'})
        self.assertNotIn('(public)', lab.portscope('-l').stdout)


class Options(unittest.TestCase):
    def test_wide(self):
        for option in '-W', '--wide':
            screen = Screen(60, '-l', option)
            self.assertEqual(screen.hidden, [])
            self.assertNotIn('…', '\n'.join(screen.lines))
            self.assertEqual(screen.table, Screen(300, '-l').table)

    def test_no_header(self):
        """What was left out is said on standard error then."""
        lines, status, errors = terminal.run(80, '-lH')
        self.assertEqual(status, 0)
        self.assertTrue(errors.startswith('portscope: hidden to fit 80 columns: RANGE'), errors)
        self.assertEqual(len(lines), len(Screen(80, '-l').rows))
        self.assertEqual(terminal.run(300, '-lH')[1:], (0, ''))

    def test_width(self):
        """A pipe is fitted only where that is asked for."""
        for columns in 60, 80:
            r = lab.portscope('-l', '--width', str(columns))
            self.assertEqual(r.returncode, 0)
            self.assertIn('hidden to fit %d columns' % columns, r.stderr)
            self.assertEqual(r.stdout.splitlines(), Screen(columns, '-l', '--each').table)
        r = lab.portscope('-l')
        self.assertEqual((r.returncode, r.stderr), (0, ''))
        self.assertNotIn('…', r.stdout)
        self.assertEqual(lab.portscope('-l', '-W').stdout, r.stdout)
        self.assertEqual(Screen(200, '-l', '--width', '80').table, Screen(80, '-l').table)


class Merged(unittest.TestCase):
    def local(self, *options):
        """The endpoints that a wide terminal shows, ×N joined to them."""
        return [m.group(1) for row in Screen(300, *options).rows
                for m in [re.match(r'(?:PROTO|tcp|udp)\s+(\S+(?: ×\d+)?)', row)] if m]

    def test_rows(self):
        local = self.local('-l')
        for whole in '*:3100', 'localhost:3379', '0.0.0.0:3200 ×64', '10.9.8.7:62000-62029':
            self.assertEqual(local.count(whole), 1, (whole, local))
        for gone in '0.0.0.0:3100', '[::]:3100', '127.0.0.1:3379', '[::1]:3379', '10.9.8.7:62001':
            self.assertNotIn(gone, local)
        # No twins: two holders, two addresses.
        for whole in ['[%s]:3000' % a for a in TWINS] + ['127.0.0.1:3300']:
            self.assertIn(whole, local)

    def test_all_sockets_are_counted(self):
        sockets = lab.document('-l')['sockets']
        screen = Screen(300, '-l')
        self.assertRegex(screen.footer, r'^%d listening: ' % len(sockets))
        self.assertLess(len(screen.rows), len(sockets))
        counted = 0
        for local in self.local('-l'):
            text, _, copies = local.partition(' ×')
            host, _, ports = text.rpartition(':')
            low, _, high = ports.partition('-')
            port_count = int(high or low) - int(low) + 1
            one = [s for s in sockets if s['local_port'] == int(low)]
            both = host == 'localhost' or (
                host.startswith('*') and not any(s['dual_stack'] for s in one))
            counted += port_count * int(copies or 1) * (2 if both else 1)
        self.assertEqual(counted, len(sockets))

    def test_where_not(self):
        listed = sorted(endpoint(s) for s in lab.document('-l')['sockets'])
        for options in (['-l', '--each'], ['-l', '--sort', 'local_port'],
                        ['-l', '--columns', 'protocol,local']):
            with self.subTest(options=options):
                self.assertEqual(sorted(self.local(*options)), listed)
        for port in ['3100'], ['sport', '=', ':3100'], ['sport = 3100 and process != null']:
            self.assertEqual(self.local('-l', *port), ['0.0.0.0:3100', '[::]:3100'])
        self.assertEqual(self.local('-l', 'sport >= 3100 and sport <= 3101'), ['*:3100'])
        # A row for each socket with -a and in a pipe.
        self.assertEqual(len(Screen(300, '-a').rows), len(lab.document('-a')['sockets']))
        self.assertEqual(len(lab.portscope('-lH').stdout.splitlines()), len(listed))



if __name__ == '__main__':
    lab.main()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""`portscope free` in a namespace where ports are taken in every way there is."""

import json
import socket
import subprocess
import tempfile
import unittest

import lab

INET, INET6 = socket.AF_INET, socket.AF_INET6
# Ports of the dynamic range, so that none of them belongs to a service but 50000.
LOW, HIGH = 50000, 50015


def free(*args, status=0, run=lab.portscope, **kw):
    """The ports of a run that ended with `status`, and what it said."""
    r = run('free', *args, **kw)
    if r.returncode != status:
        raise AssertionError('portscope free %s: status %d, stderr %r'
                             % (' '.join(map(str, args)), r.returncode, r.stderr))
    return [int(line) for line in r.stdout.split()], r.stderr


def can_bind(port):
    """True if both protocols take the port on both families."""
    held = []
    try:
        for kind in ('tcp', 'udp'):
            held.append(lab.bound(kind, INET, '0.0.0.0', port))
            held.append(lab.bound(kind, INET6, '::', port, options=[lab.V6ONLY]))
    except OSError:
        return False
    finally:
        for s in held:
            s.close()
    return True


class Taken(unittest.TestCase):
    """All but three ports of a range are taken, each in another way."""

    FREE = [50003, 50009, 50014]

    @classmethod
    def setUpClass(cls):
        lab.sysctl('ipv4/ip_local_reserved_ports', '50013')
        connected = lab.bound('udp', INET, '127.0.0.1', 50006)
        connected.connect(('127.0.0.1', 9))
        server = lab.listener(INET, '127.0.0.1', 50007)
        client = lab.bound('tcp', INET, '127.0.0.1', 50008)
        client.connect(('127.0.0.1', 50007))
        accepted, _ = server.accept()
        cls.sockets = [
            # 50000 belongs to a service: jenkins-agent, de facto.
            lab.listener(INET, '0.0.0.0', 50001),
            lab.listener(INET6, '::', 50002, options=[lab.V6ONLY]),
            lab.bound('udp', INET, '127.0.0.1', 50004),
            lab.bound('udp', INET6, '::1', 50005),
            connected,               # 50006
            server, client, accepted,  # 50007 and 50008
            lab.bound('tcp', INET, '127.0.0.1', 50010),  # bound-inactive
            lab.listener(INET6, '::', 50012, options=[lab.DUAL]),
            # 50013 is reserved.
            lab.listener(INET, '127.0.0.1', 50015, options=[lab.REUSEADDR, lab.REUSEPORT]),
        ]
        # Time-wait on 50011: the end that closes first.
        other = lab.listener(INET, '127.0.0.1', 40011)
        first = lab.bound('tcp', INET, '127.0.0.1', 50011)
        first.connect(('127.0.0.1', 40011))
        last, _ = other.accept()
        first.close()
        last.close()
        other.close()
        lab.wait_for(lambda: any(s['state'] == 'time-wait' and s['local_port'] == 50011
                                 for s in lab.document('-ta')['sockets']), 'time-wait')

    @classmethod
    def tearDownClass(cls):
        for s in cls.sockets:
            s.close()
        lab.sysctl('ipv4/ip_local_reserved_ports', '\n')

    RANGE = '%d-%d' % (LOW, HIGH)

    def test_exactly_three(self):
        for order in ([], ['--random'], ['--first']):
            self.assertEqual(free(self.RANGE, '-n', '3', *order)[0], self.FREE)

    def test_one(self):
        self.assertEqual(free(self.RANGE, '--first')[0], self.FREE[:1])
        found = {free(self.RANGE)[0][0] for _ in range(40)}
        # Each is missed by chance once in ten million runs.
        self.assertEqual(sorted(found), self.FREE)

    def test_names_yield(self):
        """In a range of numbers, once there is nothing without a name."""
        self.assertEqual(free(self.RANGE, '-n', '4'), ([50000] + self.FREE, ''))

    def test_five_are_not_there(self):
        ports, said = free(self.RANGE, '-n', '5', status=1)
        self.assertEqual(ports, [])
        self.assertEqual(said, 'portscope: only 4 of 5 ports are free in 50000-50015: 11 in use, '
                         '1 reserved (ip_local_reserved_ports)\n')

    def test_no_ephemeral_port(self):
        """Unless there is nothing else."""
        self.addCleanup(lab.sysctl, 'ipv4/ip_local_port_range', '32768 60999')
        for low, high in ((32768, 60999), (49153, 65535)):
            lab.sysctl('ipv4/ip_local_port_range', '%d %d' % (low, high))
            ports, said = free('--first')
            self.assertEqual((ports, said), ([61000] if low == 32768 else [49152], ''))
        lab.sysctl('ipv4/ip_local_port_range', '49152 65535')
        ports, said = free()
        self.assertGreaterEqual(ports[0], 49152)
        self.assertIn('the kernel may hand out this one by itself', said)

    def test_json(self):
        r = lab.portscope('free', self.RANGE, '-n', '5', '--json')
        self.assertEqual(r.returncode, 1)
        document = json.loads(r.stdout)
        self.assertEqual(document['ports'], [])
        self.assertEqual(document['not_free'], {
            'in_use': 11, 'in_use_elsewhere': 0, 'reserved': 1, 'registered': 0, 'ephemeral': 0,
            'refused': 0})
        document = json.loads(lab.portscope('free', self.RANGE, '-n', '3', '--json').stdout)
        self.assertEqual(document['ports'], self.FREE)
        self.assertTrue(document['complete'])

    def test_why_not(self):
        mine = 'in use by test-free.py (python3'
        for port, why in ((50000, 'unused, but registered for '), (50001, mine),
                          (50010, "bound by test-free.py (python3"), (50011, ""),
                          (50013, 'unused, but reserved (ip_local_reserved_ports)')):
            ports, said = free(str(port), status=1)
            self.assertEqual(ports, [])
            self.assertTrue(said.startswith('portscope: port %d is %s' % (port, why)), said)
        _, said = free('79', '--registered', status=1, run=lab.as_nobody)
        self.assertEqual(said, 'portscope: port 79 is unused, but only root may bind it\n')

    def test_registered(self):
        self.assertEqual(free(self.RANGE, '-n', '4', '--registered')[0], [50000] + self.FREE)

    def test_one_protocol(self):
        tcp = [50003, 50004, 50005, 50006, 50009, 50014]
        self.assertEqual(free(self.RANGE, '-n', str(len(tcp)), '--protocol', 'tcp')[0], tcp)
        free(self.RANGE, '-n', str(len(tcp) + 2), '-t', status=1)
        # The service of 50000 is one of TCP.
        udp = [50000, 50001, 50002, 50003, 50007, 50008, 50009, 50010, 50011, 50012, 50014, 50015]
        self.assertEqual(free(self.RANGE, '-n', str(len(udp)), '--protocol=udp')[0], udp)
        free(self.RANGE, '-n', str(len(udp) + 1), '-u', status=1)

    def test_one_address(self):
        # Sockets of 127.0.0.1 are not in the way of ::1, nor those of IPv4 at all.
        six = [50001, 50003, 50004, 50006, 50007, 50008, 50009, 50010, 50011, 50014, 50015]
        self.assertEqual(free(self.RANGE, '-n', str(len(six)), '--address', '::1')[0], six)
        free(self.RANGE, '-n', str(len(six) + 2), '--address', '[::1]', status=1)
        # 127.0.0.2 is served by the IPv4 wildcard of 50001 and the dual-stack one of 50012.
        four = [50002, 50003, 50004, 50005, 50006, 50007, 50008, 50009, 50010, 50011, 50014, 50015]
        self.assertEqual(free(self.RANGE, '-n', str(len(four)), '--address', '127.0.0.2')[0], four)
        free(self.RANGE, '-n', str(len(four) + 2), '--address', '::ffff:127.0.0.2', status=1)
        self.assertEqual(free('--address', '192.0.2.1', status=3)[0], [])

    def test_in_a_row(self):
        self.assertEqual(free('50010-50020', '-n', '5', '--consecutive')[0],
                         list(range(50016, 50021)))
        _, said = free(self.RANGE, '-n', '2', '--consecutive', status=1)
        self.assertIn('no 2 ports in a row are free in 50000-50015: 4 free, 11 in use', said)
        for _ in range(20):
            ports = free('50010-50040', '-n', '4', '--consecutive')[0]
            self.assertEqual(ports, list(range(ports[0], ports[0] + 4)))
            self.assertGreaterEqual(ports[0], 50016)

    def test_privilege(self):
        _, said = free('1-1023', '--registered', status=1, run=lab.as_nobody)
        self.assertIn('1023 refused: Permission denied', said)
        lab.sysctl('ipv4/ip_unprivileged_port_start', '1000')
        self.addCleanup(lab.sysctl, 'ipv4/ip_unprivileged_port_start', '1024')
        self.assertEqual(free('999-1000', '--registered', run=lab.as_nobody)[0], [1000])


class OtherHost(unittest.TestCase):
    """--with, and documents that are no listing."""

    @classmethod
    def setUpClass(cls):
        held = [lab.bound('tcp', INET, '0.0.0.0', 51000), lab.bound('udp', INET6, '::', 51002)]
        cls.document = lab.portscope('-a', '--json').stdout
        cls.listening = lab.portscope('-l', '--json').stdout
        cls.lines = lab.portscope('-a', '--json-lines').stdout
        for s in held:
            s.close()

    def with_text(self, text, *args, status=0):
        with tempfile.NamedTemporaryFile('w', suffix='.json') as f:
            f.write(text)
            f.flush()
            return free('51000-51003', '--with', f.name, *args, status=status)

    def test_both(self):
        self.assertEqual(self.with_text(self.document, '-n', '2'), ([51001, 51003], ''))
        self.assertEqual(self.with_text(self.document, '-t', '-n', '3')[0], [51001, 51002, 51003])
        _, said = self.with_text(self.document, '-n', '3', status=1)
        self.assertIn('2 in use on the other host', said)
        self.assertEqual(free('51000-51003', '-n', '2', '--with', '-', input=self.document)[0],
                         [51001, 51003])

    def test_lack(self):
        ports, said = self.with_text(self.listening, '-n', '3', status=4)
        self.assertEqual(ports, [51000, 51001, 51003])
        self.assertIn('leaves out some states', said)
        document = json.loads(self.document)
        document['complete'] = False
        self.assertIn('could not see', self.with_text(json.dumps(document), status=4)[1])

    def test_damaged(self):
        document = json.loads(self.document)
        sockets = [{'protocol': 'tcp', 'local_port': 70000}]
        wrong = [
            ('', 'empty'), ('{', 'cut off'), (self.document[:len(self.document) // 2], ''),
            ('[]', ''), ('{}', 'schema'), ('null', ''), ('nonsense', 'line 1'),
            (self.lines, '--json-lines'), (self.document + self.document, 'line'),
            (json.dumps({**document, 'schema': 'portscope/99'}), 'portscope/99'),
            (json.dumps({**document, 'schema': 1}), 'schema'),
            (json.dumps({**document, 'sockets': {}}), 'line 1'),
            (json.dumps({**document, 'sockets': [3]}), 'socket 1'),
            (json.dumps({**document, 'sockets': [{'protocol': 'tcp'}]}), 'socket 1'),
            (json.dumps({**document, 'sockets': sockets}), 'socket 1'),
            ('{"schema":"portscope/1","schema":"portscope/1"}', 'appears twice'),
            ('{"schema":"\x1b[31m\\u001b","sockets":[]}', ''),
        ]
        for text, why in wrong:
            ports, said = self.with_text(text, status=3)
            self.assertEqual((ports, said.count('\n')), ([], 1), (text[:60], said))
            self.assertIn(why, said)
            self.assertTrue(said[:-1].isprintable(), said)
        for path in ('/nonexistent', '/'):
            self.assertEqual(free('--with', path, status=3)[1].count('\n'), 1)

    def test_every_cut(self):
        step = max(1, len(self.document) // 60)
        for n in range(0, len(self.document.rstrip()), step):
            self.with_text(self.document[:n], status=3)


class SideBySide(unittest.TestCase):
    def test_a_thousand(self):
        """All that 1,000 calls give, many at a time, can be bound."""
        running, found = [], []
        for i in range(1000):
            if len(running) == 24:
                found.append(self.finish(running.pop(0)))
            running.append(subprocess.Popen([lab.program, 'free'], stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE, text=True))
        found += [self.finish(p) for p in running]
        self.assertEqual(len(found), 1000)
        self.assertTrue(all(49152 <= port <= 65535 and can_bind(port) for port in found))
        # They are drawn from 16,378: as many different ones as chance gives.
        self.assertGreater(len(set(found)), 800) # of 4,536

    def finish(self, process):
        out, err = process.communicate()
        self.assertEqual((process.returncode, err), (0, ''))
        return int(out)

    def test_few_ports(self):
        """Callers that try the same three ports at the same time do not starve each other."""
        for args in (['-n', '3'], ['--first'], []):
            running = [subprocess.Popen([lab.program, 'free', '52000-52002', *args],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                       for _ in range(40)]
            for process in running:
                out, err = process.communicate()
                self.assertEqual((process.returncode, err), (0, ''))
                self.assertTrue({int(line) for line in out.split()} <= {52000, 52001, 52002})


class Family(unittest.TestCase):
    def test_no_ipv6_needed(self):
        """A kernel whose IPv6 is switched off gives ports of IPv4."""
        lab.sysctl('ipv6/conf/all/disable_ipv6', '1')
        self.addCleanup(lab.sysctl, 'ipv6/conf/all/disable_ipv6', '0')
        self.assertTrue(free()[0])


if __name__ == '__main__':
    lab.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What --json and --json-lines write is what man/portscope-1.schema.json says, and JSON."""

import copy
import csv
import functools
import io
import json
import os
import re
import socket
import subprocess
import tempfile
import unittest

import lab
import world

try:
    import jsonschema
    VALIDATOR = jsonschema.Draft202012Validator
except (ImportError, AttributeError):
    jsonschema = None

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      '../../man/portscope-1.schema.json')
# A name that anybody may give a device: escape sequence, quote, backslash, not UTF-8.
NASTY = b'e\x1b[1m"\\\xff\xc2\x9b'
# As JSON has it: the valid UTF-8 (C1 among it) exactly, the other byte visibly.
NASTY_JSON = 'e\x1b[1m"\\\\xff\x9b'
OPTIONS = ([], ['-l'], ['-a'], ['-a', '-n'], ['-l', '-u', '-6'], ['-lp'])

WORLD = None


def setUpModule():
    global WORLD
    lab.need(jsonschema, 'python3-jsonschema (4.0 or newer) is not installed')
    lab.need_tool('jq')
    WORLD = world.World()


@functools.lru_cache(maxsize=None)
def validator(part=None):
    """The schema as it is, or the part of it called `part`."""
    with open(SCHEMA) as f:
        schema = json.load(f)
    VALIDATOR.check_schema(schema)
    if part:
        schema = {'$schema': schema['$schema'], '$defs': schema['$defs'],
                  '$ref': '#/$defs/' + part}
    return VALIDATOR(schema)


def json_lines(*options):
    r = lab.portscope('--json-lines', *options)
    assert (r.returncode, r.stderr) == (0, ''), r
    assert r.stdout.endswith('\n')
    return [json.loads(line) for line in r.stdout.splitlines()]


class Schema(unittest.TestCase):
    def valid(self, instance, what, part=None):
        """Every document and every line of every command is valid as it is."""
        found = validator(part).iter_errors(instance)
        errors = ['%s: %s: %s' % (what, '/'.join(map(str, e.absolute_path)), e.message[:300])
                  for e in (jsonschema.exceptions.best_match([f]) for f in found)]
        self.assertEqual(errors[:20], [])

    def test_document(self):
        for options in OPTIONS:
            with self.subTest(options=options):
                document = lab.document(*options)
                self.assertTrue(document['sockets'])
                self.valid(document, 'document')
                for s in document['sockets']:
                    self.valid(s, 'socket %s' % s['cookie'], 'full_socket')

    def test_lines(self):
        for options in OPTIONS:
            with self.subTest(options=options):
                lines = json_lines(*options)
                for line in lines:
                    self.valid(line, 'line')
                self.assertEqual([r['record'] for r in lines],
                                 ['socket'] * (len(lines) - 1) + ['end'])
                self.assertGreater(len(lines), 10)
                self.assertEqual(lines[-1]['count'], len(lines) - 1)

    def test_lines_hold_what_the_document_holds(self):
        def rows(sockets):
            strip = ('record', 'host', 'time')
            return sorted(json.dumps({k: v for k, v in s.items() if k not in strip},
                                     sort_keys=True) for s in sockets)
        self.maxDiff = None
        document, lines = lab.settled(lambda: rows(lab.document('-a')['sockets']),
                                      lambda: json_lines('-a'))
        self.assertEqual(rows(lines[:-1]), document)
        host = lab.document()['host']
        for line in lines[:-1]:
            self.assertEqual(line['host'], {k: host[k] for k in ('name', 'machine_id', 'boot_id')})
        self.assertEqual(lines[-1]['host'], host)

    def test_a_key_has_one_type(self):
        """In whatever record of JSON lines it stands, so that a column store takes them all."""
        types = {}
        for line in json_lines('-a'):
            for k, v in line.items():
                types.setdefault(k, set()).add(type(v))
        self.assertEqual({k: t for k, t in types.items() if len(t - {type(None)}) > 1}, {})

    def test_every_document_begins_alike(self):
        with tempfile.NamedTemporaryFile('w') as f:
            f.write(lab.portscope('-l', '--json').stdout)
            f.flush()
            for words in (['list'], ['audit'], ['explain', '22'], ['explain', '--range', 'dynamic'],
                          ['free'], ['diff', f.name]):
                document = self.answer(*words, '--json', status=None)
                self.valid(document, words)
                self.assertEqual(list(document)[:6],
                                 ['schema', 'time', 'host', 'query', 'complete', 'warnings'])
                self.assertEqual(document['query']['command'], words[0])
                self.assertEqual(document['host']['name'], socket.gethostname())

    def test_columns(self):
        """--columns chooses the keys and their order; the schema holds all the same."""
        keys = ['service', 'local_port', 'cookie', 'protocol']
        document = lab.document('-l', '--columns', ','.join(keys))
        self.valid(document, '--columns')
        self.assertEqual({tuple(s) for s in document['sockets']}, {tuple(keys)})
        self.assertEqual(document['query']['columns'], keys)
        for line in json_lines('-l', '--columns', ','.join(keys))[:-1]:
            self.valid(line, '--columns')
            self.assertEqual([k for k in line if k in keys], keys)

    def test_any_column(self):
        """What --list-fields names can be asked for."""
        with open(SCHEMA) as f:
            known = set(json.load(f)['$defs']['fields']['properties'])
        fields = [line.split()[0] for line in lab.portscope('--list-fields').stdout.splitlines()]
        self.assertEqual(known, set(fields) - {'host', 'machine_id', 'time'})
        for columns in '+' + ','.join(fields), ','.join(reversed(fields)), 'peer', 'process':
            with self.subTest(columns=columns):
                self.valid(lab.document('-a', '--columns', columns), columns)
                for line in json_lines('-l', '--columns', columns):
                    self.valid(line, columns)

    def test_required_keys_are_the_default_ones(self):
        """The schema and the program agree on the default keys both ways, as query.columns and
        --csv do."""
        with open(SCHEMA) as f:
            required = json.load(f)['$defs']['full_socket']['required']
        document = lab.document('-a')
        for s in document['sockets']:
            self.assertEqual(list(s), required)
        self.assertEqual(document['query']['columns'], required)
        head = next(csv.reader(io.StringIO(lab.portscope('-a', '--csv').stdout)))
        self.assertEqual(head, required)

    def test_every_key_is_a_field(self):
        """--list-fields names each key of the schema's sockets."""
        listed = lab.portscope('--list-fields').stdout
        names = set(re.findall(r'(?m)^\s*([a-z][a-z0-9_]*)\b', listed))
        with open(SCHEMA) as f:
            required = json.load(f)['$defs']['full_socket']['required']
        self.assertLessEqual(set(required), names)

    def test_query_says_what_was_asked(self):
        query = lab.document('-l', '-t', '-6')['query']
        self.assertEqual((query['command'], query['protocols'], query['families'],
                          query['filter']), ('list', ['tcp'], ['inet6'], None))
        self.assertEqual(set(query['states']) - {'unconnected'}, {'listen'})
        query = lab.document('-a')['query']
        self.assertEqual(set(query['protocols']), {'tcp', 'udp'})
        self.assertEqual(set(query['families']), {'inet', 'inet6'})
        self.assertEqual(set(query['states']), world.EVERY_STATE)

    def test_host(self):
        document = lab.document('-l')
        host = document['host']
        self.assertEqual(host['name'], socket.gethostname())
        self.assertEqual(host['kernel'], os.uname().release)
        self.assertEqual(host['collector'], 'netlink')
        with open('/proc/sys/kernel/random/boot_id') as f:
            self.assertEqual(host['boot_id'], f.read().strip())

    def answer(self, *words, status=0):
        """The document of a run; its exit status is `status`, or None: any but a failure's."""
        r = lab.portscope(*words)
        self.assertIn(r.returncode, (0, 1, 4) if status is None else (status,), (words, r.stderr))
        return json.loads(r.stdout)

    def test_explain(self):
        """Every port that has a name, pages, tables and ranges, and what was asked."""
        for words in (['--list'], ['22'], ['ftp', '53/udp', '143', '993'], ['0-7', '65535'],
                      ['8004', '8700'], ['9'], ['22/dccp'], ['22/sctp'], ['*sql*'], ['0'], ['0-1023'],
                      ['--list', '--insecure', '--range', 'registered', '--protocol', 'udp']):
            document = self.answer('explain', '--json', *words)
            self.valid(document, 'explain %s' % words)
            self.assertTrue(document['ports'], words)
            self.assertEqual(document['query']['words'], [] if '--list' in words else words)
        query = document['query']
        self.assertEqual((query['list'], query['insecure'], query['range'], query['protocols']),
                         (True, True, 'registered', ['udp']))
        self.assertEqual({u['protocol'] for p in document['ports'] for u in p['protocols']}, {'udp'})
        for name in ('well-known', 'registered', 'dynamic'):
            document = self.answer('explain', '--json', '--range', name)
            self.valid(document, name)
            self.assertEqual([r['name'] for r in document['ranges']], [name])
        document = self.answer('explain', '--json', 'nosuchservice', status=1)
        self.valid(document, 'no service')
        self.assertEqual(document['ports'], [])
        document = self.answer('explain', '--json', '8004/tcp')
        self.assertIn('listen', {s['state'] for s in document['ports'][0]['sockets']})

    def test_free(self):
        with tempfile.TemporaryDirectory() as folder:
            other = os.path.join(folder, 'other.json')
            for words, status in (([], 0), (['-n', '3', '--consecutive', '--first'], 0),
                                  (['1-1023', '--registered', '--protocol', 'udp'], 0),
                                  (['8004'], 1), (['--address', '::1'], 0)):
                document = self.answer('free', '--json', *words, status=status)
                self.valid(document, 'free %s' % words)
                self.assertEqual(bool(document['ports']), not status)
                self.assertTrue(document['complete'])
            for options, lacks in ((['-a'], None), (['-l'], 'some states'), (['-at'], 'UDP')):
                with open(other, 'w') as f:
                    f.write(lab.portscope('--json', *options).stdout)
                document = self.answer('free', '--json', '--with', other, status=4 if lacks else 0)
                self.valid(document, 'free --with %s' % options)
                self.assertEqual((document['other_host_lacks'], document['complete']),
                                 (lacks, not lacks))
                self.assertEqual(['leaves out %s' % lacks in w['text']
                                  for w in document['warnings']], [True] * bool(lacks))

    def test_explain_and_free_refuse_what_is_wrong(self):
        for words, changes in (
                (['explain', '--json', '21'], (
                    lambda d: d.pop('ports'),
                    lambda d: d.update(ranges=[]),
                    lambda d: d['query'].pop('list'),
                    lambda d: d['ports'][0].update(port='21'),
                    lambda d: d['ports'][0].update(protocols=None),
                    lambda d: d['ports'][0]['sockets'].append({'protocol': 'tcp'}),
                    lambda d: d['ports'][0]['protocols'][0].update(extra=1),
                    lambda d: d['ports'][0]['protocols'][0]['risks'][0].update(severity='bad'),
                    lambda d: d['ports'][0]['protocols'][0]['protected_by'][0].pop('port'),
                    lambda d: d['ports'][0]['protocols'][0]['family'].pop('members'))),
                (['free', '--json'], (
                    lambda d: d.update(ports=[0]),
                    lambda d: d.update(ports=['49200']),
                    lambda d: d['query'].pop('order'),
                    lambda d: d['not_free'].update(refused=-1)))):
            good = self.answer(*words)
            self.valid(good, words)
            for i, change in enumerate(changes):
                bad = copy.deepcopy(good)
                change(bad)
                self.assertTrue(list(validator().iter_errors(bad)), (words, i))

    def test_schema_refuses_what_is_wrong(self):
        """The schema is no rubber stamp."""
        good = lab.document('-a')
        self.valid(good, 'good')

        def spoilt(change):
            bad = copy.deepcopy(good)
            change(bad)
            return list(validator().iter_errors(bad))
        for change in (lambda d: d.update(extra=1),
                       lambda d: d.pop('complete'),
                       lambda d: d['host'].pop('netns'),
                       lambda d: d['sockets'][0].update(extra=1),
                       lambda d: d['sockets'][0].update(local_port=65536),
                       lambda d: d['sockets'][0].update(local_port='80'),
                       lambda d: d['sockets'][0].update(local_port=None),
                       lambda d: d['sockets'][0].update(local_address='*'),
                       lambda d: d['sockets'][0].update(local_address='[::1]'),
                       lambda d: d['sockets'][0].update(state='ESTAB'),
                       lambda d: d['sockets'][0].update(cookie=7),
                       lambda d: d['sockets'][0].update(cookie='0x7'),
                       lambda d: d['sockets'][0].update(inode=0),
                       lambda d: d['sockets'][0].update(direction='-'),
                       lambda d: d.update(time=1700000000)):
            self.assertTrue(spoilt(change))
        for line in ({'record': 'end', 'complete': True},
                     {'record': 'socket', 'protocol': 'tcp'}):
            self.assertTrue(list(validator().iter_errors(line)))
        self.assertTrue(list(validator('full_socket').iter_errors({'protocol': 'tcp'})))

    def test_jq(self):
        """Another parser than Python's reads it, and finds what is there."""
        def jq(program, text):
            return subprocess.run([lab.need_tool('jq'), '-e', '-c', program], input=text,
                                  stdout=subprocess.PIPE, check=True).stdout.decode().split()
        text = lab.portscope('--json', '-l', text=False).stdout
        self.assertEqual(jq('.sockets | length', text),
                         [str(len(json.loads(text)['sockets']))])
        text = lab.portscope('--json-lines', '-l', text=False).stdout
        self.assertEqual(len(jq('.record', text)), text.count(b'\n'))

    def test_nasty_bytes(self):
        """Anybody who may name a device chooses what stands in `interface`."""
        lab.ip('link', 'add', 'plain', 'type', 'veth', 'peer', 'name', 'other')
        lab.ip('link', 'set', 'plain', 'name', NASTY)
        self.addCleanup(lab.ip, 'link', 'del', NASTY)
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, NASTY)
        sock.bind(('', 7777))
        sock.listen()
        options = ('-l', '-t', '--columns', 'local,interface,local_port')

        raw = lab.portscope('--json', '-l', text=False).stdout
        rows = [s for s in json.loads(raw.decode())['sockets'] if s['local_port'] == 7777]
        self.assertEqual([s['interface'] for s in rows], [NASTY_JSON])
        self.assertNotIn(b'\x1b', raw)
        # The column that tables write it in.
        rows = json.loads(lab.portscope('--json', *options, text=False).stdout.decode())
        rows = [s for s in rows['sockets'] if s['local_port'] == 7777]
        self.assertEqual([s['interface'] for s in rows], [NASTY_JSON])
        self.assertEqual([s['local'] for s in rows], [f'0.0.0.0%{NASTY_JSON}:7777'])
        raw = lab.portscope('--json-lines', '-l', text=False).stdout
        rows = [s for s in map(json.loads, raw.decode().splitlines())
                if s.get('local_port') == 7777]
        self.assertEqual([s['interface'] for s in rows], [NASTY_JSON])
        # Tables and CSV: visible, and nothing that a terminal would obey.
        for form in ((), ('--csv',)):
            raw = lab.portscope(*form, *options, text=False).stdout
            text = raw.decode('ascii')
            self.assertNotRegex(text, r'[\x00-\x09\x0b-\x1f\x7f]')
            self.assertIn(r'\x1b[1m', text)
            self.assertIn(r'\xff', text)


if __name__ == '__main__':
    lab.main()

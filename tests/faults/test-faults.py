#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever fails, the answer is right or says that it is not whole.

The program runs in namespaces of its own among sockets that stand still. One run with a preloaded
library (shim.c) writes down every system call and every allocation; then each of them fails, once
with every error that it can have (errors.py), allocations also from one on. The answer must be
that of the undisturbed program, or say what is missing: a warning, `complete: false` and status 4
(1 where there are findings), or one line on stderr and status 3. A crash, a hang, a different
answer without a word and a word without the status are failures.

Then a process that holds sockets ends before each system call: it may be gone, but its sockets have
no other user and no other program.

With PORTSCOPE_FULL=1 everything is tried: of a place that calls very often as many calls as
CALLS_OF_A_PLACE, spread evenly, which takes an hour or two. Else a sample over all places takes two
minutes under PORTSCOPE_CI and some seconds without. FAULTS_ONLY=NAME[,NAME] chooses commands, FAULTS_SECONDS=N a time.
"""

import collections
import errno
import itertools
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../netns'))

import lab  # noqa: E402
from errors import ERRORS  # noqa: E402

PROGRAM = os.environ['PORTSCOPE']
SHIM = os.environ['FAULTS_SHIM']
HOLDER = os.environ['HOLDER']
FULL = bool(os.environ.get('PORTSCOPE_FULL'))
SECONDS = float(os.environ.get('FAULTS_SECONDS', 0)) or (
    None if FULL else 120 if os.environ.get('PORTSCOPE_CI') else 10)
HANG = 20
CALLS_OF_A_PLACE = 40
VICTIM_UID, VICTIM_PORT = 4343, 4050

# Libraries whose own allocations may end in a wrong answer that the program cannot see.
EXCEPTED = re.compile(
    r'libc\.so\.6!(getpwuid_r|getpwnam_r)|libjansson')


class World:
    """Sockets and holders that stand still."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='portscope-', dir='/var/lib')
        os.chmod(self.folder, 0o755)
        # Where a program may not come from.
        self.temporary = tempfile.mkdtemp(prefix='portscope-')
        os.chmod(self.temporary, 0o755)
        self.kept = []
        self.children = []
        lab.ip('link', 'set', 'lo', 'up')
        lab.veth('f0', 'f1')
        lab.address('f0', '10.9.8.7/24', '8.8.8.8/24', 'fe80::77/64')
        self.hold(self.folder, 'in.telnetd', 0, 'tcp,0.0.0.0,23', 'tcp,8.8.8.8,8023')
        self.hold(self.temporary, 'evil', 65534, 'tcp,0.0.0.0,4020', 'udp,10.9.8.7,4021')
        self.hold(self.folder, 'daemon', 4242, 'tcp,127.0.0.1,4040', 'udp,0.0.0.0,4041')
        self.fork()

    def hold(self, folder, name, uid, *what):
        path = os.path.join(folder, name)
        shutil.copy(HOLDER, path)
        child = subprocess.Popen([path, str(uid), *what], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE)
        assert child.stdout.readline() == b'ready\n', what
        self.children.append(child)

    def fork(self):
        """A holder of what the program `holder` cannot make; the pipe ends it with us."""
        alive, end = os.pipe()
        ready, say = os.pipe()
        if os.fork() == 0:
            os.close(end)
            self.sockets()
            os.write(say, b'.')
            os.read(alive, 1)
            os._exit(0)
        os.close(alive)
        os.close(say)
        assert os.read(ready, 1) == b'.'
        os.close(ready)
        self.end = end

    def sockets(self):
        four, six = socket.AF_INET, socket.AF_INET6
        keep = self.kept.append
        keep(lab.listener(six, '::', 4004, options=[lab.DUAL]))
        keep(lab.listener(six, '::1', 4005))
        keep(lab.listener(four, '10.9.8.7', 4006))
        keep(lab.listener(six, 'fe80::77%f0', 4007))
        keep(lab.bound('udp', four, '0.0.0.0', 4008, device='f0'))
        keep(lab.bound('udp', six, '::', 4009, options=[lab.V6ONLY]))
        at = lab.listener(four, '127.0.0.1', 4010)
        keep(at)
        client = socket.create_connection(('127.0.0.1', 4010))
        keep(client)
        keep(at.accept()[0])
        keep(lab.bound('udp', four, '127.0.0.1', 4011))
        self.kept[-1].connect(('127.0.0.1', 4012))

    def done(self):
        for child in self.children:
            child.kill()
            child.wait()
        os.close(self.end)
        shutil.rmtree(self.folder)
        shutil.rmtree(self.temporary)


class Command:
    """A way to call the program, and how to read what it says."""

    def __init__(self, name, arguments, kind, owners=True, terminal=False, stdin=None):
        self.name = name
        self.arguments = arguments
        self.kind = kind
        self.owners = owners
        self.terminal = terminal
        self.stdin = stdin


def commands(world):
    before = os.path.join(world.folder, 'before.json')
    after = os.path.join(world.folder, 'after.json')
    other = os.path.join(world.folder, 'other.json')
    for path, arguments in ((before, ['-l', '--json']), (after, ['-l', '--json', '-t']),
                            (other, ['-a', '--json'])):
        with open(path, 'wb') as f:
            subprocess.run([PROGRAM, *arguments], stdout=f, check=True)
    with open(before) as f:
        document = json.load(f)
    document['sockets'] = document['sockets'][2:]
    document['sockets'][0]['uid'] = 77
    changed = os.path.join(world.folder, 'changed.json')
    with open(changed, 'w') as f:
        json.dump(document, f)
    policy = os.path.join(world.folder, 'policy')
    with open(policy, 'w') as f:
        f.write('allow sport = 23\n')
    yield Command('list', ['-l'], 'text')
    yield Command('terminal', ['-l'], 'text', terminal=True)
    yield Command('list-a', ['-a'], 'text')
    yield Command('list-p', ['-lp'], 'text')
    yield Command('lone', ['4010'], 'text')
    yield Command('json', ['-a', '--json'], 'json')
    yield Command('json-lines', ['-a', '--json-lines'], 'lines')
    yield Command('stream', ['-a', '--json-lines', '--columns',
                             'protocol,state,local_address,local_port,uid'], 'lines', owners=False)
    yield Command('csv', ['-l', '--csv'], 'text')
    yield Command('filter', ['-l', '--json', 'user = nobody and exposure != loopback'], 'json')
    yield Command('device', ['-l', '--json', 'dev = f0 or dev = lo'], 'json')
    yield Command('findings', ['-l', '--json', '--columns', 'protocol,local,findings'], 'json')
    yield Command('audit', ['audit'], 'text')
    yield Command('audit-json', ['audit', '--json'], 'json')
    yield Command('audit-lines', ['audit', '--json-lines'], 'lines')
    yield Command('audit-policy', ['audit', '--policy', policy, '--json'], 'json')
    yield Command('audit-baseline', ['audit', '--baseline', changed, '--json'], 'json')
    yield Command('sarif', ['audit', '--sarif'], 'sarif')
    yield Command('diff', ['diff', changed], 'text')
    yield Command('diff-json', ['diff', '--json', changed], 'json')
    yield Command('diff-files', ['diff', '--json', before, changed], 'json', owners=False)
    yield Command('diff-same', ['diff', '--fail-on-change', before], 'text')
    yield Command('explain', ['explain', '23'], 'text')
    yield Command('explain-json', ['explain', '--json', '4010', 'ssh'], 'json')
    yield Command('explain-list', ['explain', '--list', '--insecure'], 'text', owners=False)
    yield Command('free', ['free', '--first', '-n', '4', '4000-4100'], 'text', owners=False)
    yield Command('free-json', ['free', '--json', '--first', '-n', '4', '4000-4100'], 'json',
                  owners=False)
    yield Command('free-with', ['free', '--first', '-n', '4', '4000-4100', '--with', other],
                  'text', owners=False)


Result = collections.namedtuple('Result', 'status out err')


def run_piped(arguments, environment):
    child = subprocess.Popen([PROGRAM, *arguments], env=environment, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = child.communicate(timeout=HANG)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return Result('hang', b'', b'')
    return Result(child.returncode, out, err)


def run_at_terminal(arguments, environment):
    """With a terminal as standard output, and nothing else."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen([PROGRAM, *arguments], env=environment, stdin=subprocess.DEVNULL,
                             stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    out = b''
    deadline = time.monotonic() + HANG
    while time.monotonic() < deadline:
        if not select.select([ours], [], [], 0.5)[0]:
            continue
        try:
            block = os.read(ours, 65536)
        except OSError:
            break
        if not block:
            break
        out += block
    else:
        child.kill()
        child.communicate()
        os.close(ours)
        return Result('hang', b'', b'')
    os.close(ours)
    err = child.stderr.read()
    child.stderr.close()
    return Result(child.wait(), out, err)


def run(command, backend, **faults):
    environment = {'PATH': os.environ['PATH'], 'LD_PRELOAD': SHIM, 'TERM': 'xterm', 'LANG': 'C.UTF-8'}
    environment.update({'FAULTS_' + k.upper(): str(v) for k, v in faults.items()})
    if backend == 'procfs':
        environment['FAULTS_NO_BPF'] = '1'
    return (run_at_terminal if command.terminal else run_piped)(command.arguments, environment)


def cut(document):
    """A document without what is of the moment or about itself."""
    document = dict(document)
    for key in ('time', 'warnings', 'complete'):
        document.pop(key, None)
    if isinstance(document.get('host'), dict):
        document['host'] = {k: v for k, v in document['host'].items()
                            if k not in ('collector', 'owner_backend')}
    for key in ('before', 'after'):
        if isinstance(document.get(key), dict):
            document[key] = cut(document[key])
    return document


Answer = collections.namedtuple('Answer', 'payload complete')


def read_sarif(document):
    invocations = [i for run in document['runs'] for i in run.get('invocations', [])]
    complete = all(i.get('executionSuccessful', True) for i in invocations)
    for i in invocations:
        for key in ('toolExecutionNotifications', 'executionSuccessful', 'startTimeUtc',
                    'endTimeUtc', 'exitCode', 'exitCodeDescription'):
            i.pop(key, None)
    return Answer(document, complete)


def read_answer(kind, out):
    """What was said; complete is None where the form cannot tell."""
    if kind == 'text':
        return Answer(re.sub(rb'[0-9]+ (s|min|h|d) ago', b'TIME ago', out), None)
    try:
        if kind == 'lines':
            records = [json.loads(line) for line in out.splitlines()]
            end = records[-1] if records and records[-1].get('record') == 'end' else None
            return Answer([cut(r) for r in records], bool(end and end['complete']))
        document = json.loads(out)
        if kind == 'sarif':
            return read_sarif(document)
        return Answer(cut(document), document.get('complete'))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        return Answer('not readable: %s' % error, False)


def judge(command, wanted, result):
    """(outcome, what is wrong); outcome is same, warned, failed or BAD."""
    if result.status == 'hang':
        return 'BAD', 'hangs'
    if result.status < 0 or result.status not in (0, 1, 3, 4):
        return 'BAD', 'ends with %s' % (signal.Signals(-result.status).name if result.status < 0
                                        else 'status %d' % result.status)
    base = read_answer(command.kind, wanted.out)
    got = read_answer(command.kind, result.out)
    lines = result.err.decode(errors='replace').splitlines()
    if result.status == 3:
        if not lines:
            return 'BAD', 'status 3 and nothing on stderr'
        if got.complete and got.payload != base.payload:
            return 'BAD', 'status 3 and says that it is complete'
        return 'failed', ''
    if got.complete is False and base.complete is not False:
        if result.status != 4 and (result.status, wanted.status) != (1, 1):
            return 'BAD', 'incomplete with status %d' % result.status
        if not lines:
            return 'BAD', 'incomplete and nothing on stderr'
        return 'warned', ''
    if got.complete and result.status == 4:
        return 'BAD', 'complete with status 4'
    same = got.payload == base.payload
    if result.status == wanted.status and same:
        return 'same', ''
    if command.kind == 'text' and result.status in (4, wanted.status) and \
            len(lines) > len(wanted.err.splitlines()):
        # A finding outweighs that something is missing; only stderr tells.
        if result.status == 4 or wanted.status == 1:
            return 'warned', ''
    return 'BAD', 'another answer' if not same else 'status %s for %s' % (
        result.status, wanted.status)


Event = collections.namedtuple('Event', 'kind number name detail frames')


def record(command, backend, folder):
    """What the undisturbed program calls, and its answer."""
    log = os.path.join(folder, 'log')
    result = run(command, backend, log=log)
    with open(log, errors='replace') as f:
        events = [Event(*line.rstrip('\n').split('\t')) for line in f if line.count('\t') == 4]
    return result, events


def site(event):
    """The place that calls: the functions of the program, and a path without its numbers."""
    own = ' '.join(f for f in event.frames.split() if f.startswith('+'))
    return event.kind, event.name, own, re.sub(r'\d+', '#', event.detail)


def plan(events):
    """Every fault as (event, arguments of run())."""
    places = collections.defaultdict(list)
    for event in events:
        places[site(event)].append(event)
    for calls in places.values():
        step = max(1, len(calls) / CALLS_OF_A_PLACE)
        for n in range(min(len(calls), CALLS_OF_A_PLACE)):
            event = calls[int(n * step)]
            number = int(event.number)
            if event.kind == 'alloc':
                yield event, {'alloc': number}
                yield event, {'alloc': number, 'alloc_on': 1}
                continue
            for name in ERRORS[event.name].split():
                yield event, {'call': number, 'errno': getattr(errno, name)}


def excepted(event, faults):
    return 'alloc' in faults and EXCEPTED.search(event.frames)


def symbolize(event):
    """The functions of the program on the way to the call, the innermost first."""
    frames = [f[1:] for f in event.frames.split() if f.startswith('+')]
    tool = shutil.which('addr2line')
    if not tool or not frames:
        return event.frames.split()
    text = subprocess.run([tool, '-sfie', PROGRAM, *('0x%x' % (int(f, 16) - 1) for f in frames)],
                          stdout=subprocess.PIPE, text=True).stdout.split('\n')
    return ['%s (%s)' % pair for pair in zip(text[::2], text[1::2])]


def describe(faults):
    if 'alloc' in faults:
        return 'from here on' if 'alloc_on' in faults else 'once'
    return errno.errorcode[faults['errno']]


class Campaign:
    def __init__(self, world):
        self.world = world
        self.counts = collections.Counter()
        self.failures = collections.OrderedDict()
        self.left = collections.Counter()

    def faults(self):
        """Lists of (command, backend, wanted, event, faults), what comes first to be tried."""
        only = os.environ.get('FAULTS_ONLY')
        every = []
        for command in commands(self.world):
            if only and command.name not in only.split(','):
                continue
            for backend in ('bpf', 'procfs') if command.owners else ('bpf',):
                wanted, events = record(command, backend, self.world.folder)
                again = run(command, backend)
                assert judge(command, wanted, again)[0] == 'same', (
                    command.name, backend, wanted, again)
                assert wanted.status in (0, 1), (command.name, wanted)
                for event, faults in plan(events):
                    every.append((command, backend, wanted, event, faults))
        # The order is the same in each run, and the sample is spread over all commands: first one
        # fault of each place, then the other errors of it, then where it is called again.
        random.Random(1).shuffle(every)
        seen = collections.Counter()
        ranked = ([], [], [])
        for fault in every:
            _, _, _, event, faults = fault
            key = site(event), faults.get('errno'), faults.get('alloc_on')
            ranked[2 if seen[key] else 1 if seen[site(event)] else 0].append(fault)
            seen.update((key, site(event)))
        return ranked

    def try_one(self, command, backend, wanted, event, faults):
        result = run(command, backend, **faults)
        outcome, what = judge(command, wanted, result)
        if outcome == 'BAD' and excepted(event, faults):
            outcome = 'excepted'
        self.counts[outcome] += 1
        if outcome == 'BAD':
            path = re.sub(r'\d+', '#', event.detail)
            frames = [f for f in event.frames.split() if f.startswith('+')]
            key = what, event.name, path, ' '.join(frames[:3])
            self.failures.setdefault(key, []).append((command, backend, event, faults, result))

    def run(self):
        ranked = self.faults()
        begin = time.monotonic()
        total = sum(map(len, ranked))
        for n, fault in enumerate(itertools.chain(*ranked)):
            if SECONDS and time.monotonic() - begin > SECONDS:
                self.left['faults'] = total - n
                break
            self.try_one(*fault)
        print('%d places, %d faults, %d not tried; %s' % (
            len(ranked[0]), total, self.left['faults'],
            ', '.join('%d %s' % (n, k) for k, n in sorted(self.counts.items()))))

    def report(self):
        for (what, name, path, _), cases in self.failures.items():
            command, backend, event, faults, result = cases[0]
            print('%s: %s %s: %s; %s\n    %d runs, e.g. %s=%s portscope %s\n    at %s' % (
                what, name, path, ' '.join(sorted({describe(c[3]) for c in cases})),
                ' '.join(sorted({c[0].name for c in cases})), len(cases),
                backend, ','.join('%s=%s' % f for f in faults.items()),
                ' '.join(command.arguments), ' < '.join(symbolize(event))))
            for line in result.err.decode(errors='replace').splitlines()[:3]:
                print('    | ' + line)
        return 1 if self.failures else 0


class Victims:
    """Makes processes that hold sockets, and leaves nothing of them when they are killed."""

    def __init__(self, world):
        self.path = os.path.join(world.temporary, 'victim')
        shutil.copy(HOLDER, self.path)
        ours, theirs = socket.socketpair()
        self.helper = os.fork()
        if self.helper == 0:
            ours.close()
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            self.hears, self.open = os.pipe()  # never written to: a victim ends when it is killed
            while theirs.recv(1):
                theirs.send(b'%d' % self.make())
            os._exit(0)
        theirs.close()
        self.pipe = ours

    def make(self):
        said, say = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.dup2(self.hears, 0)
            os.dup2(say, 1)
            os.closerange(3, 64)
            os.setgroups([])
            os.setresgid(VICTIM_UID, VICTIM_UID, VICTIM_UID)
            os.setresuid(VICTIM_UID, VICTIM_UID, VICTIM_UID)
            os.execv(self.path, [self.path, str(VICTIM_UID), 'tcp,0.0.0.0,%d' % VICTIM_PORT,
                                 'udp,0.0.0.0,%d' % VICTIM_PORT])
        os.close(say)
        assert os.read(said, 16) == b'ready\n'
        os.close(said)
        return pid

    def new(self):
        self.pipe.send(b'.')
        return int(self.pipe.recv(16))

    def done(self):
        self.pipe.close()
        os.waitpid(self.helper, 0)


def wrong_of_victim(document, pid):
    """What a listing says of the victim's sockets that cannot be."""
    for s in document['sockets']:
        if s['local_port'] != VICTIM_PORT:
            continue
        if s['uid'] not in (VICTIM_UID, None) or s['user'] not in (str(VICTIM_UID), None):
            return 'socket of user %s' % s['user']
        for p in s['processes'] or []:
            if p['user'] != str(VICTIM_UID) or p['pid'] != pid:
                return 'held by %d of %s' % (p['pid'], p['user'])
            if p['program'] not in ('victim', None):
                return 'held by %s' % p['program']
    return None


def kill_everywhere(world):
    """The number of wrong answers where the holder ends before a system call."""
    victims = Victims(world)
    command = Command('victim', ['-l', '--json'], 'json')
    bad = tried = seen = 0
    for backend in 'bpf', 'procfs':
        pid = victims.new()
        _, events = record(command, backend, world.folder)
        os.kill(pid, signal.SIGKILL)
        calls = [e for e in events if e.kind == 'call']
        for event in calls[::1 if FULL else 4]:
            pid = victims.new()
            result = run(command, backend, call=event.number, kill=pid)
            tried += 1
            try:
                document = json.loads(result.out)
                wrong = wrong_of_victim(document, pid)
            except (ValueError, KeyError) as error:
                wrong = 'no answer (%s)' % error
            if result.status not in (0, 4) or wrong:
                bad += 1
                print('a holder that ends before call %s (%s %s) with %s: status %s, %s' % (
                    event.number, event.name, event.detail, backend, result.status, wrong))
            else:
                seen += any(s['local_port'] == VICTIM_PORT for s in document['sockets'])
            if os.path.exists('/proc/%d' % pid):
                os.kill(pid, signal.SIGKILL)
            lab.wait_for(lambda: not os.path.exists('/proc/%d' % pid), 'the victim is gone')
    victims.done()
    print('%d times a holder ended, %d of its sockets were still seen, %d wrong answers' % (
        tried, seen, bad))
    assert seen, 'no listing saw a socket of a holder that ended'
    return bad


def inside():
    world = World()
    try:
        campaign = Campaign(world)
        campaign.run()
        bad = campaign.report()
        return 1 if kill_everywhere(world) or bad else 0
    finally:
        world.done()


def main():
    if sys.argv[1:] == ['--inside']:
        return inside()
    lab.need(os.geteuid() == 0, 'needs root')
    lab.need_tool('unshare')
    return subprocess.run(['unshare', '-n', '-m', '-p', '-f', '--mount-proc', '--kill-child',
                           sys.executable, __file__, '--inside']).returncode


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Both owner backends find the same holders of the same sockets, and the right ones.

In a network namespace of its own: 10,000 sockets of 100 processes, one that all of them share, one
in a thread with a descriptor table of its own, one that only an io_uring ring holds, one whose
process leads no more. Then all of it once more inside a pid namespace, where the pids must be the
inner ones. What only one backend can see would be listed in ONE_SIDED; nothing is.

usage: test-owner.py OWNER-LIST [--bpf]; with --bpf the bpf backend was built in
"""
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading

import lab

PROCESSES = 100
SOCKETS = 100
CLONE_FILES = 0x400
ONE_SIDED = set()

libc = ctypes.CDLL(None, use_errno=True)


def udp():
    """A bound socket, its port and its descriptor, which Python then forgets."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    port = f"udp:{sock.getsockname()[1]}"
    return sock.detach(), port


def ring_holding(fd):
    """An io_uring ring that has `fd` registered; None where the kernel has no io_uring."""
    params = ctypes.create_string_buffer(120)
    ring = libc.syscall(425, 4, params)
    if ring < 0:
        return None
    fds = (ctypes.c_int * 1)(fd)
    if libc.syscall(427, ring, 2, fds, 1) < 0:
        raise OSError(ctypes.get_errno(), "io_uring_register")
    return ring


class Scene:
    """Processes that hold sockets: what they reported is what owner-list must find."""

    def __init__(self):
        self.expected = {}  # protocol:port -> {pid: (fds)}
        self.children = []
        self.stop_read, self.stop_write = os.pipe()

    def expect(self, port, pid, *fds):
        self.expected.setdefault(port, {})[pid] = tuple(sorted(fds))

    def child(self, work):
        """Runs work(report) in a process that lives until the end."""
        readable, writable = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(self.stop_write)
            os.close(readable)
            try:
                lines = []
                stay = work(lambda *numbers: lines.append(" ".join(map(str, numbers))))
                with os.fdopen(writable, "w") as out:
                    out.write("\n".join(lines + ["ready\n"]))
                if stay:
                    stay()
                os.read(self.stop_read, 1)
            finally:
                os._exit(0)
        os.close(writable)
        self.children.append(pid)
        with os.fdopen(readable) as lines:
            # Not up to the end: a thread's table may keep a copy of the pipe open.
            for line in lines:
                if line == "ready\n":
                    return
                port, *fds = line.split()
                self.expect(port, pid, *map(int, fds))
        raise ChildProcessError("a process of the scene failed")

    def end(self):
        os.close(self.stop_write)
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def many(report):
    for _ in range(SOCKETS):
        fd, port = udp()
        report(port, fd)


def thread_with_own_table(report):
    """The thread's socket is in no other table; what it copied is in both."""
    before = udp()
    ready = threading.Event()
    found = {}

    def run():
        if libc.unshare(CLONE_FILES) < 0:
            raise OSError(ctypes.get_errno(), "unshare")
        found["own"] = udp()
        found["moved"] = os.dup(before[0])
        ready.set()
        signal.pause()

    threading.Thread(target=run, daemon=True).start()
    ready.wait()
    report(found["own"][1], found["own"][0])
    report(before[1], before[0], found["moved"])


def same_numbers(report):
    """The thread's table has the same descriptors as the process's, of which one differs."""
    ready = threading.Event()
    first = udp()
    found = {}

    def run():
        libc.unshare(CLONE_FILES)
        fd, port = udp()
        os.dup2(fd, first[0])
        os.close(fd)
        found["port"] = port
        ready.set()
        signal.pause()

    threading.Thread(target=run, daemon=True).start()
    ready.wait()
    report(first[1], first[0])
    report(found["port"], first[0])


def plain_threads(report):
    for _ in range(8):
        threading.Thread(target=signal.pause, daemon=True).start()
    report(*reversed(udp()))


def in_ring(report):
    fd, port = udp()
    if ring_holding(fd) is None:
        return
    os.close(fd)
    report(port)


def in_ring_and_table(report):
    fd, port = udp()
    if ring_holding(fd) is None:
        return
    report(port, fd)


def leader_ends(report):
    """The process's first thread exits; another goes on and holds the table."""
    fd, port = udp()
    report(port, fd)

    def stay():
        threading.Thread(target=signal.pause).start()
        libc.syscall(93 if os.uname().machine in ("aarch64", "riscv64") else 60, 0)

    return stay


def multipath(report):
    """Listed as TCP sockets that have no file of their own."""
    try:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    except OSError:
        return
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    port = f"tcp:{sock.getsockname()[1]}"
    report(port, sock.detach())


def wait_until_led_no_more(pid):
    while True:
        with open(f"/proc/{pid}/stat") as stat:
            if stat.read().split(")")[1].split()[0] == "Z":
                return
        os.sched_yield()


def make_scene():
    scene = Scene()
    shared, shared_port = udp()
    twice, twice_port = udp()
    again = os.dup(twice)
    for _ in range(PROCESSES):
        scene.child(many)
    for work in (thread_with_own_table, same_numbers, plain_threads, in_ring,
                 in_ring_and_table, multipath, leader_ends):
        scene.child(work)
    wait_until_led_no_more(scene.children[-1])
    for pid in [os.getpid()] + scene.children:
        scene.expect(shared_port, pid, shared)
        scene.expect(twice_port, pid, twice, again)
    return scene


def ask(tool, backend):
    """What owner-list says: port -> (state, {pid: (fds)}), warnings."""
    result = subprocess.run([tool, backend], stdout=subprocess.PIPE, check=True, text=True)
    owners, said = {}, []
    for line in result.stdout.splitlines():
        if line.startswith("! "):
            said.append(line[2:])
            continue
        protocol, port, state, *holders = line.split(" ")
        found = {}
        for holder in holders:
            pid, fds, _ = holder.split(":", 2)
            found[int(pid)] = tuple(sorted(int(fd) for fd in fds.split(",") if fd))
        owners[f"{protocol}:{port}"] = (state, found)
    return owners, said


def check(scene, tool):
    failures = 0
    answers = {}
    for backend in ("bpf", "procfs"):
        owners, said = ask(tool, backend)
        if f"backend {backend}" not in said:
            print(f"{backend} cannot be used: {said}")
            if backend == "procfs" or "--bpf" in sys.argv and os.environ.get("PORTSCOPE_CI"):
                failures += 1
            continue
        answers[backend] = owners
        for port, holders in scene.expected.items():
            if owners.get(port) != ("known", holders) and (backend, port) not in ONE_SIDED:
                failures += 1
                print(f"{backend}: port {port}: expected {holders}, found {owners.get(port)}")
        print(f"{backend}: {len(owners)} sockets", *said[1:], sep="\n    ")
    if len(answers) == 2 and answers["bpf"] != answers["procfs"]:
        failures += 1
        print("the backends differ")
    return failures


def inside(tool):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    scene = make_scene()
    try:
        return 1 if check(scene, tool) else 0
    finally:
        scene.end()


def main():
    lab.need(os.geteuid() == 0, "needs root")
    if sys.argv[1] == "--inside":
        return inside(sys.argv[2])
    for options in (["-n"], ["-n", "-p", "-f", "--mount-proc", "--kill-child"]):
        unshare = lab.need_unshare(*options)
        print(*unshare, flush=True)
        command = [*unshare, sys.executable, __file__, "--inside", *sys.argv[1:]]
        if subprocess.run(command).returncode:
            return 1
    return 0


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures portscope beside its rivals and prints medians with the project's targets.

SCENARIOS is all that is measured: a load, the commands that run beside it, and the targets that
compare them. The commands run inside the load's network namespace, started without a shell, in an
order that alternates from round to round, with their output to /dev/null. One run before the
measured ones has its output counted, so that a command that lists less than it should is found out.
A command that fails is no measurement. Nothing here passes or fails by the clock: the exit status
is 1 only where a command could not be measured, 77 where the machine cannot bear the load.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

FIELDS = ("protocol,state,recv_q,send_q,local_address,local_port,remote_address,remote_port,"
          "service")
LISTEN_FIELDS = "protocol,local_address,local_port,service,port_range,exposure"
OWNED_FIELDS = FIELDS + ",process"
OWNED_LISTEN_FIELDS = LISTEN_FIELDS + ",process"
FEW = ("dport >= :10000 and dport <= :10009 and sport != :443",)  # who called the listeners
# Without these capabilities the owners come from /proc.
WITHOUT_BPF = ("setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin")
MIB = 1024  # of what getrusage(2) counts in

# Rounds end for a command that has taken this long in all, after two at least.
SECONDS_A_COMMAND = 20


@dataclass
class Command:
    """A line of the table. Sockets are output lines less `header` others, or a number printed."""
    name: str
    argv: tuple
    header: int = 0
    prints_number: bool = False
    counts: str = "all"  # what of the load it must list: all, listening, nothing
    may_lack: bool = False  # an incomplete answer is one too: some process here may be closed to all


@dataclass
class Target:
    """
    `value(results, time)` against a limit: results are by name of the command, `time` chooses
    what of a result is compared. The wall clock decides; processor time stands beside it, because
    on a busy machine the clock measures its neighbours too.
    """
    text: str
    limit: float
    value: object
    unit: str = ""


@dataclass
class Scenario:
    title: str
    connected: int
    listening: int
    commands: list
    targets: list
    idle_processes: int = 0
    called: bool = False  # each listener has a client
    rounds: int = 9


@dataclass
class Result:
    wall: list
    cpu: list
    peak: int
    sockets: int


def wall_median(result):
    return statistics.median(result.wall)


def cpu_median(result):
    return statistics.median(result.cpu)


def ratio(command, base):
    return lambda results, time: time(results[command]) / time(results[base])


def longer(command, base):
    """Milliseconds that a command takes above another."""
    return lambda results, time: (time(results[command]) - time(results[base])) * 1e3


def peak(command):
    return lambda results, _: results[command].peak / MIB


def bytes_a_socket(command, above):
    return lambda results, _: (
        max(0, results[command].peak - above * MIB) * 1024 / results[command].sockets)


def more_bytes_a_socket(command, base):
    """What a command takes above another in memory."""
    return lambda results, _: (
        (results[command].peak - results[base].peak) * 1024 / results[command].sockets)


SCENARIOS = [
    Scenario(
        "An idle host, 20 listeners", 0, 20,
        [
            Command("true", ("true",), counts="nothing"),
            Command("portscope -l, no owners",
                    ("{portscope}", "-lH", "--columns", LISTEN_FIELDS), counts="listening"),
            Command("ss -tuln", ("ss", "-tuln"), header=1, counts="listening"),
            Command("portscope -l", ("{portscope}", "-lH"), counts="listening"),
            Command("ss -tulnp", ("ss", "-tulnp"), header=1, counts="listening"),
        ],
        [
            Target("-l above true", 2.0, longer("portscope -l, no owners", "true"), "ms"),
            Target("-l with owners / ss -tulnp", 1.0, ratio("portscope -l", "ss -tulnp")),
        ],
        rounds=101),
    Scenario(
        "Everything, 200,000 sockets", 200000, 0,
        [
            Command("floor", ("{floor}",), prints_number=True),
            Command("portscope JSON lines",
                    ("{portscope}", "-a", "--json-lines", "--columns", FIELDS),
                    header=1),
            Command("portscope sorted table", ("{portscope}", "-aH", "--columns", FIELDS)),
            Command("ss -tuan", ("ss", "-tuan"), header=1),
            Command("netstat -tuan", ("netstat", "-tuan"), header=2),
        ],
        [
            Target("JSON lines / floor", 1.3, ratio("portscope JSON lines", "floor")),
            Target("sorted table / floor", 1.4, ratio("portscope sorted table", "floor")),
            Target("peak of the streamed listing", 12, peak("portscope JSON lines"), "MiB"),
            Target("peak of the buffered listing above 12 MiB", 160,
                   bytes_a_socket("portscope sorted table", 12), "bytes a socket"),
        ]),
    Scenario(
        "What listens, 4,000 listeners beside 196,000 connections", 196000, 4000,
        [
            Command("floor -l", ("{floor}", "-l"), prints_number=True, counts="listening"),
            Command("portscope -l, no owners",
                    ("{portscope}", "-lH", "--columns", LISTEN_FIELDS), counts="listening"),
            Command("ss -tuln", ("ss", "-tuln"), header=1, counts="listening"),
            Command("netstat -tuln", ("netstat", "-tuln"), header=2, counts="listening"),
        ],
        [
            Target("-l / ss -tuln", 0.10, ratio("portscope -l, no owners", "ss -tuln")),
        ]),
    Scenario(
        "Who holds what listens, 4,000 listeners beside 196,000 connections", 196000, 4000,
        [
            Command("owner floor -l", ("{owner_floor}", "-l"), prints_number=True,
                    counts="listening"),
            Command("portscope -l", ("{portscope}", "-lH", "--columns", OWNED_LISTEN_FIELDS),
                    counts="listening"),
            Command("ss -tulnp", ("ss", "-tulnp"), header=1, counts="listening"),
            Command("readlink walk", WITHOUT_BPF + ("{readlink_walk}",), counts="nothing"),
            Command("portscope -l, procfs",
                    WITHOUT_BPF + ("{portscope}", "-lH", "--columns", OWNED_LISTEN_FIELDS),
                    counts="listening", may_lack=True),
        ],
        [
            Target("-l with owners / owner floor", 1.3, ratio("portscope -l", "owner floor -l")),
            Target("-l with owners / ss -tulnp", 0.13, ratio("portscope -l", "ss -tulnp")),
            Target("procfs backend / readlink walk", 1.2,
                   ratio("portscope -l, procfs", "readlink walk")),
        ]),
    Scenario(
        "Who holds everything, 200,000 sockets", 200000, 0,
        [
            Command("owner floor", ("{owner_floor}",), prints_number=True),
            Command("portscope -a", ("{portscope}", "-aH", "--columns", OWNED_FIELDS)),
            Command("portscope -a, no owners", ("{portscope}", "-aH", "--columns", FIELDS)),
            Command("ss -tuanp", ("ss", "-tuanp"), header=1),
            Command("lsof -nPi", ("lsof", "-nPi"), header=1),
        ],
        [
            Target("everything with owners / owner floor", 1.5,
                   ratio("portscope -a", "owner floor")),
            Target("everything with owners / ss -tuanp", 0.03, ratio("portscope -a", "ss -tuanp")),
            Target("everything with owners / lsof -nPi", 0.15, ratio("portscope -a", "lsof -nPi")),
            Target("owner index", 48, more_bytes_a_socket("portscope -a", "portscope -a, no owners"),
                   "bytes a socket"),
        ]),
    Scenario(
        "A filter that selects 10 of 200,000 sockets", 199980, 10,
        [
            Command("portscope", ("{portscope}", "-H", "--columns", FIELDS, *FEW), counts="listening"),
            Command("ss", ("ss", "-tunH", *FEW), counts="listening"),
            Command("portscope with owners",
                    ("{portscope}", "-H", "--columns", OWNED_FIELDS, *FEW), counts="listening"),
            Command("ss -p", ("ss", "-tunpH", *FEW), counts="listening"),
        ],
        [
            Target("filtered / ss", 0.9, ratio("portscope", "ss")),
            Target("filtered with owners / ss -p", 0.13, ratio("portscope with owners", "ss -p")),
        ],
        called=True),
]


class Unmeasured(Exception):
    """A command that failed, or listed what it should not."""


class Load:
    """The sockets of a scenario, in a network namespace that lives as long as this does."""

    def __init__(self, program, scenario):
        self.scenario = scenario
        self.process = subprocess.Popen(
            [program, "-c", str(scenario.connected), "-l", str(scenario.listening),
             "-i", str(scenario.idle_processes), *["-k"] * scenario.called],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.netns = f"/proc/{self.process.pid}/ns/net"

    def __enter__(self):
        words = self.process.stdout.readline().split()
        if not words or words[0] != "ready":
            self.__exit__()
            raise Unmeasured("the load could not be made")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def sockets(self, counts):
        both = {"all": self.scenario.connected + self.scenario.listening,
                "listening": self.scenario.listening}
        return both.get(counts)


def run(measure, netns, argv, output, may_lack=False):
    """Runs a command once: wall and CPU seconds, and the peak of its memory in KiB."""
    reading, writing = os.pipe()
    errors = os.memfd_create("errors")
    pid = os.posix_spawn(measure, [measure, netns, *argv], os.environ, file_actions=[
        (os.POSIX_SPAWN_DUP2, output, 1),
        (os.POSIX_SPAWN_DUP2, errors, 2),
        (os.POSIX_SPAWN_DUP2, writing, 3)])
    os.close(writing)
    with os.fdopen(reading) as stream:
        words = stream.read().split()
    _, failed, _ = os.wait4(pid, 0)
    with os.fdopen(errors) as stream:
        stream.seek(0)
        said = stream.read().strip()
    if failed or len(words) != 5:
        raise Unmeasured(said or "could not be started")
    wall, user, system, kib, status = map(int, words)
    if status:
        status = os.waitstatus_to_exitcode(status)
    if status and not (may_lack and status == 4):
        raise Unmeasured(f"exit status {status}" + (f": {said}" if said else ""))
    return wall / 1e9, (user + system) / 1e6, kib


def count(measure, load, command, argv):
    """Runs a command and counts what it lists; what is not all of the load is no answer."""
    output = os.memfd_create("output")
    try:
        run(measure, load.netns, argv, output, command.may_lack)
        os.lseek(output, 0, os.SEEK_SET)
        with os.fdopen(os.dup(output), "rb") as stream:
            if command.prints_number:
                found = int(stream.read().split()[0])
            else:
                found = sum(1 for _ in stream) - command.header
    finally:
        os.close(output)
    wanted = load.sockets(command.counts)
    if wanted is not None and not wanted <= found <= wanted + 16:
        raise Unmeasured(f"lists {found} sockets where {wanted} are")
    return found


def measure_all(programs, scenario, load, null):
    """Results of the scenario's commands by name, and what went wrong with the others."""
    results, failures, missing = {}, {}, []
    argvs = {}
    may_lack = {command.name: command.may_lack for command in scenario.commands}
    for command in scenario.commands:
        argv = [word.format(**programs) for word in command.argv]
        found = shutil.which(argv[0])
        if not found and command.argv[0].startswith("{"):
            failures[command.name] = f"{argv[0]} is not built"
            continue
        if not found:
            missing.append(command.name)
            continue
        argv[0] = found
        try:
            sockets = count(programs["measure"], load, command, argv)
        except Unmeasured as error:
            failures[command.name] = str(error)
            continue
        argvs[command.name] = argv
        results[command.name] = Result([], [], 0, sockets)
    for turn in range(scenario.rounds):
        names = list(argvs)
        for name in reversed(names) if turn % 2 else names:
            result = results[name]
            if turn >= 2 and sum(result.wall) > SECONDS_A_COMMAND:
                continue
            try:
                wall, cpu, kib = run(programs["measure"], load.netns, argvs[name], null,
                                     may_lack[name])
            except Unmeasured as error:
                failures[name] = str(error)
                del argvs[name], results[name]
                continue
            result.wall.append(wall)
            result.cpu.append(cpu)
            result.peak = max(result.peak, kib)
    return results, failures, missing


def report(scenario, results, failures, missing, scaled):
    print(f"\n{scenario.title}{' (scaled down)' if scaled else ''}")
    print(f"  {'command':<26}{'median ms':>11}{'least':>10}{'most':>10}{'CPU ms':>10}"
          f"{'peak MiB':>10}{'runs':>6}{'sockets':>9}")
    for command in scenario.commands:
        if command.name in missing:
            print(f"  {command.name:<26}not installed")
        if command.name in failures:
            print(f"  {command.name:<26}NOT MEASURED: {failures[command.name]}")
        result = results.get(command.name)
        if not result:
            continue
        sockets = "" if command.counts == "nothing" else result.sockets
        print(f"  {command.name:<26}{wall_median(result) * 1e3:>11.2f}{min(result.wall) * 1e3:>10.2f}"
              f"{max(result.wall) * 1e3:>10.2f}{cpu_median(result) * 1e3:>10.2f}"
              f"{result.peak / MIB:>10.1f}{len(result.wall):>6}{sockets:>9}")
    for target in scenario.targets:
        try:
            value = target.value(results, wall_median)
            cpu = target.value(results, cpu_median)
        except KeyError as error:
            print(f"  {target.text:<44}not measured: {error.args[0]}")
            continue
        verdict = "holds" if value <= target.limit else "MISSED"
        unit = f" {target.unit}" if target.unit else ""
        beside = f" (CPU {cpu:.2f})" if cpu != value else ""
        print(f"  {target.text:<44}{value:>8.2f}{unit}{beside}, target ≤ {target.limit:g}{unit}: "
              f"{verdict}")
    sys.stdout.flush()


def unable(scale):
    """Why this machine cannot bear the load, or None."""
    if os.geteuid() != 0:
        return "needs root, to make network namespaces"
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if 0 <= hard < 1024:
        return f"the limit on descriptors is {hard}"
    with open("/proc/meminfo", encoding="ascii") as stream:
        memory = {line.split(":")[0]: int(line.split()[1]) for line in stream}
    # A connected socket with its file costs the kernel about 4 KiB.
    wanted = (200000 * 6 + 512 * 1024) * scale
    if memory.get("MemAvailable", 0) < wanted:
        return f"{wanted / 2**20:.1f} GiB of memory are wanted"
    with open("/proc/sys/fs/file-nr", encoding="ascii") as stream:
        used, _, most = map(int, stream.read().split())
    if most - used < 220000 * scale:
        return "this host may not open as many files (fs.file-max)"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for program in ("portscope", "floor", "load", "measure", "owner-floor", "readlink-walk"):
        parser.add_argument(f"--{program}", required=True)
    parser.add_argument("--scale", type=float, default=1, help="part of the load to make")
    parser.add_argument("--rounds", type=int, help="measured runs of each command")
    parser.add_argument("--only", default="", help="scenarios whose title has this in it")
    args = parser.parse_args()
    reason = unable(args.scale)
    if reason:
        print(f"skipped: {reason}")
        return 77
    programs = vars(args)
    uname = os.uname()
    print(f"Linux {uname.release}, {os.cpu_count()} CPUs, load average {os.getloadavg()[0]:.2f}, "
          f"{time.strftime('%F %T')}")
    failed = False
    null = os.open("/dev/null", os.O_WRONLY)
    for scenario in SCENARIOS:
        if args.only not in scenario.title:
            continue
        scenario.connected = int(scenario.connected * args.scale) // 2 * 2
        scenario.listening = int(scenario.listening * args.scale)
        scenario.rounds = args.rounds or scenario.rounds
        try:
            with Load(args.load, scenario) as load:
                results, failures, missing = measure_all(programs, scenario, load, null)
        except Unmeasured as error:
            print(f"\n{scenario.title}: NOT MEASURED: {error}")
            failed = True
            continue
        report(scenario, results, failures, missing, args.scale != 1)
        failed |= bool(failures)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

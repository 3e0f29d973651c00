#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is said of owners by a user who may not see everything.

In namespaces of its own one process of root and one of `nobody` hold a socket each; owner-list then
looks as nobody, as a root without CAP_SYS_PTRACE, through a /proc with hidepid=2 and with
subset=pid, through one of another pid namespace, and without any /proc; and as root where bpf(2)
fails as it does on an old kernel, on one without BTF and under lockdown.

usage: test-owner-views.py OWNER-LIST [--bpf]; with --bpf the bpf backend was built in
"""
import ctypes
import errno
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import deny
import lab

NOBODY = 65534
PR_SET_DUMPABLE = 4
AS_NOBODY = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups --"
NO_PROC = "mount -t tmpfs none /proc;"
NO_PTRACE = "setpriv --bounding-set=-sys_ptrace --"


def holder(uid):
    """A process of that user which holds a UDP socket: its pid and port."""
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writable, readable)
        os.close(writable)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        # Changing the user made it private even to processes of the same one.
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        os.write(readable, b"%d" % sock.getsockname()[1])
        os.close(readable)
        signal.pause()
    os.close(writable)
    with os.fdopen(readable) as port:
        return pid, port.read()


class Views:
    def __init__(self, tool):
        self.tool = tool
        self.failures = 0
        self.root, self.root_port = holder(0)
        self.nobody, self.nobody_port = holder(NOBODY)

    def end(self):
        for pid in (self.root, self.nobody):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def look(self, title, setup, run, asked, bpf_error=0, **wanted):
        """Runs owner-list in a mount namespace prepared by `setup` and compares."""
        command = f"{setup} exec {run} {self.tool} {asked}"
        result = subprocess.run(["unshare", "-m", "sh", "-ec", command], text=True,
                                stdout=subprocess.PIPE, check=True,
                                preexec_fn=(lambda: deny.bpf(bpf_error)) if bpf_error else None)
        lines = result.stdout.splitlines()
        said = [line[2:] for line in lines if line.startswith("! ")]
        states = {line.split()[1]: line.split()[2:] for line in lines if line[0] != "!"}
        got = {
            "backend": said[0].split()[1],
            "root": " ".join(states[self.root_port]),
            "nobody": " ".join(states[self.nobody_port]),
            "incomplete": any(text.startswith("incomplete: ") for text in said),
            "says": said[1:],
        }
        for key, value in wanted.items():
            if key == "says":
                good = any(value in text for text in got["says"])
            else:
                good = got[key] == value
            if not good:
                self.failures += 1
                print(f"{title}, {asked}: {key}: wanted {value!r}\n    got {got}")

    @staticmethod
    def known(pid, name=None):
        """A holder by its pid, its only descriptor of a socket, and its name."""
        if name is None:
            name = "{}_({})".format(os.path.basename(__file__),
                                    os.path.basename(os.path.realpath(sys.executable)))
        return f"known {pid}:4:{name}"


def look_without_bpf(v):
    known_root, known_nobody = v.known(v.root), v.known(v.nobody)
    v.look("root", "", "", "procfs", backend="procfs", root=known_root, nobody=known_nobody,
           incomplete=False)
    for backend in ("auto", "procfs"):
        v.look("nobody", "", AS_NOBODY, backend, backend="procfs", root="hidden",
               nobody=known_nobody, incomplete=False, says="not this user's")
    v.look("no ptrace", "", NO_PTRACE, "procfs", backend="procfs", root="hidden",
           incomplete=True, says="CAP_SYS_PTRACE is missing")
    hide = "mount -o remount,hidepid=2 /proc;"
    v.look("hidepid", hide, AS_NOBODY, "auto", backend="procfs", root="hidden",
           nobody=known_nobody, incomplete=False, says="hidepid=")
    v.look("hidepid", hide, "", "procfs", root=known_root, nobody=known_nobody, incomplete=False)
    v.look("subset", "mount -o remount,hidepid=0 /proc; mount -t proc -o subset=pid proc /proc;",
           "", "procfs", root=known_root, nobody=known_nobody, incomplete=False, says="subset=pid")
    v.look("own pid namespace", "", "unshare -p -f --kill-child --mount-proc", "procfs",
           backend="procfs", root="unknown", nobody="unknown", incomplete=True,
           says="no process in this pid namespace holds 2 of the sockets")
    v.look("no /proc", NO_PROC, "", "procfs", backend="-", root="unknown",
           nobody="unknown", incomplete=True, says="/proc is not there")


def look_with_bpf(v):
    v.look("root", "", "", "auto", backend="bpf", root=v.known(v.root), nobody=v.known(v.nobody),
           incomplete=False)
    v.look("nobody", "", AS_NOBODY, "auto", says="it needs CAP_BPF and CAP_PERFMON")
    v.look("nobody", "", AS_NOBODY, "bpf", backend="-", root="unknown", incomplete=True,
           says="it needs CAP_BPF and CAP_PERFMON")
    v.look("no /proc", NO_PROC, "", "auto", backend="bpf",
           root=v.known(v.root, ""), nobody=v.known(v.nobody, ""), incomplete=True,
           says="/proc is not mounted")
    # Inside another pid namespace, of which this /proc knows nothing.
    v.look("other /proc", "", "unshare -p -f --kill-child", "auto", backend="procfs",
           root=v.known(v.root), nobody=v.known(v.nobody), says="another pid namespace")


def look_where_bpf_fails(v):
    """The whole answer comes from the other backend, and the reason is said."""
    hide_btf = "mount -t tmpfs none /sys/kernel;"
    for title, setup, run, error, says in (
        ("forbidden", "", "", errno.EPERM, "the kernel forbids it"),
        ("no bpf(2)", "", "", errno.ENOSYS, "failed: Function not implemented"),
        ("no BTF", hide_btf, "", errno.EINVAL, "no type information"),
        ("old kernel", "", "setarch --uname-2.6", errno.EINVAL, "is older than 5.17"),
    ):
        v.look(title, setup, run, "auto", bpf_error=error, backend="procfs", root=v.known(v.root),
               nobody=v.known(v.nobody), incomplete=False, says=says)


def bpf_works(tool):
    result = subprocess.run([tool, "bpf"], text=True, stdout=subprocess.PIPE, check=True)
    return result.stdout.startswith("! backend bpf\n")


def inside(tool):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    views = Views(tool)
    try:
        look_without_bpf(views)
        if "--bpf" in sys.argv and platform.machine() in deny.BPF:
            look_where_bpf_fails(views)
        if bpf_works(tool):
            look_with_bpf(views)
        elif "--bpf" in sys.argv and os.environ.get("PORTSCOPE_CI"):
            views.failures += 1
            print("the bpf backend does not work")
        return 1 if views.failures else 0
    finally:
        views.end()


def main():
    lab.need(os.geteuid() == 0, "needs root")
    if sys.argv[1] == "--inside":
        return inside(sys.argv[2])
    unshare = lab.need_unshare("-n", "-m", "-p", "-f", "--mount-proc", "--kill-child")
    with tempfile.TemporaryDirectory() as folder:
        # Where nobody may run it.
        os.chmod(folder, 0o755)
        tool = shutil.copy(sys.argv[1], folder)
        return subprocess.run([*unshare, sys.executable, __file__, "--inside", tool,
                               *sys.argv[2:]]).returncode


sys.exit(main())

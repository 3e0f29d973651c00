# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the command line takes and refuses, and where the output cannot be written."""

import fcntl
import json
import os
import pty
import signal
import socket
import subprocess
import unittest

import program
from program import environment, run

FORMATS = ([], ["--json"], ["--json-lines"], ["--csv"])
TEXTS = (["--help"], ["--version"], ["--list-fields"])
COLOUR = b"\x1b["


class Taken(unittest.TestCase):
    """Options that go together, and what they do to a listing."""

    def query(self, *arguments):
        result = run("--json", *arguments)
        self.assertIn(result.returncode, (0, 4), (arguments, result.stderr))
        return json.loads(result.stdout)["query"]

    def titles(self, *arguments):
        result = run(*arguments)
        self.assertIn(result.returncode, (0, 4), (arguments, result.stderr))
        return result.stdout.split(b"\n", 1)[0].split()

    def test_clusters(self):
        connected = {"established", "syn-sent", "fin-wait-1", "fin-wait-2", "close-wait",
                     "last-ack", "closing"}
        listening = {"listen", "unconnected"}
        rest = {"time-wait", "syn-recv", "bound-inactive"}
        for cluster, protocols, states in (
                ([], ["tcp", "udp"], connected),
                (["-l"], ["tcp", "udp"], listening),
                (["-a"], ["tcp", "udp"], connected | listening | rest),
                (["-la"], ["tcp", "udp"], connected | listening | rest),
                (["-tulpn"], ["tcp", "udp"], listening),
                (["-tunap"], ["tcp", "udp"], connected | listening | rest),
                (["-ltn"], ["tcp"], listening),
                (["-Htln"], ["tcp"], listening),
                (["-u", "-l"], ["udp"], listening),
                (["--tcp", "--listening"], ["tcp"], listening),
                (["--tcp", "--listen"], ["tcp"], listening),
                (["-tl", "--"], ["tcp"], listening)):
            query = self.query(*cluster)
            self.assertEqual(query["protocols"], protocols, cluster)
            self.assertEqual(set(query["states"]), states, cluster)

    def test_other_words(self):
        """What ss and netstat call differently, or say where it is so anyway."""
        for options, key, value in (
                (["-A", "tcp"], "protocols", ["tcp"]), (["-A", "tcp,udp"], "protocols", ["tcp", "udp"]),
                (["--query=udp"], "protocols", ["udp"]), (["-A", "both"], "protocols", ["tcp", "udp"]),
                (["-f", "inet"], "families", ["inet"]), (["--family=inet6"], "families", ["inet6"]),
                (["--inet"], "families", ["inet"]), (["--inet6"], "families", ["inet6"])):
            self.assertEqual(self.query(*options)[key], value, options)
        self.assertEqual(self.titles("-tulpen"),
                         self.titles("-tulpn") + [b"UID", b"INODE", b"COOKIE", b"CGROUP"])
        self.assertEqual(self.titles("-le", "--columns=uid"),
                         [b"UID", b"INODE", b"COOKIE", b"CGROUP"])
        self.assertEqual(self.titles("-l", "--programs"), self.titles("-lp"))
        self.assertEqual(self.titles("-lO", "--numeric-ports"), self.titles("-l"))

    def test_help_and_version(self):
        self.assertEqual(run("version").stdout, run("--version").stdout)
        self.assertEqual(run("help").stdout, run("--help").stdout)
        for command in ("list", "explain", "free", "audit", "diff", "help", "version"):
            self.assertEqual(run("help", command).stdout, run(command, "--help").stdout)

    def test_command(self):
        self.assertEqual(json.loads(run("list", "-tl", "--json").stdout)["query"],
                         self.query("-tl"))

    def test_families(self):
        for options, families in (
                ([], ["inet", "inet6"]), (["-4"], ["inet"]), (["-6"], ["inet6"]),
                (["-46"], ["inet", "inet6"])):
            self.assertEqual(self.query(*options)["families"], families, options)

    def test_no_header(self):
        self.assertEqual(self.titles("-l", "--columns=protocol,state"), [b"PROTO", b"STATE"])
        for options in (["-Hl"], ["-l", "--no-header"], ["-Hl", "--csv"]):
            self.assertNotIn(b"PROTO", run(*options).stdout)
            self.assertNotIn(b"protocol", run(*options).stdout)

    def test_columns(self):
        columns = ["uid", "protocol"]
        self.assertEqual(self.query("--columns=uid,protocol")["columns"], columns)
        self.assertEqual(self.query("--columns", "uid,protocol,uid")["columns"], columns)
        self.assertEqual(self.titles("--columns=uid,protocol"), [b"UID", b"PROTO"])
        self.assertEqual(self.titles("--columns=+uid,state"), self.titles() + [b"UID"])
        every = self.query()["columns"]
        self.assertEqual(self.query("--columns=+local,uid")["columns"], every + ["local"])
        self.assertEqual(run("--csv", "--columns=uid,state").stdout.splitlines()[0], b"uid,state")

    def test_filter_from_a_pipe(self):
        """It is waited for, be it the standard input or a file of the shell's making."""
        for path in ("-", "/dev/stdin"):
            with subprocess.Popen([program.PATH, "-F", path, "--explain-filter"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as process:
                with self.assertRaises(subprocess.TimeoutExpired):
                    process.wait(0.3) # what fails to wait ends sooner
                output, errors = process.communicate(b"sport = # ssh\n:22\n", timeout=60)
            self.assertEqual((process.returncode, errors), (0, b""), path)
            self.assertTrue(output.startswith(b"filter: sport = 22\n"), output)

    def test_texts(self):
        for option, start in (("--help", b"Usage: portscope"), ("-h", b"Usage: portscope"),
                              ("--version", b"portscope "), ("-V", b"portscope "),
                              ("--list-fields", b"protocol ")):
            result = run(option)
            self.assertEqual((result.returncode, result.stderr), (0, b""), option)
            self.assertTrue(result.stdout.startswith(start), option)

    def test_help_fits_a_terminal(self):
        for command in ([], ["explain"], ["free"], ["audit"], ["diff"], ["help"],
                        ["version"]):
            for line in run(*command, "--help").stdout.decode().splitlines():
                self.assertLessEqual(len(line), 80, line)


class Refused(unittest.TestCase):
    """Wrong usage: status 2, nothing on stdout, one line on stderr that helps."""

    def refuse(self, arguments, *needed):
        result = run(*arguments)
        message = result.stderr.decode()
        self.assertEqual(result.returncode, 2, (arguments, message))
        self.assertEqual(result.stdout, b"", arguments)
        self.assertTrue(message.startswith("portscope: ") and message.endswith("\n"), message)
        self.assertEqual(message.count("\n"), 1, message)
        self.assertTrue(message[:-1].isprintable(), message)
        for word in needed:
            self.assertIn(word, message, arguments)

    def test_nearest_option(self):
        for wrong, right in (
                ("--colums", "did you mean --columns?"), ("--jsn", "did you mean --json?"),
                ("--colums=protocol", "did you mean --columns?"),
                ("--listning", "did you mean --listening?"),
                ("--JSON", "did you mean --json?"), ("--colour=never", "did you mean --color?"),
                ("--nothing-like-it", "portscope --help"),
                ("--jso", "--json, --json-lines"), ("--col=x", "--columns, --color")):
            self.refuse([wrong], wrong.split("=")[0], right)

    def test_nearest_field(self):
        for option in ("--columns", "--sort"):
            for wrong, right in (
                    ("prto", "protocol"), ("prot", "protocol"), ("PROTO", "protocol"),
                    ("recv-q", "recv_q"), ("locl_port", "local_port"),
                    ("protocol,sevice", "service"), ("nothing_like_it", "--list-fields")):
                self.refuse([f"{option}={wrong}"], option, wrong.split(",")[-1], right)
        self.refuse(["--columns=+prto"], "did you mean protocol?")
        self.refuse(["--sort=-prto"], "did you mean protocol?")
        self.refuse(["--columns=-uid"], "-uid")

    def test_nearest_colour(self):
        self.refuse(["--color=alwys"], "did you mean always?")
        self.refuse(["--color=x"], "auto, always or never")
        self.refuse(["--color="], "auto, always or never")

    def test_nearest_of_a_filter(self):
        """Services of the tables and of this site; and commands, which are no filter."""
        command = "commands come first: portscope "
        for arguments, hint, last in (
                (["sport", "=", ":doman"], "did you mean domain?", None),
                (["-l", "list"], "^~~~ ", command + "list"),
                (["--json", "explain", "22"], "^~~~~~~ ", command + "explain"),
                (["explan", "22"], "^~~~~~ ", command + "explain"),
                (["sprot", "=", "22"], "did you mean sport?", None)):
            result = run(*arguments)
            lines = result.stderr.decode().splitlines()
            self.assertEqual((result.returncode, result.stdout), (2, b""), arguments)
            self.assertIn(hint, lines[2], arguments)
            self.assertEqual(lines[3:], ["portscope: " + last] if last else [], arguments)

    def test_nothing_has_this_name(self):
        """One line, with what is near, and status 1; JSON stays a document."""
        for arguments, said in (
                (["sshh"], "did you mean the service ssh?"),
                (["-l", "no-such-thing"], "no service, process or unit called 'no-such-thing'"),
                (["pid", "4194304"], "pid 4194304 has no socket here"),
                (["process", "no-such-thing"], "process no-such-thing has no socket here"),
                (["unit", "no-such-thing"], "unit no-such-thing has no socket here")):
            result = run(*arguments)
            self.assertEqual((result.returncode, result.stdout), (1, b""), arguments)
            self.assertIn(said, result.stderr.decode().splitlines()[0], arguments)
            result = run("--json", *arguments)
            self.assertEqual(result.returncode, 1)
            self.assertEqual(json.loads(result.stdout)["sockets"], [])
        owners = run("-a", "--columns", "process").returncode
        for arguments in (["process", "=", "no-such-thing"], ["unit", "=", "no-such-thing"]):
            # Where not every process may be looked into, that is what its status says.
            self.assertEqual(run(*arguments).returncode, owners, arguments)

    def test_formats_exclude_each_other(self):
        self.refuse(["--json", "--csv"], "--json", "--csv")
        self.refuse(["--csv", "-j"], "--json", "--csv")
        self.refuse(["--json-lines", "-j"], "--json", "--json-lines")
        self.refuse(["audit", "--sarif", "--csv"], "--sarif and --csv cannot be combined")
        self.refuse(["free", "--first", "--random"], "--first and --random cannot be combined")
        self.assertEqual(run("free", "--first", "--first").returncode, 0)
        self.refuse(["audit", "--list-rules", "sport", "=", "22"], "'sport'", "take no filter")
        self.refuse(["audit", "--explain", "udp-client", "22"], "'22'", "take no filter")

    def test_empty_lists(self):
        for option in ("--columns", "--sort"):
            for value in ("", ",", "protocol,", ",protocol", "protocol,,uid"):
                self.refuse([f"{option}={value}"], option, "a name is missing")
        self.refuse(["--columns=+"], "a name is missing")
        self.refuse(["--sort=-"], "a name is missing")

    def test_arguments_of_options(self):
        for option in ("--columns", "--sort", "--color", "--colum", "--filter", "-F"):
            self.refuse([option], option, "needs an argument")
        for option in ("--json", "--tcp", "--help", "--listen", "--all"):
            self.refuse([option + "=x"], option, "takes no argument")

    def test_letters(self):
        for letter in "xw0SKEomibsNzZDQdBMTL":
            self.refuse(["-" + letter], f"does not support option -{letter} of ss", "use ss")
        self.refuse(["-tlx"], "option -x of ss", "use ss")
        for letter in "qy1%":
            self.refuse(["-" + letter], "-" + letter, "portscope --help")
        self.refuse(["-tq"], "-q", "portscope --help")

    def test_resolve(self):
        for option in ("-r", "-tr", "--resolve"):
            self.refuse([option], "asks no name server", "getent hosts")

    def test_lists(self):
        self.refuse(["-A", "tcp,foo"], "--query is tcp, udp or both, not 'foo'")
        self.refuse(["-f", "link"], "--family is inet or inet6, not 'link'")
        self.refuse(["--pids", "--json"], "--pids")

    def test_lsof_and_fuser(self):
        for typed, instead in (
                ("-i :80", "portscope 80"), ("-i:80", "portscope 80"),
                ("-i tcp:80", "portscope -t 80"), ("-iUDP:53", "portscope -u 53"),
                ("-i TCP -sTCP:LISTEN", "portscope -lt"), ("-i4TCP@10.0.0.1:22", "portscope -t4 10.0.0.1:22"),
                ("-nP -iTCP:8080 -sTCP:LISTEN", "portscope -lt 8080"), ("-nPi", "portscope -a"),
                ("-i -P -n", "portscope -a"), ("-i6", "portscope -a6"), ("-iTCP", "portscope -at"),
                ("-t -i :3000", "portscope --pids 3000"), ("-ti:3000", "portscope --pids 3000"),
                ("-iTCP:443 -sTCP:ESTABLISHED", "portscope -t state established addr :443"),
                ("-c nginx", "portscope process nginx"), ("-P -p 1234", "portscope pid 1234")):
            self.refuse(typed.split(), f"for lsof {typed}, type: {instead}")
        for typed, instead in (
                ("-k 80/tcp", "kill $(portscope --pids 80/tcp)"),
                ("-k -n tcp 80", "kill $(portscope --pids -t 80)")):
            self.refuse(typed.split(), f"for fuser {typed}, type: {instead}")
        for typed in ("-i", "-ti dst 10.0.0.1", "-s"):
            self.refuse(typed.split(), "does not support option")

    def test_missed_commands(self):
        for word in ("kill", "watch", "top"):
            self.refuse([word, "80"], f"no command '{word}'", "list, explain, free")
        self.refuse(["help", "frobnicate"], "a command is list,")
        self.refuse(["help", "list", "free"], "'free'")
        self.refuse(["version", "x"], "'x'")

    def test_mistakes_after_good_options(self):
        self.refuse(["-l", "--json", "--colums"], "--columns")
        self.refuse(["--sort", "uid", "-x"], "-x of ss")
        self.refuse(["-l", "--help", "-q"], "-q")

    def test_control_characters(self):
        for arguments in (["--\x1b[31m"], ["--columns=\x1b]0;x\x07"], ["--sort=a\nb"],
                          ["--color=\x7f\r"], ["--columns=\u202eabc"], ["-\x1b"],
                          [b"--columns=\xff\xfe"], [b"--\xff=x"]):
            self.refuse(arguments, "\\x")

    def test_huge_arguments(self):
        huge = "x" * 100000
        for arguments in (["--" + huge], ["--columns=" + huge], ["--sort=" + huge],
                          ["--columns=" + "uid," * 20000 + "prto"],
                          ["--columns=" + "," * 100000], ["--sort=" + "uid," * 20000 + "uid"]):
            self.refuse(arguments)


class Output(unittest.TestCase):
    """Where the output cannot be written, and who reads it."""

    def every(self):
        for listing in ([], ["-l"], ["-a"]):
            for form in FORMATS:
                # Owners may be out of sight for some, which is said on stderr.
                yield listing + form + ["--columns=protocol,local_port"]
        yield from TEXTS

    def test_full(self):
        for arguments in self.every():
            with open("/dev/full", "wb") as full:
                result = run(*arguments, stdout=full)
            self.assertEqual(result.returncode, 3, arguments)
            self.assertEqual(result.stderr, b"portscope: cannot write the output: "
                             b"No space left on device\n", arguments)

    def test_wrong_usage_writes_nothing(self):
        with open("/dev/full", "wb") as full:
            self.assertEqual(run("-q", stdout=full).returncode, 2)

    def test_closed_stdout(self):
        for arguments in self.every():
            for also in ((), (0,), (0, 2)):
                result = run(*arguments, preexec_fn=lambda: [os.close(fd) for fd in (1, *also)])
                self.assertEqual(result.returncode, 3, (arguments, also))
                self.assertEqual(result.stdout, b"")
                if 2 not in also:
                    self.assertIn(b"cannot write the output", result.stderr, arguments)

    def test_closed_others(self):
        for closed in ((0,), (2,), (0, 2)):
            for arguments in self.every():
                result = run(*arguments, preexec_fn=lambda: [os.close(fd) for fd in closed])
                self.assertIn(result.returncode, (0, 4), (arguments, closed))
                self.assertNotEqual(result.stdout, b"", arguments)
            result = run("-q", preexec_fn=lambda: [os.close(fd) for fd in closed])
            self.assertEqual((result.returncode, result.stdout), (2, b""), closed)

    def test_stderr_full(self):
        with open("/dev/full", "wb") as full:
            self.assertEqual(run("-q", stderr=full).returncode, 2)
            self.assertIn(run("-l", stderr=full).returncode, (0, 4))

    def test_slow_reader(self):
        """A pipe that somebody made non-blocking is waited for, however full it is."""
        listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(20)]
        expected = run("-l", "--csv", "--columns=local,cookie", "--sort=cookie").stdout
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(writing, False)
        while True: # until it takes no more
            try:
                os.write(writing, b"#" * 4096)
            except BlockingIOError:
                break
        with subprocess.Popen([program.PATH, "-l", "--csv", "--columns=local,cookie",
                               "--sort=cookie"], stdout=writing, stderr=subprocess.PIPE) as process:
            os.close(writing)
            with self.assertRaises(subprocess.TimeoutExpired):
                process.wait(0.3) # what fails to wait ends sooner
            with open(reading, "rb") as pipe:
                output = pipe.read().lstrip(b"#")
            self.assertEqual(process.stderr.read(), b"")
        self.assertEqual((process.returncode, output), (0, expected))
        for listener in listeners:
            listener.close()

    def test_reader_gone(self):
        for handler in (signal.SIG_IGN, signal.SIG_DFL):
            for arguments in self.every():
                reading, writing = os.pipe()
                os.close(reading)
                result = run(*arguments, stdout=writing, restore_signals=False,
                             preexec_fn=lambda: signal.signal(signal.SIGPIPE, handler))
                os.close(writing)
                self.assertEqual((result.returncode, result.stderr), (0, b""),
                                 (arguments, handler))


class Colour(unittest.TestCase):
    """Where there is colour, and where there is none."""

    def setUp(self):
        listener = socket.socket()
        listener.bind(("0.0.0.0", 0)) # exposure any, which has a colour
        listener.listen(1)
        self.addCleanup(listener.close)

    def on_terminal(self, *arguments, env):
        master, slave = pty.openpty()
        with subprocess.Popen([program.PATH, *arguments], stdin=subprocess.DEVNULL, stdout=slave,
                              stderr=subprocess.DEVNULL, env=env):
            os.close(slave)
            output = b""
            while True:
                try:
                    block = os.read(master, 65536)
                except OSError: # EIO: the other end is closed
                    break
                if not block:
                    break
                output += block
        os.close(master)
        return output

    def test_colour(self):
        unset, empty, said = (environment(NO_COLOR=value) for value in (None, "", "1"))
        for arguments, env, coloured in (
                ([], unset, True), ([], empty, True), ([], said, False),
                (["--color=auto"], unset, True), (["--color=auto"], said, False),
                (["--color=always"], said, True), (["--color=never"], unset, False),
                (["--json"], unset, False), (["--json", "--color=always"], unset, False),
                (["--csv", "--color=always"], unset, False)):
            output = self.on_terminal("-l", *arguments, env=env)
            self.assertNotEqual(output, b"", arguments)
            self.assertEqual(COLOUR in output, coloured, (arguments, env.get("NO_COLOR")))

    def test_colour_elsewhere(self):
        for arguments, coloured in (([], False), (["--color=auto"], False),
                                    (["--color=never"], False), (["--color=always"], True)):
            self.assertEqual(COLOUR in run("-l", *arguments).stdout, coloured, arguments)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""`diff` on the command line: documents that it refuses and why, how it ends, what it writes."""

import json
import os
import pty
import subprocess
import tempfile
import unittest

import program
from program import environment, run

SOCKET = {
    "protocol": "tcp", "local_address": "0.0.0.0", "local_port": 22, "remote_address": None,
    "remote_port": None, "state": "listen", "user": "root", "unit": "ssh.service",
    "exposure": "any", "container": None, "dual_stack": False, "processes": [
        {"pid": 1, "fds": [3], "program": "sshd", "title": None, "comm": "sshd", "exe": "/usr/sbin/sshd",
         "exe_deleted": False, "cmdline": "sshd", "start_time": None, "user": "root"}],
}

ASPECTS = ("program", "executable", "user", "unit", "container", "exposure", "dual_stack")


def document(*sockets, query=None, **changes):
    """A document with these sockets, each given by what differs from SOCKET."""
    result = {
        "schema": "portscope/1", "time": "2026-11-22T09:00:00Z",
        "host": {"name": "host", "machine_id": None},
        "query": {"command": "list", "protocols": ["tcp", "udp"], "families": ["inet", "inet6"],
                  "states": ["listen", "unconnected"], "filter": None, "columns": list(SOCKET),
                  **(query or {})},
        "complete": True, "warnings": [], "sockets": [{**SOCKET, **s} for s in sockets],
    }
    result.update(changes)
    return {k: v for k, v in result.items() if v is not ...}


class Documents(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, content, name="document.json"):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    def refuse(self, arguments, *needed, status=3, lines=1, stdin=None):
        result = run("diff", *arguments, **({"input": stdin, "stdin": None} if stdin else {}))
        message = result.stderr.decode()
        self.assertEqual(result.returncode, status, (arguments, message))
        self.assertEqual(result.stdout, b"", arguments)
        self.assertTrue(message.startswith("portscope: ") and message.endswith("\n"), message)
        self.assertEqual(message.count("\n"), lines, message)
        self.assertTrue(message.replace("\n", "").isprintable(), message)
        for word in needed:
            self.assertIn(word, message)

    def compare(self, before, after, *options, status=0, says=()):
        result = run("diff", *options, self.file(before, "before"), self.file(after, "after"))
        message = result.stderr.decode()
        self.assertEqual(result.returncode, status, message)
        for word in says:
            self.assertIn(word, message)
        if not says:
            self.assertEqual(message, "")
        return result.stdout.decode()

    def test_usage(self):
        for arguments in ([], ["a", "b", "c"]):
            self.refuse(arguments, "one or two files", status=2)
        self.refuse(["-", "-"], "only one", status=2)
        self.refuse(["--csv", "a"], "--csv is an option of list, not of diff", status=2)
        self.refuse(["-l", "a"], "unknown option -l", "diff --help", status=2)
        self.refuse(["--fail-on-chnge", "a"], "did you mean --fail-on-change?", status=2)

    def test_unreadable(self):
        missing = os.path.join(self.folder.name, "a\x1b[2Jb")
        self.refuse([missing], "a\\x1b[2Jb", "No such file")
        self.refuse([self.folder.name], "Is a directory")
        self.refuse([self.file(document()), missing], "No such file")

    def test_no_document(self):
        for content, needed in (
                (b"", "is empty"),
                (b"PROTO  LOCAL\n", "not a JSON document"),
                (b"\x1f\x8b\x08", "not a JSON document"),
                (b"\0" * 100, "not a JSON document"),
                ({}, "schema"),
                (document(schema="portscope/9"), "portscope/9"),
                (document(schema=...), "schema"),
                (document(sockets=...), "has no sockets"),
                (document(host=...), "has no host"),
                (document({"local_port": "22"}), "local_port is a string"),
                (document({"local_port": -1}), "local_port"),
                (document({"local_address": "\x1b]0;x"}), "\\x1b]0;x"),
                (b'{"record":"socket"}\n', "--json-lines"),
                (json.dumps(document({}), indent=2).encode()[:-30], "cut off"),
                (json.dumps(document({}), indent=2).encode().replace(b'"exe": ', b'"exe" '),
                 "line ")):
            path = self.file(content)
            self.refuse([path], path, needed)
            self.refuse([path, path], path, needed)
            if content:
                self.refuse(["-"], "the standard input", needed,
                            stdin=content if isinstance(content, bytes)
                            else json.dumps(content).encode())

    def test_line(self):
        """The place of a mistake is that of the file, not of a piece of it."""
        lines = json.dumps(document({}, {"local_port": 23}), indent=1).splitlines()
        wrong = next(i for i, line in enumerate(lines) if '"local_port": 23' in line)
        lines[wrong] = lines[wrong].replace("23", "x23")
        self.refuse([self.file("\n".join(lines).encode())], f"line {wrong + 1}, column ")

    def test_not_comparable(self):
        whole = self.file(document({}), "whole")
        explained = self.file(document(query={"command": "explain"}), "explained")
        self.refuse([explained], "portscope explain --json", status=2)
        few = self.file(document(query={"columns": ["protocol", "local_address"]}), "few")
        self.refuse([few], "lack local_port", status=2)
        connections = self.file(document(query={
            "states": ["established"], "columns": ["protocol", "local_address", "local_port"]}))
        self.refuse([connections], "lack remote_address", "remote_port", status=2)
        for query, needed in (({"states": ["listen"]}, "states: "),
                              ({"protocols": ["tcp"]}, "protocols: tcp,udp and then tcp"),
                              ({"families": ["inet"]}, "families: inet,inet6 and then inet"),
                              ({"filter": "a\x1bb"}, "filter: none and then a\\x1bb")):
            self.refuse([whole, self.file(document({}, query=query), "other")], "same query",
                        needed, status=2, lines=2)
        wrong = self.file(document(query={"filter": "sport = :70000"}), "wrong")
        result = run("diff", wrong)
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"70000", result.stderr)

    def test_text(self):
        before = document({}, {"local_port": 23})
        after = document({"user": "a\x1bda"}, {"local_port": 24, "local_address": "::1"})
        holder = "program sshd, user root, unit ssh.service, exposure any"
        self.assertEqual(self.compare(before, after).splitlines(), [
            "~ tcp 0.0.0.0:22  user root → a\\x1bda",
            "- tcp 0.0.0.0:23  " + holder,
            "+ tcp [::1]:24  " + holder,
        ])

    def test_status(self):
        same, other = document({}), document({"user": "ada"})
        lacking = document({}, complete=False,
                           warnings=[{"text": "the reason", "incomplete": True}])
        self.assertEqual(self.compare(same, same), "")
        self.assertEqual(self.compare(same, same, "--fail-on-change"), "")
        self.compare(same, other)
        self.compare(same, other, "--fail-on-change", status=1)
        self.compare(same, lacking, "--fail-on-change", status=4,
                     says=("second document is incomplete", "the reason"))
        self.compare(lacking, same, status=4, says=("first document is incomplete",))
        self.compare(lacking, other, status=4, says=("incomplete",))
        self.compare(lacking, other, "--fail-on-change", status=1, says=("incomplete",))
        with open("/dev/full", "wb") as full:
            result = run("diff", "--fail-on-change", self.file(same, "a"), self.file(other, "b"),
                         stdout=full)
        self.assertEqual(result.returncode, 3)

    def test_json(self):
        got = json.loads(self.compare(document({}), document({"user": "ada"}), "--json"))
        self.assertEqual(got["query"]["command"], "diff")
        self.assertEqual(got["compared"], list(ASPECTS))
        (change,) = got["changes"]
        self.assertEqual(change["differs"], ["user"])
        self.assertEqual((change["before"]["user"], change["after"]["user"]), ("root", "ada"))
        self.assertEqual(list(change["after"]), list(ASPECTS))
        self.refuse([self.file(got)], "portscope diff --json", status=2)

    def test_terminal(self):
        """A reader is told that nothing differs; colours only there, or where they are asked."""
        same, other = self.file(document({}), "a"), self.file(document(), "b")
        self.assertEqual(self.on_terminal(same, same), "no differences in 1 socket.\n")
        self.assertEqual(self.on_terminal(same, other).splitlines()[-1], "1 closed in 0 sockets.")
        self.assertIn("\x1b[31m-\x1b[0m tcp", self.on_terminal(same, other))
        self.assertNotIn("\x1b", self.on_terminal(same, other, "--color=never"))
        self.assertIn(b"\x1b", run("diff", "--color=always", same, other).stdout)
        self.assertNotIn(b"\x1b", run("diff", same, other).stdout)

    @staticmethod
    def on_terminal(*arguments):
        controller, terminal = pty.openpty()
        with subprocess.Popen([program.PATH, "diff", *arguments], stdout=terminal,
                              stdin=subprocess.DEVNULL,
                              env=environment(TERM="xterm")) as child:
            os.close(terminal)
            text = b""
            while True:
                try:
                    piece = os.read(controller, 65536)
                except OSError:
                    break
                if not piece:
                    break
                text += piece
            os.close(controller)
            assert child.wait() == 0
        return text.decode().replace("\r\n", "\n")


if __name__ == "__main__":
    unittest.main()

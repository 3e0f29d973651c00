# SPDX-License-Identifier: LGPL-2.1-or-later
"""`explain` and `free` on the command line: what they take, what they refuse, and how they end."""

import json
import socket
import unittest

from program import run


class Refused(unittest.TestCase):
    """Wrong usage: status 2, nothing on stdout, one line on stderr that helps."""

    def refuse(self, arguments, *needed, status=2):
        result = run(*arguments)
        message = result.stderr.decode()
        self.assertEqual(result.returncode, status, (arguments, message))
        self.assertEqual(result.stdout, b"", arguments)
        self.assertTrue(message.startswith("portscope: ") and message.endswith("\n"), message)
        self.assertEqual(message.count("\n"), 1, message)
        self.assertTrue(message[:-1].isprintable(), message)
        for word in needed:
            self.assertIn(word, message, arguments)

    def test_ports(self):
        for word in ("65536", "70000", "99999999999999999999", "1-65536", "65536/tcp"):
            self.refuse(["explain", word], word.split("/")[0], "a port is 0 to 65535")
            if "/" not in word:
                self.refuse(["free", word], word, "a port is 0 to 65535")
        for word in ("-1", "-65536", "-22"):
            self.refuse(["explain", word], "a port is a number from 0 to 65535")
            self.refuse(["free", word], "a port is a number from 0 to 65535")
        for word in ("9-8", "65535-0"):
            self.refuse(["explain", word], word, "the lower port")
            self.refuse(["free", word], word, "the lower port")
        for word in ("22x", "22-", "22--23", "1-2-3", "+22", "", " 22", "0x16", "2.5", "--1"):
            self.refuse(["explain", "--", word], "is neither a port")
        for word in ("22x", "22-", "1-2-3", "+22", "", "ssh", "tcp"):
            self.refuse(["free", "--", word], "a range is LO-HI")
        self.refuse(["free", "0"], "no socket has port 0")
        self.refuse(["free", "0-10"], "no socket has port 0")

    def test_protocols(self):
        for word in ("22/", "22/foo", "ssh/TCPP", "22/tcp/udp"):
            self.refuse(["explain", word], word.rsplit("/", 1)[0])
        self.refuse(["explain", "--protocol=tcp", "53/udp"], "--protocol leaves this protocol out")
        for command in (["explain", "22"], ["free"]):
            self.refuse([*command, "--protocol=tpc"], "did you mean tcp?")
            self.refuse([*command, "--protocol"], "needs an argument")

    def test_ranges(self):
        self.refuse(["explain", "--range=dynmic"], "did you mean dynamic?")
        self.refuse(["explain", "--range="], "well-known, registered or dynamic")
        self.refuse(["free", "dynmic"], "did you mean dynamic?")
        self.refuse(["free", "1000-1001", "2000"], "leave out '2000'")

    def test_together(self):
        self.refuse(["explain", "22", "--list"], "--list", "22")
        self.refuse(["explain", "22", "--range=dynamic"], "--range", "22")
        self.refuse(["explain", "22", "--insecure"], "--list")
        self.refuse(["free", "--first", "--random"], "--first", "--random")

    def test_counts(self):
        for count in ("0", "-1", "65536", "x", "3x", "", "99999999999999999999", "1.5"):
            self.refuse(["free", "-n", count], "--count is 1 to 65535")
        self.refuse(["free", "-n"], "-n", "needs an argument")
        self.refuse(["free", "--count"], "--count", "needs an argument")
        self.refuse(["free", "3000-3002", "-n", "4"], "has 3 ports, not 4")

    def test_addresses(self):
        for address in ("", "x", "1.2.3", "1.2.3.4.5", "::g", "[::1", "1.2.3.4%lo", "x" * 5000):
            self.refuse(["free", "--address", address], "--address takes")
        self.refuse(["free", "--address", "fe80::1%no-such-one"], "no interface 'no-such-one'")

    def test_options_of_others(self):
        self.refuse(["explain", "--columns=uid"], "an option of list")
        self.refuse(["free", "--insecure"], "an option of explain")
        self.refuse(["--consecutive"], "an option of free")
        self.refuse(["explain", "--insecur", "--lst"], "did you mean --list?")
        self.refuse(["free", "--registred"], "did you mean --registered?")
        self.refuse(["free", "-z"], "portscope free --help")

    def test_control_characters(self):
        for command, status in (("explain", 1), ("free", 2)):
            self.refuse([command, "\x1b[31m\n22"], "\\x1b[31m\\x0a22", status=status)
        self.refuse(["free", "--with", "/no\x1b/such"], "/no\\x1b/such", status=3)

    def test_unknown_services(self):
        """Not found, where it was asked for by name, is status 1."""
        for name, near in (("htttp", "did you mean http"), ("SSSH", "did you mean ssh"),
                           ("xqzwvjkqxqzw", "no service is called"), ("no-such-*", "no-such-*")):
            self.refuse(["explain", name], near, status=1)
        for arguments in (["http/dccp"], ["-t", "wireguard"], ["--protocol=udp", "imaps"]):
            self.refuse(["explain", *arguments], "no service of the protocols asked for", status=1)
        result = run("explain", "htttp", "imap")
        self.assertEqual(result.returncode, 1)
        self.assertTrue(result.stdout.startswith(b"143 is "), result.stdout)


class Words(unittest.TestCase):
    """The ways in which people write a port."""

    def ports(self, *words):
        document = json.loads(run("explain", "--json", *words).stdout)
        return {(port["port"], use["protocol"])
                for port in document["ports"] for use in port["protocols"]}

    def test_forms(self):
        both = {(53, "tcp"), (53, "udp")}
        for word in ("53", ":53", "*:53", "10.77.0.1:53", "[::1]:53", "localhost:53"):
            self.assertEqual(self.ports(word), both, word)
        for word in ("53/udp", "udp/53", "127.0.0.1:53/udp", "UDP/53"):
            self.assertEqual(self.ports(word), {(53, "udp")}, word)
        for words in (["53,853"], ["53", "853"], [":53,:853"], ["53,", "853"]):
            self.assertEqual({port for port, _ in self.ports(*words)}, {53, 853}, words)

    def test_everyday(self):
        for word, expected in (
            ("dns", {53, 853}), ("web", {80, 443}), ("dhcp", {67, 68}), ("cups", {631}),
            ("netbios", {137, 138, 139}), ("samba", {137, 138, 139, 445}), ("DNS", {53, 853}),
            ("mssql", {1433, 1434}), ("memcached", {11211}),
            ("kubernetes", {2379, 2380, 6443, 10250}),
        ):
            self.assertEqual({port for port, _ in self.ports(word)}, expected, word)
        self.assertIn(b"inside SSH, on 22", run("explain", "sftp").stdout)

    def test_ranges(self):
        for name in ("well-known", "registered", "dynamic"):
            self.assertEqual(run("explain", name).stdout, run("explain", "--range", name).stdout)
        self.assertIn(b"free --with", run("explain", "dynamic").stdout)

    def test_start(self):
        page = run("explain")
        self.assertEqual((page.returncode, page.stderr), (0, b""))
        for text in (b"0-1023", b"well-known", b"explain 443", b"portscope free"):
            self.assertIn(text, page.stdout)
        names = [r["name"] for r in json.loads(run("explain", "--json").stdout)["ranges"]]
        self.assertEqual(names, ["well-known", "registered", "dynamic"])


class Explained(unittest.TestCase):
    def ports(self, *words):
        """The ports and protocols that are explained."""
        result = run("explain", "--json", *words)
        self.assertIn(result.returncode, (0, 4), result.stderr)
        return {port["port"]: [use["protocol"] for use in port["protocols"]]
                for port in json.loads(result.stdout)["ports"]}

    def test_words(self):
        both = ["tcp", "udp"]
        for words, ports in (
                (["143"], {143: both}), (["0143"], {143: both}), (["143/tcp"], {143: ["tcp"]}),
                (["22"], {22: ["tcp", "udp", "sctp"]}), (["22/sctp"], {22: ["sctp"]}),
                (["22/TCP"], {22: ["tcp"]}), (["22/dccp"], {22: []}),
                (["137-139"], {137: both, 138: both, 139: both}),
                (["53/udp", "ldaps", "53/tcp"], {53: both, 636: both}),
                (["IMAPS"], {993: ["tcp"]}),
                (["domain/udp"], {53: ["udp"]}), (["grafana"], {3000: ["tcp"]}),
                (["imap[s3]"], {220: both, 993: ["tcp"]}),
                (["-t", "143"], {143: ["tcp"]}), (["--protocol=both", "143"], {143: both}),
                (["65535"], {65535: both}), (["0"], {0: both})):
            self.assertEqual(self.ports(*words), ports, words)

    def test_many(self):
        """More than eight ports are a table, which has those that are named."""
        result = run("explain", "5900-5920")
        self.assertEqual(result.stdout.splitlines()[0].split(),
                         [b"PORT", b"PROTO", b"SERVICE", b"RISK", b"DESCRIPTION"])
        lines = [line.split()[:4] for line in result.stdout.splitlines()[1:]]
        self.assertIn([b"5900", b"tcp", b"rfb" if [b"5900", b"tcp", b"rfb", b"high"] in lines
                       else b"vnc", b"high"], lines)
        self.assertIn(5900, self.ports("5900-5920"))
        self.assertNotIn(5920, self.ports("5900-5920"))
        self.assertNotIn(b"PORT", run("explain", "-H", "5900-5920").stdout)

    def test_list(self):
        whole = self.ports("--list")
        insecure = self.ports("--list", "--insecure")
        self.assertGreater(len(whole), 6000)
        self.assertTrue(100 < len(insecure) < 300)
        self.assertLessEqual(set(insecure), set(whole))
        self.assertEqual(insecure[161], ["udp"])
        self.assertTrue(all(port < 1024 for port in self.ports("--list", "--range=well-known")))
        self.assertTrue(all(p == ["udp"] for p in self.ports("--list", "-u").values()))
        printed = {int(line.split()[0].split(b"-")[0])
                   for line in run("explain", "--list", "-H").stdout.splitlines()}
        self.assertLessEqual(printed, set(whole))

    def test_ranges(self):
        for name, low, high in (("well-known", 0, 1023), ("registered", 1024, 49151),
                                ("dynamic", 49152, 65535)):
            text = run("explain", "--range", name).stdout.decode()
            self.assertIn(f"The {name} ports, {low}-{high}: ", text)
            ranges = json.loads(run("explain", "--json", f"--range={name}").stdout)["ranges"]
            self.assertEqual([(r["name"], r["low"], r["high"]) for r in ranges],
                             [(name, low, high)])

    def test_open_now(self):
        with socket.socket() as s, socket.socket() as client:
            s.bind(("127.0.0.1", 0))
            s.listen()
            port = s.getsockname()[1]
            client.connect(s.getsockname())
            document = json.loads(run("explain", "--json", str(port)).stdout)
            found = {(k["state"], k["direction"]) for k in document["ports"][0]["sockets"]}
            self.assertEqual(found, {("listen", "listening"), ("established", "inbound"),
                                     ("established", "outbound")})
            text = run("explain", str(port)).stdout.decode()
            self.assertIn("On this host now:\n", text)
            self.assertIn(f"127.0.0.1:{port}", text)
            self.assertIn("listening", text)
            other = run("explain", f"{port}/udp").stdout.decode()
            self.assertIn("On this host now: nothing.", other)
            for protocol in "sctp", "dccp":
                page = run("explain", f"{port}/{protocol}").stdout.decode()
                self.assertRegex(page, rf"(?m)^  {protocol} +no known service$")
                self.assertNotIn("now: nothing", page)
                document = json.loads(run("explain", "--json", f"{port}/{protocol}").stdout)
                self.assertIsNone(document["ports"][0]["sockets"])

    def test_output_that_cannot_be_written(self):
        for words in (["explain", "22"], ["explain", "--list"], ["explain", "--json", "22"],
                      ["free"], ["free", "--json"], ["explain", "--help"]):
            with open("/dev/full", "wb") as full:
                self.assertEqual(run(*words, stdout=full).returncode, 3, words)


class Free(unittest.TestCase):
    def test_defaults(self):
        result = run("free")
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertTrue(49152 <= int(result.stdout) <= 65535)
        document = json.loads(run("free", "--json", "-n", "2").stdout)
        self.assertEqual(len(document["ports"]), 2)
        self.assertEqual(document["query"]["protocols"], ["tcp", "udp"])
        self.assertEqual((document["query"]["low"], document["query"]["high"]), (49152, 65535))

    def test_single_port(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = str(s.getsockname()[1])
            result = run("free", port, "--registered")
            self.assertEqual((result.returncode, result.stdout), (1, b""))
            self.assertRegex(result.stderr, rb"is bound by .*, but not listening|is in use")


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""build.py refuses facts that are wrong, and says where: each fault is made in a copy of the real
files, in a known line. Only the whole, right files make tables.

usage: registry.py SOURCE_ROOT
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

FOLDER = os.path.join(sys.argv.pop(1), "src", "registry")
BUILD = os.path.join(FOLDER, "build.py")
FACTS = [file for file in sorted(os.listdir(FOLDER)) if file.endswith(".tsv")]


class Build(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for file in FACTS:
            shutil.copy(os.path.join(FOLDER, file), self.folder)
        self.output = os.path.join(self.folder, "tables.c")

    def build(self):
        return subprocess.run([sys.executable, BUILD, self.folder, self.output], text=True,
                              capture_output=True, check=False)

    def change(self, file, line, cells):
        """Changes cells {column: text} of a line, counted from 1, and gives it back."""
        path = os.path.join(self.folder, file)
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
        row = lines[line - 1].split("\t")
        for column, text in cells.items():
            row[column:column + 1] = [text] if text is not None else []
        lines[line - 1] = "\t".join(row)
        with open(path, "w", encoding="utf-8", newline="\n") as f:
            f.write("\n".join(lines))

    def refused(self, file, line, cells, message):
        with self.subTest(file=file, cells=cells):
            self.change(file, line, cells)
            self.refused_as_is(f"{file}:{line}: {message}")
            shutil.copy(os.path.join(FOLDER, file), self.folder)

    def refused_as_is(self, message):
        result = self.build()
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertEqual(result.stderr.strip(), f"build.py: {message}")
        self.assertFalse(os.path.exists(self.output))

    def test_right(self):
        self.assertGreater(len(FACTS), 10)
        result = self.build()
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        with open(self.output, encoding="ascii") as f:
            first = f.read()
        self.assertIn("registry_pages", first)
        self.build()
        with open(self.output, encoding="ascii") as f:
            self.assertEqual(f.read(), first, "two builds differ")

    def test_form(self):
        for file in FACTS:
            with open(os.path.join(FOLDER, file), encoding="utf-8") as f:
                header = f.readline().split()
            n = len(header)
            self.refused(file, 1, {0: "ports"}, f"the header must be: {' '.join(header)}")
            self.refused(file, 3, {0: None}, f"{n - 1} columns instead of {n}")
            self.refused(file, 3, {n - 1: "a\tb"}, f"{n + 1} columns instead of {n}")
            self.refused(file, 4, {n - 1: "a\x1bb"}, "a control character")
            self.refused(file, 4, {n - 1: "RFC 1 [not opened]"},
                         "a reference that was not looked up")
            open(os.path.join(self.folder, file), "wb").close()
            self.refused_as_is(f"{file}:1: the header must be: {' '.join(header)}")
            with open(os.path.join(self.folder, file), "wb") as f:
                f.write("\t".join(header).encode() + b"\n\xff\n")
            self.refused_as_is(f"{file}:2: not UTF-8")
            shutil.copy(os.path.join(FOLDER, file), self.folder)

    def test_missing(self):
        os.unlink(os.path.join(self.folder, "pairs.tsv"))
        result = self.build()
        self.assertEqual(result.returncode, 1)
        self.assertIn("pairs.tsv", result.stderr)

    def test_ports(self):
        for port in "0", "65536", "5-4", "1-65536":
            self.refused("services.tsv", 2, {0: port},
                         f"port is out of range (1-65535, low first): {port}")
        for port in "", "-1", "x", "1-", "1 ", "\u0661":
            self.refused("services.tsv", 2, {0: port},
                         f"port is neither a port nor lo-hi: {port!r}")
        self.refused("preferred.tsv", 2, {0: "464-465"}, "port must be one port: 464-465")
        self.refused("pairs.tsv", 2, {3: "70000"},
                     "secure_port is out of range (1-65535, low first): 70000")

    def test_words(self):
        protocols = "one of tcp, udp, dccp, sctp"
        self.refused("services.tsv", 9, {1: "TCP"}, f"unknown protocol 'TCP': {protocols}")
        self.refused("services.tsv", 9, {1: "tcp/udp"}, f"unknown protocol 'tcp/udp': {protocols}")
        self.refused("pairs.tsv", 2, {4: "ddp"}, f"unknown secure_protocol 'ddp': {protocols}")
        self.refused("pairs.tsv", 2, {8: "close"}, "unknown relation 'close': one of replace,"
                     " upgrade-in-place, companion, alternative")
        self.refused("insecure.tsv", 5, {4: "urgent"}, "unknown severity 'urgent': one of info,"
                     " low, medium, high, critical")
        self.refused("insecure.tsv", 5, {3: "bad"}, "unknown risk_class 'bad': one of"
                     " amplification, cleartext, cleartext-credentials, info-only,"
                     " information-disclosure, lateral-movement, legacy-obsolete, open-proxy,"
                     " remote-code-execution, remote-root-equivalent, unauthenticated-by-default")

    def test_names(self):
        for name in "", "two words", "Upper", "a" * 33:
            self.refused("services.tsv", 4, {2: name}, f"name is no service name: {name!r}")
        self.refused("insecure.tsv", 4, {6: ""}, "why is empty")
        self.refused("insecure.tsv", 4, {5: "clear text."},
                     "'what' is a few words, at most 60 letters, without a full stop")

    def test_agreement(self):
        """The small files must fit the registry and themselves."""
        self.refused("preferred.tsv", 2, {2: "nobody"}, "nobody is not registered for this port")
        self.refused("preferred.tsv", 2, {3: "submissions"},
                     "the first registered name is urd, not submissions")
        self.refused("preferred.tsv", 4, {1: "tcp"}, "this port has a preferred name already")
        self.refused("defacto.tsv", 2, {4: "(none)"},
                     "iana_name_if_different must be microsoft-ds")
        self.refused("defacto.tsv", 3, {0: "445", 4: "microsoft-ds"},
                     "this port has a de-facto name already")
        self.refused("insecure.tsv", 4, {0: "7", 1: "tcp", 2: "echo"},
                     "this service is judged already on this port")

    def test_families(self):
        self.refused("families.tsv", 7, {0: "FTP"}, "the members of FTP must stand together")
        self.refused("families.tsv", 3, {1: "20"}, "this port has a family already")

    def test_programs(self):
        file = "programs.tsv"
        line = self.line(file, "sshd\t")
        self.refused(file, line, {3: "22,x"}, "port is neither a port nor lo-hi: 'x'")
        self.refused(file, line, {5: "ssl"},
                     "unknown tls 'ssl': one of -, no, starttls, option, yes, own")
        self.refused(file, line, {6: "-"}, "unknown root '-': one of no, yes")
        self.refused(file, line, {7: "maybe"}, "unknown carrier 'maybe': one of no, yes")
        self.refused(file, line, {1: "class=x"},
                     "match is neither -, arg=GLOB nor unit=GLOB: 'class=x'")
        self.refused(file, line, {8: ""}, "source is empty")
        self.refused(file, line, {2: "@nobody"}, "service is no service name: '@nobody'")
        line = self.line(file, "vsftpd\t")
        self.refused(file, line + 1, {2: "ftp", 3: "21"},
                     "this program speaks this on this port already")
        self.refused(file, line + 1, {6: "no"},
                     "root and carrier must be the same in all rows of a program")
        self.refused(file, self.line(file, "xinetd\t"), {0: "sshd"},
                     "the rows of a program must stand together")

    def line(self, file, start):
        """The first line of a file that starts so, counted from 1."""
        with open(os.path.join(FOLDER, file), encoding="utf-8") as f:
            return 1 + [line.startswith(start) for line in f].index(True)


if __name__ == "__main__":
    unittest.main()

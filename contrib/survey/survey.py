#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Looks through every Debian package that may listen, for the rows of src/registry/programs.tsv.

usage: survey.py list                          names of the packages that are looked through
       survey.py candidates [PACKAGE ...]      what their files say of ports, as TSV
       survey.py missing CANDIDATES            packages with candidates that no row names

Run by hand when Debian has changed; nothing is installed or started. It needs apt-file (after
`apt-file update`), apt-get and dpkg-deb. A package counts if it ships a systemd service or socket,
an init script or an entry for inetd or xinetd, or depends on update-inetd. Each is fetched, read
and deleted; of its files those are read that can say a port: units, init scripts, /etc, examples
of configuration, manual pages, and the scripts that install it.

A candidate is a line, not a fact: what it means for a program is judged by who writes the row.
The columns are package, kind (unit, init, inetd, config, manual), file, line, text.
"""

import fnmatch
import gzip
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile

TABLE = os.path.join(os.path.dirname(__file__), "..", "..", "src", "registry", "programs.tsv")
SHIPS = (r"^/(usr/)?lib/systemd/system/[^/]+\.(service|socket)$", r"^/etc/init\.d/[^/]+$",
         r"^/(etc/inetd\.conf|etc/xinetd\.d/[^/]+|usr/share/[^/]+/inetd)$")
FILE_MAX = 512 * 1024  # a file of configuration is shorter
LINES_MAX = 12  # of one file: a zone file or a table of services repeats itself
BATCH = 40

PORT = r"(?<![\d.])([1-9]\d{1,4})(?![\d.]*\d)"
UNIT = re.compile(r"^(Listen(Stream|Datagram|SequentialPacket)|ExecStart)=.")
INIT = re.compile(r"^\s*(DAEMON|daemon|DAEMON_?(ARGS|OPTS)|OPTIONS|PORT)=.")
CONFIG = re.compile(
    rf"(port|listen|bind|addr|interface|endpoint)\w*[^\d\n]{{0,40}}(\d+(\.\d+){{3}}:|\[[0-9a-f:]*\]:|"
    rf"localhost:|\*:|:)?{PORT}", re.I)
MANUAL = re.compile(rf"(port|listen)[^.\n]{{0,80}}{PORT}|{PORT}[^.\n]{{0,40}}(port|listen)", re.I)


def output(*command):
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def list_packages():
    packages = set()
    for pattern in SHIPS:
        for line in output("apt-file", "-x", "search", pattern).splitlines():
            packages.add(line.split(":")[0])
    for name in "update-inetd", "inet-superserver":
        for line in output("apt-cache", "rdepends", name).splitlines()[2:]:
            packages.add(line.strip(" |"))
    # Names that are only provided cannot be fetched.
    real = set(output("apt-cache", "pkgnames").split())
    return sorted(packages & real)


def kind_of(path):
    """What a file can say; None: nothing."""
    name = os.path.basename(path)
    if fnmatch.fnmatch(path, "./*lib/systemd/system/*") and name.endswith((".service", ".socket")):
        return "unit"
    if path.startswith("./etc/init.d/"):
        return "init"
    if path.startswith("./etc/xinetd.d/"):
        return "inetd"
    if path.startswith("./usr/share/man/man") and re.search(r"\.[158]\w*(\.gz)?$", name):
        return "manual"
    if re.search(r"\.(py|pl|js|css|html?|svg|png|mo|so|h|xsl|sql|zone)(\.gz)?$", name):
        return None
    if path.startswith("./etc/"):
        return "config"
    if re.search(r"\.(conf|cfg|ini|ya?ml|toml|properties|config|xml|cnf|json|default)(\.gz)?$", name) \
            and path.startswith("./usr/share/"):
        return "config"
    return None


def lines_of(kind, text):
    """(line, text) of what speaks of a port."""
    wanted = {"unit": UNIT, "init": INIT, "manual": MANUAL, "config": CONFIG}.get(kind)
    found = 0
    for number, line in enumerate(text.splitlines(), 1):
        if wanted is None or wanted.search(line):
            yield number, " ".join(line.split())[:200]
            found += 1
            if found == LINES_MAX:
                return


def read_member(tar, member):
    data = tar.extractfile(member).read()
    if member.name.endswith(".gz"):
        data = gzip.decompress(data)
    return data.decode("utf-8", "replace")


def read_package(package, file):
    """The candidates of a package that was fetched."""
    scripts = subprocess.run(["dpkg-deb", "-I", file, "postinst"], text=True, check=False,
                             capture_output=True).stdout
    for number, line in enumerate(scripts.splitlines(), 1):
        if "update-inetd" in line and "--add" in line:
            yield package, "inetd", "postinst", number, " ".join(line.split())[:200]
    data = subprocess.run(["dpkg-deb", "--fsys-tarfile", file], check=True,
                          capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            kind = kind_of(member.name)
            if not kind or not member.isfile() or member.size > FILE_MAX:
                continue
            for number, text in lines_of(kind, read_member(tar, member)):
                yield package, kind, member.name[1:], number, text


def candidates(packages):
    for start in range(0, len(packages), BATCH):
        batch = packages[start:start + BATCH]
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["apt-get", "download", "-qq", *batch], cwd=folder, check=False,
                           stdout=subprocess.DEVNULL)
            fetched = {name.split("_")[0]: os.path.join(folder, name)
                       for name in os.listdir(folder)}
            for package in batch:
                if package not in fetched:
                    print(f"{package}: not fetched", file=sys.stderr)
                    continue
                for row in read_package(package, fetched[package]):
                    print(*row, sep="\t")
                sys.stdout.flush()


def missing(file):
    """Packages with a candidate and no row whose source names them."""
    with open(TABLE, encoding="utf-8") as f:
        known = {name.strip() for row in f
                 for name in row.rstrip("\n").split("\t")[-1].split(":")[0].split(",")}
    with open(file, encoding="utf-8") as f:
        for package in sorted({line.split("\t")[0] for line in f} - known):
            print(package)


def main():
    match sys.argv[1:]:
        case ["list"]:
            print(*list_packages(), sep="\n")
        case ["candidates", *packages]:
            candidates(packages or list_packages())
        case ["missing", file]:
            missing(file)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()

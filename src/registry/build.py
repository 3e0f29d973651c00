#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turns the facts in *.tsv into one C file of constant tables (their layout: tables.h).

usage: build.py DIRECTORY OUTPUT

The tables hold numbers alone: strings are offsets into two pools, names in one (what a listing
touches, in the order of ports) and all other texts in the other, so that nothing is relocated and
nothing parsed when the program starts. Everything is checked on the way; the first mistake ends
the build with file, line and what is wrong.
"""

import os
import re
import sys

PROTOCOLS = {"tcp": 6, "udp": 17, "dccp": 33, "sctp": 132}  # IPPROTO_*: rows are in this order
RISKS = (
    "amplification", "cleartext", "cleartext-credentials", "info-only", "information-disclosure",
    "lateral-movement", "legacy-obsolete", "open-proxy", "remote-code-execution",
    "remote-root-equivalent", "unauthenticated-by-default",
)
SEVERITIES = ("info", "low", "medium", "high", "critical")
RELATIONS = ("replace", "upgrade-in-place", "companion", "alternative")
ANY, CHOSEN = (0, 65535), (0, 0)  # ports of a program: what it is given, what the kernel chose
TLS = ("-", "no", "starttls", "option", "yes", "own")  # enum registry_tls
STARTERS = ("other", "shell", "multiplexer", "cron", "ssh", "container", "manager")
CARRIED = ("address", "id", "pipe")  # enum registry_carried
FILTERED = ("table", "chain")  # enum registry_filterer
STYLES = ("letters", "words", "applets")
PREFERRED, DE_FACTO, IANA = range(3)  # enum registry_source

COLUMNS = {
    "services.tsv": "port protocol name description",
    "preferred.tsv": "port protocol preferred_name registry_first_name reason",
    "defacto.tsv": "port protocol name software iana_name_if_different source",
    "insecure.tsv": "port protocol name risk_class severity what why safer_alternative reference",
    "pairs.tsv": "cleartext_port protocol name secure_port secure_protocol secure_name mechanism"
                 " reference relation",
    "baseline.tsv": "port protocol name source",
    "families.tsv": "family port protocol role source",
    "kernel.tsv": "port protocol service module what source",
    "purposes.tsv": "port protocol what",
    "everyday.tsv": "word places note",
    "programs.tsv": "program match service port protocol tls root carrier source",
    "brokers.tsv": "program why source",
    "starters.tsv": "names kind source",
    "filterers.tsv": "tool kind names source",
    "carriers.tsv": "program runtime option kind source",
    "interpreters.tsv": "names style value attached code script skip source",
}

WHAT_MAX = 60  # letters; a line of an audit has to hold it
WELL_KNOWN = 1023  # the last of the well-known ports, RFC 6335
HASH_SLOTS = 16384  # a power of two, more than twice the number of names
DE_FACTO_BIT = 0x8000  # in a reference of a name: a de-facto row, not a registered one
SPEECH_BIT = 0x4000  # what a program speaks, for a name that is in neither
HINT_BIT = 1 << 31  # in the name of an entry, see tables.h
SPOKEN_BIT = 1 << 30
SOURCE_SHIFT = 24


class DataError(Exception):
    """A mistake in the data, as it is shown."""


class Row:
    """One line of a file, its cells by column name."""

    def __init__(self, file, line, cells):
        self.file, self.line, self.cells = file, line, cells

    def __getitem__(self, column):
        return self.cells[column]

    def fail(self, what):
        raise DataError(f"{self.file}:{self.line}: {what}")

    def text(self, column):
        value = self[column]
        if not value:
            self.fail(f"{column} is empty")
        return value

    def name(self, column):
        value = self[column]
        if not re.fullmatch(r"[a-z0-9*+._/-]{1,32}", value):
            self.fail(f"{column} is no service name: {value!r}")
        return value

    def ports(self, column="port"):
        """First and last port."""
        match = re.fullmatch(r"([0-9]+)(?:-([0-9]+))?", self[column])
        if not match:
            self.fail(f"{column} is neither a port nor lo-hi: {self[column]!r}")
        low, high = int(match[1]), int(match[2] or match[1])
        if not 0 < low <= high <= 65535:
            self.fail(f"{column} is out of range (1-65535, low first): {self[column]}")
        return low, high

    def port_list(self, column="port"):
        """[(first, last)] of `22,*` and the like; see ANY and CHOSEN."""
        for part in self[column].split(","):
            if part in ("*", "auto"):
                yield ANY if part == "*" else CHOSEN
            else:
                yield Row(self.file, self.line, {column: part}).ports(column)

    def flag(self, column):
        return self.word(column, ("no", "yes")) == "yes"

    def port(self, column="port"):
        low, high = self.ports(column)
        if low != high:
            self.fail(f"{column} must be one port: {self[column]}")
        return low

    def word(self, column, words):
        if self[column] not in words:
            self.fail(f"unknown {column} {self[column]!r}: one of {', '.join(words)}")
        return self[column]

    def protocol(self, column="protocol"):
        return PROTOCOLS[self.word(column, tuple(PROTOCOLS))]


def read(directory, file):
    """The rows of one file; its header and the number of cells are checked."""
    columns = COLUMNS[file].split()
    rows = []
    with open(os.path.join(directory, file), "rb") as lines:
        for number, line in enumerate([*lines] or [b""], 1):
            try:
                line = line.removesuffix(b"\n").decode()
            except UnicodeDecodeError:
                raise DataError(f"{file}:{number}: not UTF-8") from None
            cells = line.split("\t")
            row = Row(file, number, dict(zip(columns, cells)))
            if number == 1:
                if cells != columns:
                    row.fail(f"the header must be: {' '.join(columns)}")
                continue
            if len(cells) != len(columns):
                row.fail(f"{len(cells)} columns instead of {len(columns)}")
            if any(ord(c) < 32 or ord(c) == 127 for c in line if c != "\t"):
                row.fail("a control character")
            if "[not opened]" in line:
                row.fail("a reference that was not looked up")
            rows.append(row)
    return rows


class Pool:
    """Strings one after the other, each once; offset 0 is the empty string."""

    def __init__(self):
        self.offsets, self.size = {"": 0}, 1

    def add(self, text):
        if text not in self.offsets:
            self.offsets[text] = self.size
            self.size += len(text.encode()) + 1
        return self.offsets[text]


def read_baseline(rows):
    """[(protocol, port, name)] in order"""
    found = {(row.protocol(), row.port(), row.name("name")) for row in rows if row.text("source")}
    if len(found) != len(rows):
        raise DataError("baseline.tsv: a name stands twice")
    return sorted(found)


class Services:
    """The registered services, and which of them each port has."""

    def __init__(self, rows):
        self.rows = []
        for row in rows:
            low, high = row.ports()
            self.rows.append((row.protocol(), low, high, row.name("name"), row["description"]))
        # A stable sort: the first name of a port stays the first.
        self.rows.sort(key=lambda row: row[:2])
        if len(self.rows) >= SPEECH_BIT:
            raise DataError(f"services.tsv: more than {SPEECH_BIT - 1} rows")
        self.at = {}
        # What is registered for a port itself stands before what is for a range around it.
        for ranges in False, True:
            for index, (protocol, low, high, _, _) in enumerate(self.rows):
                if (low != high) == ranges:
                    for port in range(low, high + 1):
                        self.at.setdefault((protocol, port), []).append(index)

    def names(self, protocol, port):
        return [self.rows[index][3] for index in self.at.get((protocol, port), ())]


def read_preferred(rows, services):
    """(protocol, port) → (name, first registered name, reason)"""
    found = {}
    for row in rows:
        key = row.protocol(), row.port()
        name, first = row.name("preferred_name"), row.name("registry_first_name")
        names = services.names(*key)
        if key in found:
            row.fail("this port has a preferred name already")
        if name not in names:
            row.fail(f"{name} is not registered for this port")
        if first != names[0]:
            row.fail(f"the first registered name is {names[0]}, not {first}")
        found[key] = name, first, row.text("reason")
    return found


def read_de_facto(rows, services):
    """(protocol, port) → (name, software, registered names, source, ambiguous)"""
    found = {}
    for row in rows:
        key = row.protocol(), row.port()
        registered = ", ".join(services.names(*key))
        if key in found:
            row.fail("this port has a de-facto name already")
        if row["iana_name_if_different"] != (registered or "(none)"):
            row.fail(f"iana_name_if_different must be {registered or '(none)'}")
        software = row.text("software")
        source = re.sub(r" \[checked: .*\]$", "", row.text("source"))
        found[key] = row.name("name"), software, registered, source, "(ambiguous" in software
    return found


def read_insecure(rows):
    """[(protocol, low, high, key, risk, severity, what, why, safer alternative, reference)]"""
    found = []
    for row in rows:
        low, high = row.ports()
        risk = RISKS.index(row.word("risk_class", RISKS))
        severity = SEVERITIES.index(row.word("severity", SEVERITIES))
        if len(row["what"]) > WHAT_MAX or row["what"].endswith("."):
            row.fail(f"'what' is a few words, at most {WHAT_MAX} letters, without a full stop")
        found.append((row.protocol(), low, high, row.name("name"), risk, severity,
                      row.text("what"), row.text("why"), row.text("safer_alternative"),
                      row["reference"]))
        if [other[:4] for other in found].count(found[-1][:4]) > 1:
            row.fail("this service is judged already on this port")
    return found


def read_pairs(rows):
    """[(protocol, port, name, secure protocol, port, name, mechanism, reference, relation)]"""
    found = []
    for row in rows:
        secure = "" if row["secure_name"] == "(de facto)" else row.name("secure_name")
        relation = RELATIONS.index(row.word("relation", RELATIONS))
        found.append((row.protocol(), row.port("cleartext_port"), row.name("name"),
                      row.protocol("secure_protocol"), row.port("secure_port"), secure,
                      row.text("mechanism"), row.text("reference"), relation))
    return found


def read_families(rows):
    """[(family, protocol, port, role, source)]; the members of a family stand together."""
    found = []
    for row in rows:
        family, key = row.text("family"), (row.protocol(), row.port())
        if key in [other[1:3] for other in found]:
            row.fail("this port has a family already")
        if found and found[-1][0] != family and family in [other[0] for other in found]:
            row.fail(f"the members of {family} must stand together")
        found.append((family, *key, row.text("role"), row.text("source")))
    return found


def read_kernel(rows):
    """[(protocol, low, high, service, module, what, source)]"""
    return [(row.protocol(), *row.ports(), row.name("service"), row.text("module"),
             row.text("what"), row.text("source")) for row in rows]


def read_purposes(rows):
    """[(protocol, port, what)], sorted"""
    found = {}
    for row in rows:
        key = row.protocol(), row.port()
        what = row.text("what")
        if key in found:
            row.fail("this port has a purpose already")
        if not what.endswith(".") or len(what) > 120:
            row.fail("a purpose is one sentence of at most 120 characters")
        found[key] = what
    return [(*key, found[key]) for key in sorted(found)]


def read_everyday(rows):
    """[(word, protocol, port, note)], by word"""
    found = []
    for row in rows:
        word = row.name("word")
        if word in [other[0] for other in found]:
            row.fail("this word is there already")
        for place in row.text("places").split():
            port, _, protocol = place.partition("/")
            cell = Row(row.file, row.line, {"port": port, "protocol": protocol})
            found.append((word, cell.protocol(), cell.port(), row["note"]))
    return found


class Program:
    """A program: the rows that have its name and what else must fit."""

    def __init__(self, name, match, root, carrier):
        self.name, self.match, self.root, self.carrier = name, match, root, carrier
        self.speeches = []  # (protocol, low, high, service, tls, source)

    def order(self):
        """What is more particular comes first: a path, then a plain name, then a glob; of paths
        and globs the one with more letters; of one name that with something else to match."""
        kind = 0 if "/" in self.name else 2 if set("*?[") & set(self.name) else 1
        letters = len(re.sub(r"[*?]", "", self.name)) if kind != 1 else 0
        return kind, -letters, self.name, self.match == ""

    @staticmethod
    def add_speech(speeches, row):
        protocols = ("tcp", "udp") if row["protocol"] == "tcp/udp" else (row["protocol"],)
        for protocol in protocols:
            for low, high in row.port_list():
                speech = (Row(row.file, row.line, {"protocol": protocol}).protocol(), low, high,
                          row.name("service"), TLS.index(row.word("tls", TLS)),
                          row.text("source"))
                if speech[:4] in [other[:4] for other in speeches]:
                    row.fail("this program speaks this on this port already")
                speeches.append(speech)


def read_programs(rows):
    """The programs in the order in which they are asked; @NAME is a group of rows for others."""
    programs, groups, last = {}, {}, None
    for row in rows:
        name, match = row.text("program"), "" if row["match"] == "-" else row.text("match")
        if name.startswith("@"):
            Program.add_speech(groups.setdefault(name, []), row)
            continue
        if match and not re.match(r"(arg|unit)=.", match):
            row.fail(f"match is neither -, arg=GLOB nor unit=GLOB: {match!r}")
        is_new = (name, match) not in programs
        program = programs.setdefault((name, match), Program(
            name, match, row.flag("root"), row.flag("carrier")))
        if not is_new and program is not last:
            row.fail("the rows of a program must stand together")
        if (program.root, program.carrier) != (row.flag("root"), row.flag("carrier")):
            row.fail("root and carrier must be the same in all rows of a program")
        last = program
        if row["service"] in groups:
            source = row.text("source")
            program.speeches += [(*speech[:5], source) for speech in groups[row["service"]]]
        else:
            Program.add_speech(program.speeches, row)
    return sorted(programs.values(), key=Program.order)


def read_interpreters(rows):
    """[(names, style, options with a value, attached value, code, script, words, source)]"""
    found = []
    for row in rows:
        for column in "value", "attached", "code", "script":
            for option in row[column].split(" ") if row[column] else ():
                if not re.fullmatch(r"[+-][A-Za-z0-9]|--?[a-z][a-z-]+", option):
                    row.fail(f"{column} has something that is not an option: {option!r}")
        style = STYLES.index(row.word("style", STYLES))
        found.append((row.text("names"), style, row["value"], row["attached"], row["code"],
                      row["script"], row["skip"], row.text("source")))
    return found


def fnv1a(text):
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


class Writer:
    """Writes the C file."""

    def __init__(self, out):
        self.out, self.names, self.texts = out, Pool(), Pool()

    def table(self, type_, name, values):
        self.out.write(f"\nconst {type_} {name}[] = {{\n")
        values = list(values)
        for start in range(0, len(values), 16):
            self.out.write("\t" + ", ".join(str(v) for v in values[start:start + 16]) + ",\n")
        self.out.write("};\n")

    def structs(self, type_, name, rows):
        self.table("struct " + type_, name, ("{" + ", ".join(map(str, row)) + "}" for row in rows))
        self.number(name + "_count", len(rows))

    def number(self, name, value):
        self.out.write(f"const uint16_t {name} = {value};\n")

    def pool(self, name, pool):
        def quote(text):
            return "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}"
                           for b in text.encode())
        self.out.write(f"\nconst char {name}[] =\n")
        for text in pool.offsets:
            self.out.write(f'\t"{quote(text)}\\0"\n')
        self.out.write(";\n")


def curate(programs, insecure, pairs, families):
    """{(protocol, port, name)}: what is met in practice, because another table speaks of it."""
    found = {(protocol, port) for _, protocol, port, *_ in families}
    found |= {end for pair in pairs for end in (pair[:2], pair[3:5])}
    found |= {(row[0], port) for row in insecure for port in range(row[1], row[2] + 1)}
    for program in programs:
        for protocol, low, high, service, *_ in program.speeches:
            if low:
                found |= {(protocol, port, service) for port in range(low, high + 1)}
    return found


def write_ports(writer, services, preferred, de_facto, curated, spoken):
    """The canonical name of each port, and which registered rows it has."""
    keys = sorted({*services.at, *preferred, *de_facto})
    names, first, lists = [], [], []
    for key in keys:
        hint = 0
        if key in preferred:
            name, source = preferred[key][0], PREFERRED
        elif key in de_facto:
            name, source = de_facto[key][0], DE_FACTO
            hint = HINT_BIT if de_facto[key][4] else 0
        else:
            name, source = services.names(*key)[0], IANA
            if key[1] > WELL_KNOWN and key not in curated and (*key, name) not in curated:
                hint = HINT_BIT
        names.append(writer.names.add(name) | source << SOURCE_SHIFT | hint
                     | (SPOKEN_BIT if name in spoken else 0))
        first.append(len(lists))
        lists += services.at.get(key, ())
    writer.table("uint32_t", "registry_entry_names", names)
    writer.table("uint16_t", "registry_entry_rows", first + [len(lists)])
    writer.table("uint16_t", "registry_row_lists", lists)

    entries = {key: number for number, key in enumerate(keys)}
    pages, number = [], 0
    for protocol in PROTOCOLS["tcp"], PROTOCOLS["udp"]:
        for page in range(1024):
            ports = [key in entries for key in ((protocol, page << 6 | n) for n in range(64))]
            bits = sum(1 << n for n, there in enumerate(ports) if there)
            pages.append((f"UINT64_C({bits:#x})", number))
            number += sum(ports)
    writer.structs("registry_page", "registry_pages", pages)
    writer.number("registry_other_first", number)
    writer.table("uint32_t", "registry_other_ports", (p << 16 | port for p, port in keys[number:]))
    writer.number("registry_other_ports_count", len(keys) - number)


def places_of_programs(programs, known):
    """{name: [index of a speech]}: the default ports of what only programs are known to speak."""
    found, seen, index = {}, set(), -1
    for program in programs:
        for protocol, low, high, service, *_ in program.speeches:
            index += 1
            if low and service not in known and (protocol, low, high, service) not in seen:
                seen.add((protocol, low, high, service))
                found.setdefault(service, []).append(index | SPEECH_BIT)
    return found


def write_names(writer, services, de_facto, programs):
    """Every name in alphabetical order, where it is found, and a hash table over them."""
    places = {}
    for index, row in enumerate(services.rows):
        places.setdefault(row[3], []).append(index)
    for index, row in enumerate(de_facto.values()):
        places.setdefault(row[0], []).append(index | DE_FACTO_BIT)
    places |= places_of_programs(programs, set(places))
    names = sorted(places)
    if len(names) * 2 > HASH_SLOTS:
        raise DataError(f"more than {HASH_SLOTS // 2} names: HASH_SLOTS must grow")
    first, lists, slots = [], [], [0xFFFF] * HASH_SLOTS
    for number, name in enumerate(names):
        first.append(len(lists))
        lists += places[name]
        slot = fnv1a(name) % HASH_SLOTS
        while slots[slot] != 0xFFFF:
            slot = (slot + 1) % HASH_SLOTS
        slots[slot] = number
    writer.table("uint32_t", "registry_name_offsets", map(writer.names.add, names))
    writer.number("registry_name_count", len(names))
    writer.table("uint16_t", "registry_name_places", first + [len(lists)])
    writer.table("uint16_t", "registry_places", lists)
    writer.table("uint16_t", "registry_name_slots", slots)


def write_programs(writer, programs):
    """Paths, plain names and globs, one after the other, and what each speaks."""
    name, text = writer.names.add, writer.texts.add
    rows, speeches = [], []
    for program in programs:
        rows.append((name(program.name), int(program.root) | int(program.carrier) << 1,
                     text(program.match), len(speeches)))
        speeches += program.speeches
    rows.append((0, 0, 0, len(speeches)))
    if len(speeches) >= SPEECH_BIT:
        raise DataError(f"programs.tsv: more than {SPEECH_BIT - 1} rows")
    writer.structs("registry_program", "registry_programs", rows)
    kinds = [program.order()[0] for program in programs]
    writer.number("registry_programs_plain", kinds.count(0))
    writer.number("registry_programs_glob", len(kinds) - kinds.count(2))
    writer.structs("registry_speech_row", "registry_speech_rows", [
        (name(service), protocol, text(source), low, high, tls)
        for protocol, low, high, service, tls, source in speeches])


def build(directory, out):
    files = {file: read(directory, file) for file in COLUMNS}
    services = Services(files["services.tsv"])
    preferred = read_preferred(files["preferred.tsv"], services)
    de_facto = read_de_facto(files["defacto.tsv"], services)
    insecure = read_insecure(files["insecure.tsv"])
    pairs = read_pairs(files["pairs.tsv"])
    families = read_families(files["families.tsv"])
    programs = read_programs(files["programs.tsv"])
    interpreters = read_interpreters(files["interpreters.tsv"])

    writer = Writer(out)
    name, text = writer.names.add, writer.texts.add
    out.write("/* Made by build.py from the facts beside it; do not edit. */\n"
              '#include "registry/tables.h"\n')
    write_ports(writer, services, preferred, de_facto,
                curate(programs, insecure, pairs, families),
                {speech[3] for program in programs for speech in program.speeches})
    write_names(writer, services, de_facto, programs)
    writer.structs("registry_service_row", "registry_service_rows", [
        (name(row[3]), row[0], text(row[4]), row[1], row[2]) for row in services.rows])
    writer.structs("registry_preferred_row", "registry_preferred_rows", [
        (name(row[0]), protocol, name(row[1]), text(row[2]), port)
        for (protocol, port), row in preferred.items()])
    writer.structs("registry_de_facto_row", "registry_de_facto_rows", [
        (name(row[0]), protocol, text(row[1]), text(row[2]), text(row[3]), port, int(row[4]))
        for (protocol, port), row in de_facto.items()])
    writer.structs("registry_insecure_row", "registry_insecure_rows", [
        (name(row[3]), row[0], text(row[6]), text(row[7]), text(row[8]), text(row[9]), row[1],
         row[2], row[4], row[5]) for row in insecure])
    writer.structs("registry_pair_row", "registry_pair_rows", [
        (name(row[2]), row[0], name(row[5]), row[3], text(row[6]), text(row[7]), row[1], row[4],
         row[8]) for row in pairs])
    writer.structs("registry_family_row", "registry_family_rows", [
        (text(family), protocol, text(role), text(source), port)
        for family, protocol, port, role, source in families])
    writer.structs("registry_kernel_row", "registry_kernel_rows", [
        (name(service), protocol, text(module), text(what), text(source), low, high)
        for protocol, low, high, service, module, what, source
        in read_kernel(files["kernel.tsv"])])
    write_programs(writer, programs)
    writer.structs("registry_baseline_row", "registry_baseline_rows", [
        (name(row[2]), row[0], row[1]) for row in read_baseline(files["baseline.tsv"])])
    writer.structs("registry_broker_row", "registry_broker_rows", [
        tuple(text(row.text(column)) for column in ("program", "why", "source"))
        for row in files["brokers.tsv"]])
    writer.structs("registry_starter_row", "registry_starter_rows", [
        (text(row.text("names")), text(row.text("source")),
         STARTERS.index(row.word("kind", STARTERS))) for row in files["starters.tsv"]])
    writer.structs("registry_carrier_row", "registry_carrier_rows", [
        (*(text(row.text(column)) for column in ("program", "runtime", "option", "source")),
         CARRIED.index(row.word("kind", CARRIED))) for row in files["carriers.tsv"]])
    writer.structs("registry_filterer_row", "registry_filterer_rows", [
        (*(text(row.text(column)) for column in ("tool", "names", "source")),
         FILTERED.index(row.word("kind", FILTERED))) for row in files["filterers.tsv"]])
    writer.structs("registry_interpreter_row", "registry_interpreter_rows", [
        (*map(text, row[:1] + row[2:]), row[1]) for row in interpreters])
    writer.structs("registry_purpose_row", "registry_purpose_rows", [
        (text(what), protocol, port)
        for protocol, port, what in read_purposes(files["purposes.tsv"])])
    writer.structs("registry_everyday_row", "registry_everyday_rows", [
        (text(word), protocol, text(note), port)
        for word, protocol, port, note in read_everyday(files["everyday.tsv"])])
    writer.pool("registry_names", writer.names)
    writer.pool("registry_texts", writer.texts)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        with open(sys.argv[2], "w", encoding="ascii") as out:
            build(sys.argv[1], out)
    except (DataError, OSError) as error:
        try:
            os.unlink(sys.argv[2])
        except OSError:
            pass
        sys.exit(f"build.py: {error}")


if __name__ == "__main__":
    main()

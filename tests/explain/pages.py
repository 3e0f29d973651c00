# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages of `explain`, held to pages.txt and to the JSON of the same ports.

    pages.py PRINT-PAGES [--update]

The facts of the host are those below proc/ and etc/ beside this file: the pages are the same on
every machine. With --update pages.txt is written anew; read the difference before it is kept.
"""

import difflib
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# Every port of the lesson on common ports and its canonical name.
LESSON = {
    "20/tcp": "ftp-data", "21/tcp": "ftp", "22/tcp": "ssh", "23/tcp": "telnet", "25/tcp": "smtp",
    "53/tcp": "domain", "53/udp": "domain", "80/tcp": "http", "110/tcp": "pop3", "123/udp": "ntp",
    "137/udp": "netbios-ns", "138/udp": "netbios-dgm", "139/tcp": "netbios-ssn", "143/tcp": "imap",
    "161/udp": "snmp", "162/udp": "snmptrap", "389/tcp": "ldap", "443/tcp": "https",
    "465/tcp": "submissions", "514/udp": "syslog", "636/tcp": "ldaps", "993/tcp": "imaps",
    "995/tcp": "pop3s",
}
# And what else a page can hold: range boundaries, several protocols, a name that is a guess, one
# of the site, a registration of many ports, pairs of all kinds, reserved, ephemeral, nothing.
OTHERS = [0, 1, 4, 9, 49, 69, 88, 111, 445, 512, 587, 853, 873, 990, 1023, 1024, 1521, 1883, 2049,
          2375, 2376, 3000, 3389, 5060, 5432, 6000, 6063, 6379, 7777, 8080, 8443, 8500, 9000, 9100,
          9200, 10161, 11211, 27017, 32767, 32768, 49151, 49152, 50005, 50000, 50105, 60999, 61000,
          61616, 65535]
PORTS = sorted({int(place.split("/")[0]) for place in LESSON} | set(OTHERS))


def pages(program, kind):
    argv = [program, os.path.join(HERE, "proc"), os.path.join(HERE, "etc"), kind,
            *map(str, PORTS)]
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def texts_of(port):
    """All that a port's JSON says in words or numbers and a reader of its page must find there."""
    found = [str(port["port"]), port["port_range"]]
    for use in port["protocols"]:
        found += [use["protocol"], use["service"], use["purpose"], use["reason"]]
        if not use["service"]:
            continue
        for r in use["registrations"]:
            described = r["name"] != use["service"] or not (
                use["de_facto"] and use["de_facto"]["name"] == use["service"])
            found += [r["name"], r["description"] if described else None]
            if r["low"] != r["high"]:
                found.append(f"{r['low']}-{r['high']}")
        if use["de_facto"]:
            found += [use["de_facto"]["software"], use["de_facto"]["source"]]
        for risk in use["risks"]:
            found += [risk["risk"], risk["severity"], risk["why"], risk["instead"],
                      risk["reference"]]
        for other in use["protected_by"] + use["protects"]:
            found += [f"{other['port']}/{other['protocol']}", other["name"], other["mechanism"],
                      other["reference"]]
        if use["family"]:
            found.append(use["family"]["name"])
            for member in use["family"]["members"]:
                found += [f"{member['port']}/{member['protocol']}", member["name"],
                          member["role"]]
    return [text for text in found if text]


def first_reference(text):
    return text and text.split("; ")[0]


def short_texts_of(port):
    """What the short page has to say of a port: what it is for, what is wrong, what to use."""
    found = [str(port["port"]), port["port_range"]]
    for use in port["protocols"]:
        found += [use["protocol"], use["service"], use["purpose"]]
        for risk in use["risks"]:
            found += [risk["why"], risk["instead"], first_reference(risk["reference"])]
        for other in use["protects"]:
            found += [f"{other['port']}/{other['protocol']}", other["name"], other["mechanism"]]
        for member in use["family"]["members"] if use["family"] else ():
            found += [f"{member['port']}/{member['protocol']}", member["name"]]
    return [text for text in found if text]


def plain(text):
    return re.sub(r"\s+", " ", text)


def main(program, update):
    text = pages(program, "text")
    path = os.path.join(HERE, "pages.txt")
    if update:
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    with open(path, encoding="utf-8") as f:
        golden = f.read()
    faults = list(difflib.unified_diff(golden.splitlines(), text.splitlines(), "pages.txt",
                                       "printed", lineterm=""))
    single = text.rstrip("\n").split("\n\n")
    details = pages(program, "details").rstrip("\n").split("\n\n")
    documents = [json.loads(line) for line in pages(program, "json").splitlines()]
    if not len(single) == len(details) == len(documents) == len(PORTS) >= 40:
        faults.append(f"{len(single)} pages, {len(documents)} documents, {len(PORTS)} ports")
    for page, long, port in zip(single, details, documents):
        for what, texts, text in (("page", short_texts_of, page), ("details", texts_of, long)):
            faults += [f"{port['port']}: the {what} lacks {t!r}" for t in texts(port)
                       if port["port"] and plain(t) not in plain(text)]
        faults += [f"{port['port']}: a line is wider than 100 columns: {line}"
                   for line in page.split("\n") if len(line) > 100 and " " in line.strip()]
    names = {f"{port['port']}/{use['protocol']}": use["service"]
             for port in documents for use in port["protocols"]}
    faults += [f"{place} is called {names.get(place)}, not {name}"
               for place, name in LESSON.items() if names.get(place) != name]
    print("\n".join(faults) or f"{len(PORTS)} pages are as they should be")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main(sys.argv[1], "--update" in sys.argv)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plain words: phrases that no native speaker would use stay out of texts for users.

Held are whole documents, and of C files what stands between quotes; comments follow the same rule,
but the phrases that are only odd in a sentence for users are not looked for in them.
"""

import re
import sys

import tree

DOCUMENTS = ("README.md", "NEWS.md", "SECURITY.md", "CONTRIBUTING.md", "man/portscope.1",
             "man/portscope-1.schema.json")
CODE = ("src/", "include/")
WHOLE = ("completions/",)

# Each phrase with what to say instead.
PHRASES = [(re.compile(pattern, re.I), better) for pattern, better in (
    (r"\b(TCP|UDP|SCTP|DCCP|IPv[46]|port|process|numbers?|loopback|root|host|address|CAP_\w+|"
     r"minions|privilege|on-change) alone\b", "only X"),
    (r"\b(is|are|was|were) told\b", "is reported"),
    (r"\bunless (it is )?told otherwise\b", "(default: X)"),
    (r"\btold of\b", "reported"),
    (r"\bof that which\b", "what"),
    (r"(?<!is )\bno (regular file|sound JSON|JSON document|text file|incomplete answer|difference \.)",
     "is not a ..., invalid JSON"),
    (r"\bis no (regular|sound|evidence|finding|time|text|difference|valid|directory|listing)\b",
     "is not a ..."),
    (r"\bholds a NUL\b", "contains a NUL byte; it is not a text file"),
    (r"\b(stands?|stood) (first|behind|for a key|a second)\b", "comes first, after"),
    (r"\bbehind (the (options|end|address|colon|document)|it\b|a `|the words)", "after"),
    (r", and ends?\b(?! (the|with|early|a\b|it))|\bends with (exit )?status\b",
     "and exit, exits with status"),
    (r"\bknows it by\b", "identifies it by"),
    (r"\blooked into\b|\blook into every\b", "inspected"),
    (r"\b(take|taken) (it |the baseline )?anew\b", "take it again"),
    (r"\braises? nothing\b", "without findings"),
    (r"\bso bad or worse\b|\ba finding so bad\b", "on findings of SEVERITY or worse"),
    (r"\bin earnest\b|\bof its own accord\b", "say what the code does"),
    (r"\bexpected is what\b", "expected the output of"),
    (r"\bothers than root\b", "others"),
    (r"\bone a line\b", "one per line"),
    (r"\bis said on standard error\b", "standard error says"),
    (r"\bexclude each other\b", "cannot be combined"),
    (r"\btable of knowledge\b", "list every known port"),
    (r"\bholders? (is|are) hidden from this\b(?! user)", "hidden from this user"),
    (r"unknown \w+ `|unexpected `", "one quoting style: 'x'"),
)]

STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
INCLUDE = re.compile(r"\s*#\s*include\b")


def code_text(text):
    """(line, text) of each run of string literals; a text goes on over lines."""
    run, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        comment = re.match(r"\s*(/\*|\*|//)", line)
        strings = [] if comment or INCLUDE.match(line) else STRING.findall(line)
        if not strings:
            if not comment and line.strip() and run:
                yield start, run
                run = ""
            continue
        if not run:
            start = number
        run += "".join(strings)
        if not re.search(r'"\s*$', line):
            yield start, run
            run = ""
    if run:
        yield start, run


def line_text(text):
    return enumerate(text.split("\n"), 1)


def document_text(text):
    """(line, text): each paragraph as one line, so that phrases are found across line ends."""
    run, start = [], 0
    for number, line in enumerate(text.split("\n") + [""], 1):
        if line.strip() in ("", ".Pp") or line.startswith((".It", ".El", ".Bl", ".Sh", ".Ss", "|")):
            if run:
                yield start, " ".join(run)
            run = []
            if line.strip() in ("", ".Pp"):
                continue
        if not run:
            start = number
        run.append(line.strip())
    if run:
        yield start, " ".join(run)


def faults(root):
    found = []
    seen = 0
    for path in tree.files(root):
        if path in DOCUMENTS or path.startswith(WHOLE):
            pieces = document_text
        elif path == "src/registry/insecure.tsv":
            pieces = line_text
        elif path.startswith(CODE) and path.endswith((".c", ".h")):
            pieces = code_text
        else:
            continue
        seen += 1
        for number, text in pieces(tree.read(root, path)):
            for pattern, better in PHRASES:
                match = pattern.search(text)
                if match:
                    found.append(f"{path}:{number}: '{match[0]}': say '{better}'")
    return found, seen


def main(root):
    found, seen = faults(root)
    tree.finish(found, f"plain words in {seen} files")


if __name__ == "__main__":
    main(sys.argv[1])

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The checks see what they are for: each is run on small made-up trees, good and bad."""

import os
import tempfile
import unittest

import circles
import fields
import includes
import sizes
import sources
import spelling
import tree
import wording
import words

LICENCE = "/* SPDX-License-Identifier: LGPL-2.1-or-later */\n/* Owns this. */\n"


class Tree(unittest.TestCase):
    def faults(self, check, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                    f.write(text)
            return check.faults(root)[0]

    def includes(self, path, include):
        files = {f"src/{name}": "" for name in (
            "util/macros.h", "model/row.h", "annotate/a.h", "collect/collect.h")}
        return self.faults(includes, {**files, path: f"#include {include}\n"})


class Includes(Tree):
    def test_allowed(self):
        for path, include in (
            ("src/util/a.c", '"util/macros.h"'),
            ("src/util/a.c", '"macros.h"'),
            ("src/util/a.c", "<stdio.h>"),
            ("src/collect/a.c", "<linux/inet_diag.h>"),
            ("src/model/a.c", '"util/macros.h"'),
            ("src/model/a.h", "<portscope.h>"),
            ("src/collect/a.c", '"model/socket.h"'),
            ("src/annotate/a.c", '"registry/registry.h"'),
            ("src/annotate/a.c", '"../model/row.h"'),
            ("src/audit/a.c", '"filter/match.h"'),
            ("src/listing/a.c", '"rules/rules.h"'),
            ("src/diff/a.c", '"document/document.h"'),
            ("src/format/a.c", "<portscope.h>"),
            ("src/format/a.c", '"util/text.h"'),
            ("src/cli/a.c", '"format/format.h"'),
            ("src/cli/a.c", '"seal/seal.h"'),
            ("src/main.c", '"cli/cli.h"'),
        ):
            self.assertEqual(self.includes(path, include), [], (path, include))

    def test_forbidden(self):
        for path, include in (
            ("src/util/a.c", '"model/socket.h"'),
            ("src/util/a.c", "<portscope.h>"),
            ("src/model/a.c", '"registry/registry.h"'),
            ("src/registry/a.c", '"model/row.h"'),
            ("src/registry/a.c", "<portscope.h>"),
            ("src/model/a.c", '"collect/collect.h"'),
            ("src/collect/a.c", '"owner/owner.h"'),
            ("src/collect/a.c", "  <annotate/annotate.h>"),
            ("src/filter/a.h", '"../annotate/a.h"'),
            ("src/owner/a.c", '"rules/rules.h"'),
            ("src/rules/a.c", '"listing/snapshot.h"'),
            ("src/format/a.c", '"model/row.h"'),
            ("src/format/a.c", '"cli/options.h"'),
            ("src/cli/a.c", '"model/row.h"'),
            ("src/cli/a.c", '"../collect/collect.h"'),
            ("src/seal/a.c", "<portscope.h>"),
            ("src/main.c", '"model/socket.h"'),
            ("include/portscope.h", '"model/socket.h"'),
        ):
            self.assertEqual(len(self.includes(path, include)), 1, (path, include))

    def test_unknown_layer(self):
        self.assertEqual(len(self.includes("src/misc/a.c", "<stdio.h>")), 1)

    def test_names_the_place(self):
        found = self.faults(includes, {"src/util/a.c": '\n\n # include "model/row.h"\n'})
        self.assertTrue(found[0].startswith("src/util/a.c:3: util "), found)

    def test_empty_tree(self):
        self.assertEqual(includes.faults(os.devnull), ([], 0))


class Fields(Tree):
    HEADER = "enum portscope_field_id {\n\tPORTSCOPE_FIELD_PID,\n\tPORTSCOPE_FIELD_UID,\n" \
        "\tPORTSCOPE_FIELD_USER,\n\tPORTSCOPE_FIELDS,\n};\n"
    TABLE = '\tFIELD(PID, "pid", "PID"),\n\tWORDS(UID, "uid", 1),\n\tFIELD(USER, "user", 2),\n'

    def fields(self, **changes):
        files = {"include/portscope.h": self.HEADER, "src/model/field.c": self.TABLE}
        return self.faults(fields, {**files, **changes})

    def test_good(self):
        self.assertEqual(self.fields(**{"src/a.c": 'x("pid", "uid", "user"); {"pid", "user"}'}), [])

    def test_ids(self):
        self.assertEqual(len(self.fields(**{
            "include/portscope.h": self.HEADER.replace("PID", "INODE")})), 1)
        self.assertEqual(len(self.fields(**{
            "src/model/field.c": self.TABLE.replace('"uid"', '"gid"')})), 1)

    def test_strings(self):
        for text in ('{"pid",\n\t"user", "uid"}', '= "uid,x,pid,user";',
                     'portscope_field_find("pid")'):
            self.assertEqual(len(self.fields(**{"src/a.c": text})), 1, text)


class Circles(unittest.TestCase):
    def circles(self, calls):
        objects = {file: ({file}, set(called)) for file, called in calls.items()}
        return sorted(sorted(group) for group in circles.circles(circles.graph(objects)))

    def test_none(self):
        self.assertEqual(self.circles({"a": "bc", "b": "c", "c": "x", "d": "abc"}), [])
        self.assertEqual(self.circles({"a": "a"}), [])

    def test_some(self):
        self.assertEqual(self.circles({"a": "b", "b": "c", "c": "a", "d": "ae", "e": "d"}),
                         [["a", "b", "c"], ["d", "e"]])


class Sizes(Tree):
    def function(self, lines):
        return "static int f(int a,\n\tint b)\n{\n" + "\tx();\n" * (lines - 4) + "}\n"

    def test_functions(self):
        self.assertEqual(self.faults(sizes, {"src/a.c": self.function(80) * 2}), [])
        found = self.faults(sizes, {"src/a.c": self.function(5) + self.function(81)})
        self.assertEqual(found, ["src/a.c: f() has 81 lines; at most 80"])

    def test_files(self):
        table = "static const int t[] = {\n" + "\t1,\n" * 800 + "};\n"
        self.assertEqual(self.faults(sizes, {"src/a.c": table + "int x;\n" * 700}), [])
        self.assertEqual(len(self.faults(sizes, {"src/a.c": table + "int x;\n" * 701})), 1)


class Words(Tree):
    def test_loose(self):
        for word in ("TO" "DO", "FIX" "ME", "XX" "X"):
            self.assertEqual(len(self.faults(words, {"src/a.c": f"x\n/* {word}: y */\n"})), 1)

    def test_link_to_nowhere(self):
        with tempfile.TemporaryDirectory() as root:
            os.symlink("nowhere", os.path.join(root, "link"))
            self.assertEqual(words.faults(root), ([], 0))

    def test_innocent(self):
        self.assertEqual(self.faults(words, {"a.py": 'mkstemp("XX' 'XXXX")\ntodo = 1\n'}), [])


class Wording(Tree):
    def test_odd(self):
        for text in ("only this, TCP " "alone", "it is " "told", "the words " "behind the options",
                     "a range " "stands first", "it is no " "regular file", "explain it, and " "end"):
            self.assertEqual(len(self.faults(wording, {"README.md": text})), 1, text)
            self.assertEqual(len(self.faults(wording, {"src/a.c": f'x("{text}");'})), 1, text)

    def test_across_lines(self):
        self.assertEqual(len(self.faults(wording, {"README.md": "what is\ntold here"})), 1)
        self.assertEqual(len(self.faults(wording, {"src/a.c": 'x("what is "\n  "told here");'})), 1)

    def test_innocent(self):
        self.assertEqual(self.faults(wording, {
            "README.md": "It is reported.\n",
            "tests/a.py": "TCP " "alone",
            "src/a.c": '#include "a.h"\nx("only TCP");',
        }), [])


@unittest.skipUnless(tree.has("codespell"), "codespell is not here")
class Spelling(Tree):
    def test_misspelt(self):
        wrong = "te" "h"
        self.assertEqual(len(self.faults(spelling, {"README.md": f"{wrong} port\n"})), 1)
        self.assertEqual(len(self.faults(spelling, {"src/a.c": f"/* {wrong} port */\n"})), 1)

    def test_innocent(self):
        self.assertEqual(self.faults(spelling, {
            "README.md": "the port, through doas\n", "tests/a.py": "te" "h\n"}), [])


class Sources(Tree):
    def test_good(self):
        self.assertEqual(self.faults(sources, {
            "src/meson.build": "files('util/a.c')",
            "src/util/a.c": LICENCE,
            "src/util/a.h": LICENCE,
            "tests/unit/meson.build": "unit_tests = ['a']",
            "tests/unit/test-a.c": LICENCE,
            "tests/check/b.py": "# SPDX-License-Identifier: LGPL-2.1-or-later\n",
        }), [])

    def test_not_built(self):
        for folder, name in (("src", "util/a.c"), ("tests/unit", "test-a.c")):
            self.assertEqual(len(self.faults(sources, {
                f"{folder}/meson.build": "files('util/b.c', 'util/a', 'aa')",
                f"{folder}/{name}": LICENCE,
            })), 1, folder)

    def test_no_licence(self):
        self.assertEqual(len(self.faults(sources, {"src/util/a.h": "/* Owns this. */\n"})), 1)
        self.assertEqual(len(self.faults(sources, {"tests/a.sh": "#!/bin/sh\n"})), 1)

    def test_no_purpose(self):
        licence = LICENCE.split("\n", maxsplit=1)[0]
        self.assertEqual(len(self.faults(sources, {"src/util/a.h": licence + "\nint x;\n"})), 1)


if __name__ == "__main__":
    unittest.main()

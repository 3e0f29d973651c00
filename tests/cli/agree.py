# SPDX-License-Identifier: LGPL-2.1-or-later
"""--help, the manual page and the completions name the same options and commands, and the manual
page the same fields as --list-fields and rules as --list-rules, both ways. Each text is then damaged in every place where
it names something, and the comparison has to notice: a check that sees nothing is none."""

import os
import re
import sys

import program

# Where each text is; help and fields are what the program prints of its own tables.
FILES = {
    "manual": "man/portscope.1",
    "bash": "completions/bash/portscope",
    "zsh": "completions/zsh/_portscope",
    "fish": "completions/fish/portscope.fish",
}


def section(text, begin, end):
    """The lines between two that match, or nothing."""
    found = re.search(rf"^{begin}\n(.*?)(?:^{end}|\Z)", text, re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


def words(letter, name, argument):
    """The words of one option: a long one that takes an argument ends in `=`."""
    result = {"--" + name + ("=" if argument else "")} if name else set()
    return result | ({"-" + letter} if letter else set())


def options_of_help(text):
    found = re.findall(r"^  (?:-(\S),|   ) --([a-z0-9-]+)(=\S+)?  ", text, re.MULTILINE)
    return set().union(*(words(*f) for f in found))


def commands_of_help(text):
    return set(re.findall(r"^  ([a-z-]+) ", section(text, "Commands:", r"[A-Z]"), re.MULTILINE))


def help_of_all():
    """What --help prints, of portscope and of each of its commands."""
    text = program.text("--help")
    return "\n".join([text] + [program.text(c, "--help") for c in sorted(commands_of_help(text))
                               if c != "list"]) # which is what it prints without a command


def options_by_command(text):
    """The options of each command by what --help of all of them prints; the first is `list`."""
    texts = re.split(r"^Usage: portscope", text, flags=re.MULTILINE)[1:]
    names = [re.match(r" ([a-z]+) ", t) for t in texts]
    return {name.group(1) if name else "list": options_of_help(t)
            for name, t in zip(names, texts)}


def options_of_manual(text):
    found = re.findall(r"^\.It (?:Fl (\S) , )?Fl -([a-z0-9-]+)( Ns = Ns Ar \S+)?$", text,
                       re.MULTILINE)
    return set().union(*(words(*f) for f in found))


def commands_of_manual(text):
    return set(re.findall(r"^\.It Cm ([a-z-]+)", section(text, r"\.Sh COMMANDS", r"\.Sh "),
                          re.MULTILINE))


def fields_of_manual(text):
    return set(re.findall(r"^\.It Cm ([a-z_]+)$", section(text, r"\.Sh SOCKET FIELDS", r"\.Sh "),
                          re.MULTILINE))


def rules_of_manual(text):
    return set(re.findall(r"^\.It Sy ([a-z-]+) Pq ", section(text, r"\.Ss Rules", r"\.S[hs] "),
                          re.MULTILINE))


def words_of_bash(text, variable):
    found = re.search(rf"^{variable}='([^']*)'", text, re.MULTILINE)
    return set(found.group(1).split()) if found else set()


def options_of_zsh(text):
    found = re.findall(r"^    '(?:\([^)]*\))?(?:'\{-(\S),)?--([a-z0-9-]+)(=?)(?:\}'\[|\[)",
                       text, re.MULTILINE)
    return set().union(*(words(*f) for f in found))


def commands_of_zsh(text):
    return set(re.findall(r"^        '([a-z-]+):", section(text, r"    local -a commands=\(",
                                                           r"    \)"), re.MULTILINE))


def options_of_fish(text):
    found = re.findall(r"^complete -c portscope (?:-s (\S) )?-l ([a-z0-9-]+)( -[rx])?", text,
                       re.MULTILINE)
    return set().union(*(words(*f) for f in found))


def commands_of_fish(text):
    return set(re.findall(r"^complete -c portscope -n __portscope_first_word -a ([a-z-]+)", text,
                          re.MULTILINE))


def compare(what, source, known, place, named):
    """Faults: what the source has and the place does not name, and the other way round."""
    return ([f"{what} {word} is missing in {place}" for word in sorted(known - named)] +
            [f"{what} {word} of {place} is unknown to {source}" for word in sorted(named - known)])


def faults(texts):
    options, commands = options_of_help(texts["help"]), commands_of_help(texts["help"])
    fields = {line.split()[0] for line in texts["fields"].splitlines()}
    found = [f"no {what} found" for what, known in
             (("option", options), ("command", commands), ("field", fields)) if not known]
    for command, known in options_by_command(texts["help"]).items():
        variable = "_portscope_options" + ("" if command == "list" else "_" + command)
        found += compare(f"option of {command},", "--help", known, FILES["bash"],
                         words_of_bash(texts["bash"], variable))
    for name, named in (
            ("manual", options_of_manual(texts["manual"])),
            ("zsh", options_of_zsh(texts["zsh"])),
            ("fish", options_of_fish(texts["fish"]))):
        found += compare("option", "--help", options, FILES[name], named)
    for name, named in (
            ("manual", commands_of_manual(texts["manual"])),
            ("bash", words_of_bash(texts["bash"], "_portscope_commands")),
            ("zsh", commands_of_zsh(texts["zsh"])),
            ("fish", commands_of_fish(texts["fish"]))):
        found += compare("command", "--help", commands, FILES[name], named)
    rules = {line.split()[0] for line in texts["rules"].splitlines()}
    found += compare("rule", "--list-rules", rules, FILES["manual"],
                     rules_of_manual(texts["manual"]))
    return found + compare("field", "--list-fields", fields, FILES["manual"],
                           fields_of_manual(texts["manual"]))


def damaged(texts):
    """Copies of the texts, each with one name taken out or one too many."""
    places = {
        "help": r"^  (?:-.|  ).? *--.*\n|^  [a-z]+ +\[.*\n",
        "fields": r"^.+\n",
        "rules": r"^.+\n",
        "manual": r"^\.It Fl .*\n|^\.It Cm [a-z_]+(?: Op.*)?\n|^\.It Sy [a-z-]+ Pq .*\n",
        "bash": r"(?<=\s)--?[a-zA-Z0-9-]+=?(?=[\s'])|(?<=commands=')[a-z]+",
        "zsh": r"^    '(?:\(.*)?-.*\n|^        '[a-z]+:.*\n",
        "fish": r"^complete -c portscope -[sln] .*\n",
    }
    for name, pattern in places.items():
        text = texts[name]
        for place in re.finditer(pattern, text, re.MULTILINE):
            if name == "bash" and place.start() > text.index("_portscope_fields()"):
                continue
            without = text[:place.start()] + text[place.end():]
            yield f"{name} without {place.group().strip()!r}", {**texts, name: without}
    for name, old, new in (
            ("help", "  -h, --help ", "  -Y, --yonder  made up\n  -h, --help "),
            ("help", "  list ", "  zap      made up\n  list "),
            ("fields", "protocol ", "zap X made up\nprotocol "),
            ("manual", ".It Fl h , Fl -help", ".It Fl -yonder\n.It Fl h , Fl -help"),
            ("manual", ".It Cm list", ".It Cm zap\n.It Cm list"),
            ("manual", ".It Cm protocol", ".It Cm zap\n.It Cm protocol"),
            ("manual", "Fl -sort Ns = Ns Ar LIST", "Fl -sort"),
            ("bash", "--help", "--yonder --help"),
            ("bash", "--sort=", "--sort"),
            ("bash", "_portscope_commands='", "_portscope_commands='zap "),
            ("zsh", "    '--each[", "    '--yonder[x]' \\\n    '--each["),
            ("zsh", "--sort=[", "--sort["),
            ("zsh", "        'list:", "        'zap:x'\n        'list:"),
            ("fish", "complete -c portscope -s h", "complete -c portscope -s Y -l yonder\n"
             "complete -c portscope -s h"),
            ("fish", "-l sort -x", "-l sort"),
            ("fish", "-a list", "-a zap")):
        assert old in texts[name], (name, old)
        yield f"{name} with {new!r}", {**texts, name: texts[name].replace(old, new, 1)}


def main(root):
    texts = {"help": help_of_all(), "fields": program.text("audit", "--list-fields"),
             "rules": program.text("audit", "--list-rules")}
    for name, path in FILES.items():
        with open(os.path.join(root, path), encoding="utf-8") as f:
            texts[name] = f.read()
    found = faults(texts)
    tried = 0
    for what, copy in damaged(texts):
        tried += 1
        if faults(copy) == found:
            found.append(f"the comparison does not notice: {what}")
    print("\n".join(found) or f"all agree; {tried} deviations would be noticed")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(sys.argv[1])

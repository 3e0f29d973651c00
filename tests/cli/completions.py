# SPDX-License-Identifier: LGPL-2.1-or-later
"""The completions of one shell, tried in that shell: the line before the cursor goes in, what the
shell offers (zsh: what it makes of the line) comes out."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import agree
import program

BASH = r"""
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_portscope portscope "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""

FISH = """
source $argv[1]
complete -C $argv[2]
"""


def offers_of_bash(path, line):
    # bash breaks words at `=` too, and hands the function the last piece to complete.
    words = re.findall(r"=|[^\s=]+", line) + ([""] if line.endswith(" ") else [])
    result = subprocess.run(["bash", "--norc", "--noprofile", "-c", BASH, "bash", path, *words],
                            stdout=subprocess.PIPE, check=True, timeout=60)
    return set(result.stdout.decode().split())


def offers_of_fish(path, line):
    result = subprocess.run(["fish", "--no-config", "-c", FISH, path, line],
                            stdout=subprocess.PIPE, check=True, timeout=60)
    # "--columns=uid<Tab>what it is": what stands before `=` is not part of the offer.
    offers = {offer.split("\t")[0] for offer in result.stdout.decode().splitlines()}
    return {re.sub(r"^--[a-z]+=", "", offer) for offer in offers}


def check_offers(offers):
    """What is offered for a line, exactly."""
    fields = [line.split()[0] for line in program.text("--list-fields").splitlines()]
    found = [line.split()[0] for line in program.text("audit", "--list-fields").splitlines()]
    options = agree.options_by_command(agree.help_of_all())
    commands = agree.commands_of_help(program.text("--help"))
    remote = {f for f in fields if f.startswith("remote_")}
    faults = []
    for line, expected in (
            ("portscope -", options["list"]),
            *((f"portscope {command} -", options[command]) for command in sorted(commands)),
            ("portscope -l --js", {"--json", "--json-lines"}),
            ("portscope --col", {"--collector", "--color", "--columns"}),
            ("portscope ", commands),
            ("portscope li", {"list"}),
            ("portscope -l ", set()),
            ("portscope --color=", {"auto", "always", "never"}),
            ("portscope explain --range=", {"well-known", "registered", "dynamic"}),
            ("portscope free --protocol ", {"tcp", "udp", "both"}),
            ("portscope --color al", {"always"}),
            ("portscope --columns=", set(fields)),
            ("portscope --columns=remote", remote),
            ("portscope audit --columns=", set(found)),
            ("portscope audit --sort=-sev", {"-severity"}),
            ("portscope --columns remote", remote),
            ("portscope --columns=+remote", {"+" + f for f in remote}),
            ("portscope --columns=state,remote", {"state," + f for f in remote}),
            ("portscope --columns=+state,remote", {"+state," + f for f in remote}),
            ("portscope --sort=remote", remote),
            ("portscope --sort=-remote", {"-" + f for f in remote}),
            ("portscope --sort=-state,-remote", {"-state,-" + f for f in remote}),
            ("portscope --sort=state,remote", {"state," + f for f in remote}),
            ("portscope --columns=nothing_like_it", set())):
        offered = {offer.rstrip("=") for offer in offers(line)}
        if line.endswith(" -"):
            # A shell may leave out a letter where its long option is offered.
            expected, offered = ({o.rstrip("=") for o in words if o.startswith("--")}
                                 for words in (expected, offered))
        if offered != expected:
            faults.append(f"{line!r} offers {sorted(offered)}, not {sorted(expected)}")
    return faults


class Zsh:
    """An interactive zsh on a terminal of its own; ^X shows the line as it stands, and drops it."""

    SETUP = r"""
PS1= PS2= RPS1=
fpath=("$FOLDER" $fpath)
zstyle ':completion:*' list-prompt ''
unsetopt auto_menu beep
setopt bash_auto_list
autoload -Uz compinit && compinit -D -u
show() { BUFFER="print -r -- '[['${(qq)BUFFER}']]'"; zle .accept-line }
zle -N show
bindkey '^I' complete-word '^X' show
print -r -- ${:-READY}NOW
"""

    def __init__(self, folder):
        self.home = tempfile.TemporaryDirectory()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="dumb", ZDOTDIR=self.home.name, FOLDER=folder)
            os.execvp("zsh", ["zsh", "-f", "-i"])
        with open(os.path.join(self.home.name, "setup"), "w", encoding="utf-8") as f:
            f.write(self.SETUP)
        self.send(". $ZDOTDIR/setup\n")
        self.wait("READYNOW")

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait(self, pattern):
        """Reads until the pattern has come, and gives back the match."""
        output, end = "", time.monotonic() + 30
        while not (match := re.search(pattern, output, re.DOTALL)):
            ready = select.select([self.fd], [], [], end - time.monotonic())[0] \
                if end > time.monotonic() else []
            if not ready:
                sys.exit(f"zsh did not say {pattern!r}, but {output!r}")
            output += os.read(self.fd, 65536).decode(errors="replace")
        return match

    def complete(self, line):
        self.send(line + "\t\x18")
        return self.wait(r"\n\[\[([^\r\n]*)\]\]").group(1).rstrip()

    def end(self):
        os.kill(self.pid, signal.SIGHUP)
        os.close(self.fd)
        os.waitpid(self.pid, 0)
        self.home.cleanup()


def check_zsh(path):
    """What zsh makes of a line: as much as all that it offers have in common."""
    if subprocess.run(["zsh", "-n", path], check=False).returncode:
        return ["zsh finds a fault in the syntax"]
    zsh = Zsh(os.path.dirname(path))
    faults = []
    for line, expected in (
            ("portscope li", "portscope list"),
            ("portscope --list-f", "portscope --list-fields"),
            ("portscope -tu --no-h", "portscope -tu --no-header"),
            ("portscope --color=al", "portscope --color=always"),
            ("portscope explain --ran", "portscope explain --range="),
            ("portscope explain --range=dy", "portscope explain --range=dynamic"),
            ("portscope free --consec", "portscope free --consecutive"),
            ("portscope free --listen", "portscope free --listen"),
            ("portscope --color=nev", "portscope --color=never"),
            ("portscope --columns=remote", "portscope --columns=remote_"),
            ("portscope --columns=remote_p", "portscope --columns=remote_port"),
            ("portscope --columns remote_p", "portscope --columns remote_port"),
            ("portscope audit --columns=sever", "portscope audit --columns=severity"),
            ("portscope --columns=sever", "portscope --columns=sever"),
            ("portscope --columns=+remote_p", "portscope --columns=+remote_port"),
            ("portscope --columns=state,remote_p", "portscope --columns=state,remote_port"),
            ("portscope --columns=+state,remote_p", "portscope --columns=+state,remote_port"),
            ("portscope --sort=remote_p", "portscope --sort=remote_port"),
            ("portscope --sort=-remote_p", "portscope --sort=-remote_port"),
            ("portscope --sort=-state,-remote_p", "portscope --sort=-state,-remote_port"),
            ("portscope --columns=nothing_l", "portscope --columns=nothing_l")):
        found = zsh.complete(line)
        # Behind a whole name stands a comma, which goes when the list does not go on.
        if found.removesuffix(",") != expected:
            faults.append(f"{line!r} becomes {found!r}, not {expected!r}")
    zsh.end()
    return faults


def main(root, shell):
    if not shutil.which(shell):
        program.skip(f"{shell} is not here")
    # The completions run the program by the name that is typed.
    os.environ["PATH"] = os.path.dirname(program.PATH) + os.pathsep + os.environ["PATH"]
    path = os.path.join(root, agree.FILES[shell])
    if shell == "zsh":
        faults = check_zsh(path)
    else:
        offers = {"bash": offers_of_bash, "fish": offers_of_fish}[shell]
        faults = check_offers(lambda line: offers(path, line))
    print("\n".join(faults) or f"{shell} completes")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])

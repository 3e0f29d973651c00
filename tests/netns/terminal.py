# SPDX-License-Identifier: LGPL-2.1-or-later
"""A terminal of a given width, and the program on it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import unicodedata

import lab


def run(columns, *options, program=None, **env):
    """What a terminal of that width receives, as lines; exit status; what stderr got."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    mode = termios.tcgetattr(terminal)
    mode[1] &= ~termios.OPOST
    termios.tcsetattr(terminal, termios.TCSANOW, mode)
    child = subprocess.Popen(
        ['portscope', *options], executable=program or lab.program, stdin=subprocess.DEVNULL,
        stdout=terminal, stderr=subprocess.PIPE,
        env={**{k: v for k, v in os.environ.items() if k not in ('COLUMNS', 'NO_COLOR')},
             'TERM': 'xterm', **env})
    os.close(terminal)
    text = b''
    while True:
        try:
            piece = os.read(controller, 65536)
        except OSError:  # EIO: the last writer is gone
            break
        if not piece:
            break
        text += piece
    os.close(controller)
    errors = child.stderr.read().decode()
    child.stderr.close()
    return text.decode().splitlines(), child.wait(), errors


def lines(columns, *options, **env):
    """The same of a run that has nothing to say on stderr."""
    text, status, errors = run(columns, *options, **env)
    assert (status, errors) == (0, ''), (status, errors)
    return text


def plain(line):
    return re.sub(r'\x1b\[[0-9;]*m', '', line)


def width(line):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in plain(line))

"""A terminal for tests: runs a program on a pseudo-terminal and keeps what a person would see.

Only what the program uses is understood (carriage return, newline, cursor up, erase below, SGR); anything
else is kept in `unknown`, so that a test can say that there was none.
"""
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")
LONGEST_S = 120  # for any wait: a program that hangs fails its test
SETTLE_S = 0.03


def cells(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Screen:
    """Rows of cells, with the rows that scrolled away in `above`. A wide character is followed by an empty cell."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = [[]]
        self.above = []
        self.row = self.column = 0
        self.unknown = []

    def down(self):
        self.row += 1
        if self.row == self.rows:
            self.above.append(self.lines.pop(0))
            self.row -= 1
        while len(self.lines) <= self.row:
            self.lines.append([])

    def put(self, character):
        width = cells(character)
        if self.column + width > self.columns:
            self.column = 0
            self.down()
        line = self.lines[self.row]
        line += [" "] * (self.column + width - len(line))
        if width:
            line[self.column:self.column + width] = [character] + [""] * (width - 1)
        self.column += width

    def sequence(self, numbers, letter):
        if letter == "A":
            self.row = max(0, self.row - int(numbers or 1))
        elif letter == "J" and numbers in ("", "0"):
            del self.lines[self.row][self.column:]
            del self.lines[self.row + 1:]
        elif letter != "m":
            self.unknown.append(numbers + letter)

    def feed(self, text):
        at = 0
        while at < len(text):
            found = SEQUENCE.match(text, at)
            if found:
                self.sequence(*found.groups())
                at = found.end()
                continue
            if text[at] == "\n":
                self.down()
            elif text[at] == "\r":
                self.column = 0
            elif text[at] == "\a" or text[at] < " ":
                self.unknown.append(repr(text[at]))
            else:
                self.put(text[at])
            at += 1

    def resize(self, columns, rows):
        """As terminals do that break lines anew: each row that is too long becomes several."""
        old, self.columns, self.rows = self.lines, columns, rows
        typed, column = self.row, self.column
        self.lines = []
        for number, line in enumerate(old):
            pieces = [line[i:i + columns] for i in range(0, len(line), columns)] or [[]]
            if number == typed:
                self.row = len(self.lines) + column // columns
                self.column = column % columns
            self.lines += pieces
        while len(self.lines) > rows:
            self.above.append(self.lines.pop(0))
            self.row -= 1

    def text(self):
        return "\n".join("".join(line).rstrip() for line in self.lines).rstrip("\n")

    def all(self):
        return "\n".join("".join(line).rstrip() for line in self.above + self.lines)


class Terminal:
    """A program with a terminal of its own as standard input, output and error (or only some of them)."""

    def __init__(self, argv, columns=80, rows=24, env=None, output=None):
        self.screen = Screen(columns, rows)
        self.raw = ""
        self.bytes = b""
        self.ours, theirs = pty.openpty()
        self.set_size(columns, rows)

        def lead():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(argv, stdin=theirs, stdout=output or theirs, stderr=theirs, preexec_fn=lead,
                                        env={**os.environ, "TERM": "xterm", **(env or {})})
        os.close(theirs)

    def set_size(self, columns, rows):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.screen.resize(columns, rows)
        self.set_size(columns, rows)
        os.killpg(os.getpgid(self.process.pid), signal.SIGWINCH)

    def read(self, wait_s=0.2):
        """What came, False at the end."""
        if not select.select([self.ours], [], [], wait_s)[0]:
            return True
        try:
            some = os.read(self.ours, 65536)
        except OSError as e:
            if e.errno != errno.EIO:
                raise
            return False
        self.bytes += some
        whole = self.bytes.decode("utf-8", "ignore")
        # A character, or a sequence, whose end has not come yet waits for it.
        cut = re.search(r"\x1b(\[[0-9;?]*)?$", whole)
        whole = whole[:cut.start()] if cut else whole
        self.screen.feed(whole[len(self.raw):])
        self.raw = whole
        return bool(some)

    def until(self, holds):
        """Reads until holds(self); False where the program ends or hangs before."""
        end = time.monotonic() + LONGEST_S
        alive = True
        while True:
            if holds(self) and (not alive or self.is_settled()):
                return holds(self)
            if not alive or time.monotonic() > end:
                return False
            alive = self.read()

    def is_settled(self):
        """Nothing more comes at once: a frame is drawn in pieces, and what holds in the middle of one need not hold at its
        end. False where more came, which is read then."""
        if not select.select([self.ours], [], [], SETTLE_S)[0]:
            return True
        self.read(0)
        return False

    def shows(self, text):
        return self.until(lambda t: text in t.screen.text())

    def type(self, text):
        os.write(self.ours, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.ours)[3] & termios.ECHO)

    def end(self):
        """Reads to the end; the exit status."""
        end = time.monotonic() + LONGEST_S
        while self.read() and time.monotonic() < end:
            if self.process.poll() is not None:
                while select.select([self.ours], [], [], 0)[0] and self.read(0):
                    continue
                break
        if self.process.poll() is None:
            try:
                self.process.wait(max(1.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.process.kill()
                return "hangs"
        os.close(self.ours)
        return self.process.wait()

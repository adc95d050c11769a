#!/usr/bin/env python3
"""Somebody else on the same disk, who makes the file system write at odd times: files of his own, whose
fsync takes along what others have under way, and the drill's files, its journal most of all, whole or in
part, while the drill works on them. Reads nothing and changes nothing but his own file; ends when killed.

usage: foreign.py FOLDER SEED
"""
import ctypes
import os
import random
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
libc.sync_file_range.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
START_WRITING = 2  # SYNC_FILE_RANGE_WRITE
PAGE = 4096


def files_below(folder):
    found = []
    for top, _, names in os.walk(folder):
        found += [os.path.join(top, name) for name in names]
    return found


def push_part(fd, dice):
    """Some pages of a file, without a flush and without what the file system knows of it."""
    n_pages = os.fstat(fd).st_size // PAGE + 1
    first = dice.randrange(n_pages)
    libc.sync_file_range(fd, first * PAGE, dice.randrange(1, 9) * PAGE, START_WRITING)


def commit_others(own, dice):
    """Brings what others have under way to the disk as far as names and sizes go, not their content."""
    with open(own, "ab") as f:
        f.write(os.urandom(dice.randrange(1, 3000)))
        f.flush()
        os.fsync(f.fileno())


def push_file(path, dice):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOATIME)
    except OSError:
        return  # renamed or removed meanwhile
    try:
        what = dice.random()
        if what < 0.7:
            push_part(fd, dice)
        else:
            os.fdatasync(fd)
    finally:
        os.close(fd)


# What is pushed while a mood lasts, as shares: own files (names and sizes of others go with them), the drill's
# journals, any file that is none. A journal that is pushed all the time would never be behind the rest.
MOODS = [(0.2, 0.8, 0.0), (0.5, 0.0, 0.5), (1.0, 0.0, 0.0), (0.4, 0.4, 0.2)]
MOOD_S = 0.25


def one(paths, own, mood, dice):
    journals = [p for p in paths if os.path.basename(p) == "journal"]
    others = [p for p in paths if os.path.basename(p) != "journal"]
    what = dice.choices(["own", "journal", "other"], mood)[0]
    if what == "own":
        commit_others(own, dice)
    elif what == "journal" and journals:
        push_file(dice.choice(journals), dice)
    elif what == "other" and others:
        push_file(dice.choice(others), dice)


def main():
    folder, dice = sys.argv[1], random.Random(int(sys.argv[2]))
    own = os.path.join(folder, "foreign")
    paths, listed_at = [], -1.0
    mood, mood_at = MOODS[0], -1.0
    while True:
        now = time.monotonic()
        if now - listed_at > 0.05:
            paths, listed_at = files_below(folder), now
        if now - mood_at > MOOD_S:
            mood, mood_at = dice.choice(MOODS), now
        one(paths, own, mood, dice)
        time.sleep(dice.choice([0, 0.0005, 0.003]))


main()

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
libc.syncfs.argtypes = [ctypes.c_int]
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
        elif what < 0.98:
            os.fdatasync(fd)
        else:
            libc.syncfs(fd)
    finally:
        os.close(fd)


def one(paths, own, dice):
    what = dice.random()
    journals = [p for p in paths if os.path.basename(p) == "journal"]
    if what < 0.45:
        commit_others(own, dice)
    elif what < 0.85 and journals:
        push_file(dice.choice(journals), dice)
    elif paths:
        push_file(dice.choice(paths), dice)


def main():
    folder, dice = sys.argv[1], random.Random(int(sys.argv[2]))
    own = os.path.join(folder, "foreign")
    paths, listed_at = [], -1.0
    while True:
        if time.monotonic() - listed_at > 0.05:
            paths, listed_at = files_below(folder), time.monotonic()
        one(paths, own, dice)
        time.sleep(dice.choice([0, 0.0005, 0.003]))


main()

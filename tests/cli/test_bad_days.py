#!/usr/bin/env python3
"""A first notice on a bad day: keys that are damaged, gone or open to others; a full disk, a read-only one, a folder of others; a
database that somebody holds. Printed as TAP."""
import ctypes
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from program import for_plain_user

PROGRAM = os.environ["TOCSIN"]
OK, FAILED, DENIED, INVALID, QUEUED = 0, 1, 4, 6, 7
NOTICE = ("incident", "new", "--company", "Example Steel", "--kind", "ransomware", "--wait", "0")
CALL = ("incident", "call", "latest", "--to", "ministry", "--person", "desk", "--said", "told them")
READERS = (("incident", "status"), ("incident", "status", "latest"), ("clock", "list"), ("outbox", "list"), ("warning", "list"),
           ("drill", "show"), ("evidence", "key"))
WRITERS = (NOTICE, CALL, ("outbox", "flush"), ("evidence", "rotate"), ("clock", "acknowledge", "000000", "--person", "desk"))
CLONE_NEWNS, MS_RDONLY, MS_REMOUNT, MS_REC, MS_PRIVATE = 0x20000, 1, 32, 0x4000, 0x40000
NOBODY = 65534
LIBC = ctypes.CDLL(None, use_errno=True)
RESULTS = []


def check(name, holds, shown=""):
    RESULTS.append(bool(holds))
    if not holds:
        print(f"# {shown!r}"[:1500])
    print(f"{'ok' if holds else 'not ok'} {len(RESULTS)} - {name}", flush=True)


def skip(name, why):
    RESULTS.append(True)
    print(f"ok {len(RESULTS)} - {name} # SKIP {why}", flush=True)


def call(home, *words, as_nobody=None, language="en"):
    """`as_nobody`: the program that nobody may run."""
    who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if as_nobody else {}
    done = subprocess.run([as_nobody or PROGRAM, *words, "--home", home, "--json", "--lang", language], capture_output=True, timeout=60,
                          check=False, stdin=subprocess.DEVNULL, **who)
    try:
        value = json.loads(done.stdout)
    except ValueError:
        value = {"not JSON": done.stdout.decode("utf-8", "replace")}
    return done.returncode, value, done.stderr.decode("utf-8", "replace")


def new_home(base, name):
    home = f"{base}/{name}"
    code, r, err = call(home, *NOTICE)
    check("the first key of a home is made without a word", code == QUEUED and r["keys"]["state"] == "first" and
          r["keys"]["note"] is None and "ATTENTION" not in err, (r, err))
    return home, r["keys"]["key"]


# --- keys ----------------------------------------------------------------------------------------

def loose_keys(base):
    home, key = new_home(base, "loose")
    os.chmod(f"{home}/keys/{key}.pem", 0o644)
    code, r, err = call(home, *NOTICE)
    check("a key that others may read stops no notice", code == QUEUED and r["keys"]["key"] == key, (r, err))
    check("its mode is set right", os.stat(f"{home}/keys/{key}.pem").st_mode & 0o777 == 0o600)
    check("and that is said, with what to do when there is time", r["keys"]["state"] == "exposed" and
          r["keys"]["note"] in err and "0644" in err and "evidence rotate" in err, (r, err))
    code, r, err = call(home, *NOTICE)
    check("once", code == QUEUED and r["keys"]["state"] == "kept" and r["keys"]["note"] is None and "rotate" not in err, (r, err))
    os.chmod(f"{home}/keys", 0o755)
    code, _, err = call(home, *CALL)
    check("other commands do the same", code == OK and "evidence rotate" in err, err)
    os.chmod(f"{home}/tocsin.db", 0o644)
    code, _, err = call(home, *NOTICE)
    check("nor does a database that others may read stop a notice", code == QUEUED and "tocsin.db" in err and "0644" in err and
          os.stat(f"{home}/tocsin.db").st_mode & 0o777 == 0o600, (code, err))
    _, _, err = call(home, "clock", "list")
    check("which is said once too", "tocsin.db" not in err, err)
    if os.geteuid() != 0:
        return skip("a key of another user is refused", "needs root, to give a file away")
    os.chown(f"{home}/keys/{key}.pem", NOBODY, NOBODY)
    code, _, err = call(home, *NOTICE)
    check("a key of another user is refused", code == DENIED and "another user" in err and "NOT recorded" in err, err)
    return None


def damaged_keys(base):
    home, key = new_home(base, "damaged")
    with open(f"{home}/keys/{key}.pem", "w", encoding="utf-8") as f:
        f.write("-----BEGIN PRIVATE KEY-----\n")
    for words in (CALL, ("evidence", "key"), ("evidence", "rotate"), ("warning", "issue", "--role", "local_regulator")):
        code, _, err = call(home, *words)
        check(f"damaged keys: {' '.join(words[:2])} is refused with the remedy", code == INVALID and "damaged" in err and
              "backup" in err, (code, err))
    for words in READERS[:-1]:
        code, _, err = call(home, *words)
        check(f"{' '.join(words)} needs no key", code == OK and "damaged" not in err, (code, err))
    code, r, err = call(home, "incident", "new", "--company", "Example Steel", "--kind", "earthquake", "--wait", "0")
    check("a notice that will not do costs no keys", code == INVALID and r["faults"] and os.listdir(f"{home}/keys") and
          "ATTENTION" not in err, (code, r, err))
    code, r, err = call(home, *NOTICE, "--quiet")
    keys = r.get("keys", {})
    check("a notice is recorded all the same, by a new key", code == QUEUED and keys["state"] == "replaced" and keys["key"] != key,
          (code, r, err))
    check("which is said even to --quiet, with whom to tell", err.startswith("ATTENTION") and keys["key"] in err and
          "by telephone" in err, err)
    aside = keys["set_aside"]
    check("the damaged keys are set aside as they were", re.fullmatch(r".*/keys-damaged-\d{8}T\d{6}Z", aside) and
          set(os.listdir(aside)) == {"first", f"{key}.pem"}, aside)
    code, r, err = call(home, "incident", "status", "latest")
    check("the incident's history says so too", keys["note"] == r["history"][0]["detail"]["keys"], r["history"])
    code, r, err = call(home, "evidence", "key")
    check("and from then on it is the home's key", code == OK and r["key"] == keys["key"] and "ATTENTION" not in err, (r, err))


def lost_keys(base):
    home, key = new_home(base, "lost")
    shutil.move(f"{home}/keys", f"{base}/backup")
    code, r, err = call(home, *NOTICE)
    check("where the keys are gone and signed records are there, a new key is not made in silence", code == QUEUED and
          r["keys"]["state"] == "lost" and r["keys"]["key"] != key and "ATTENTION" in err and "backup" in err, (r, err))
    shutil.rmtree(f"{home}/keys")
    code, r, err = call(home, "evidence", "key")
    check("by whatever command", code == OK and "ATTENTION" in err and r["key"] in err, (r, err))
    _, _, err = call(home, *NOTICE, language="zh")
    check("once", "ATTENTION" not in err and "注意" not in err, err)


# --- disks ---------------------------------------------------------------------------------------

def own_mounts():
    """In a mount namespace of this process' own. Not by one of users: root's folders would be strangers' in it, and the
    program trusts no home beneath those."""
    return os.geteuid() == 0 and LIBC.unshare(CLONE_NEWNS) == 0 and LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) == 0


def remount(disk, flags):
    if LIBC.mount(None, disk.encode(), None, MS_REMOUNT | flags, None) != 0:
        raise OSError(ctypes.get_errno(), "remount")


def fill(disk):
    with open(f"{disk}/filler", "wb", buffering=0) as f:
        try:
            while f.write(b"\0" * 4096):
                pass
        except OSError:
            pass


def plain(err):
    """No words of the library's own, which help nobody."""
    return not re.search("disk I/O|readonly database|unable to open|database or disk", err)


def barred(what, home, code_wanted, status, words):
    for reader in READERS:
        code, r, err = call(home, *reader)
        check(f"{what}: {' '.join(reader)} answers, and says once that it only reads", code == OK and err.count(words) == 1 and
              plain(err), (code, r, err))
        check("and in its JSON, where it is a list or an incident", reader[0] == "evidence" or
              r.get("read_only", {}).get("status") == status, r)
    for writer in WRITERS:
        code, r, err = call(home, *writer)
        check(f"{what}: {' '.join(writer[:2])} says which file and why", code == code_wanted and f"{home}/tocsin.db" in err and
              err.count(words) == 1 and plain(err) and r["error"]["status"] == status, (code, r, err))
    _, _, err = call(home, *NOTICE)
    check(f"{what}: a notice that is not recorded says so", "NOT recorded" in err and "Telephone" in err, err)
    _, r, err = call(home, *NOTICE, language="zh")
    check(f"{what}: in Chinese too", "首报未能记录" in err and not re.search("cannot be|nothing new", err), err)


def bad_disks(base):
    name = "a disk that is full or read-only"
    if not own_mounts():
        return skip(name, "needs root, to mount a small one (tests/unit/store tries the database alone without)")
    disk = f"{base}/disk"
    os.mkdir(disk, 0o700)
    if LIBC.mount(b"tmpfs", disk.encode(), b"tmpfs", 0, b"size=2m,mode=0700") != 0:
        return skip(name, "a small file system cannot be mounted here")
    try:
        full_and_read_only(disk)
    finally:
        LIBC.umount2(disk.encode(), 2)
    return None


def full_and_read_only(disk):
    home, _ = new_home(disk, "home")
    fill(disk)
    barred("on a full disk", home, FAILED, "no-space", "the disk is full")
    code, _, err = call(f"{disk}/other", *NOTICE)
    check("on a full disk no new home is made", code == FAILED and "NOT recorded" in err and plain(err), (code, err))
    os.unlink(f"{disk}/filler")
    code, r, err = call(home, *NOTICE)
    check("once there is room again, a notice is recorded", code == QUEUED and r["keys"]["state"] == "kept", (code, r, err))
    remount(disk, MS_RDONLY)
    barred("on a read-only file system", home, DENIED, "not-allowed", "the file system is read-only")
    code, _, err = call(f"{disk}/none", *NOTICE)
    check("on a read-only file system no home is made", code == DENIED and "NOT recorded" in err, (code, err))
    remount(disk, 0)
    code, _, err = call(home, *NOTICE)
    check("once it is writable again, a notice is recorded", code == QUEUED, (code, err))


def closed_folder(base):
    as_nobody = for_plain_user(base) if os.geteuid() == 0 else None
    place = f"{base}/closed"
    os.mkdir(place, 0o700)
    if as_nobody:
        os.chown(place, NOBODY, NOBODY)
    home = f"{place}/home"
    call(home, *NOTICE, as_nobody=as_nobody)
    os.chmod(home, 0o500)
    code, r, err = call(home, "clock", "list", as_nobody=as_nobody)
    check("in a folder that may not be written in, the clocks still show", code == OK and r["clocks"] and
          r["read_only"]["status"] == "not-allowed", (code, r, err))
    code, _, err = call(home, *NOTICE, as_nobody=as_nobody)
    check("and a notice is refused as not allowed", code == DENIED and "may not write there" in err and "NOT recorded" in err,
          (code, err))
    os.chmod(place, 0o500)
    code, _, err = call(f"{place}/new", *NOTICE, as_nobody=as_nobody)
    check("so is a home that may not be made", code == DENIED and "NOT recorded" in err, (code, err))
    code, _, err = call(f"{home}/tocsin.db/none", *NOTICE, as_nobody=as_nobody)
    check("and one in the place of a file is no valid name", code == INVALID and "NOT recorded" in err, (code, err))
    os.chmod(place, 0o700)
    os.chmod(home, 0o700)


# --- another process -----------------------------------------------------------------------------

def held(base):
    home, _ = new_home(base, "held")
    holder = sqlite3.connect(f"{home}/tocsin.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    code, r, err = call(home, *NOTICE)
    check("who holds the database is named, and what to do", code == FAILED and f"process {os.getpid()})" in err and
          "try again" in err and "NOT recorded" in err, (code, r, err))
    code, r, err = call(home, "clock", "list")
    check("the clocks show meanwhile", code == OK and r["clocks"] and "read_only" not in r, (code, r, err))
    _, _, err = call(home, *CALL, language="zh")
    check("in Chinese too", "占用" in err and "another" not in err, err)
    holder.execute("ROLLBACK")
    holder.close()
    code, r, err = call(home, *NOTICE)
    check("once it lets go, a notice is recorded", code == QUEUED, (code, r, err))


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-bad-days-") as base:
        if os.geteuid() == 0:
            os.chmod(base, 0o711)
        loose_keys(base)
        damaged_keys(base)
        lost_keys(base)
        closed_folder(base)
        held(base)
        bad_disks(base)
    print(f"1..{len(RESULTS)}")
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())

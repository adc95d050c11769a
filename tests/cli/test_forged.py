#!/usr/bin/env python3
"""Records that somebody laid into a state folder: drill undo, run and plan believe none of them, whoever calls and
whosever the files are. As root every check is made twice: by root, and by a plain user. Printed as TAP."""
import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

from program import for_plain_user

PROGRAM = os.environ["TOCSIN"]
DENIED = 4  # the exit code
ID = "01a21f88-4b7e-7831-8d2a-675c671e852f"
DRILL_UID = 2113930878
PLAIN = 4711
RESULTS = []


def check(name, holds, shown=""):
    RESULTS.append(holds)
    if not holds:
        print(f"# {shown!r}"[:1500])
    print(f"{'ok' if holds else 'not ok'} {len(RESULTS)} - {name}", flush=True)


class Caller:
    """Somebody, with a folder of his own."""

    def __init__(self, base, uid):
        self.uid, self.name = uid, "root" if uid == 0 else "a plain user"
        self.folder = f"{base}/of-{uid}"
        self.home = f"{self.folder}/home"
        self.program = PROGRAM if uid == os.geteuid() else for_plain_user(base)
        os.mkdir(self.folder, 0o755)
        os.chown(self.folder, uid, uid)

    def call(self, *words):
        as_user = {} if self.uid == os.geteuid() else {"user": self.uid, "group": self.uid, "extra_groups": []}
        done = subprocess.run([self.program, *words, "--home", self.home, "--json"], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=240, cwd="/", env={**os.environ, "HOME": self.folder}, **as_user)
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def own(self, path):
        for at in [path, *pathlib.Path(path).rglob("*")]:
            os.chown(at, self.uid, self.uid)

    def documents(self, name, owner=None):
        """What a forged record is after: files of the caller's own, or of a drill's uid."""
        folder = f"{self.folder}/{name}"
        os.mkdir(folder, 0o700)
        for file in ("contract.docx", "thesis.txt"):
            pathlib.Path(folder, file).write_text("the only copy of " + file, encoding="utf-8")
        self.own(folder)
        for at in [folder, *pathlib.Path(folder).iterdir()] if owner is not None else []:
            os.chown(at, owner, owner)
        return folder


def text(s):
    return struct.pack("<H", len(s.encode())) + s.encode()


def forge(arena, drill, inodes, owner=None):
    """A whole manifest over what lies in `arena`, with its closing hash; as a plan, without inodes, or as of nothing."""
    st = os.stat(arena)
    uid = st.st_uid if owner is None else owner
    names = sorted(os.listdir(arena))
    inode = st.st_ino if names else 0
    b = b"TOCSIN-MANIFEST-1\n" + text(drill) + struct.pack("<QQII", st.st_dev, inode, uid, uid) + text(arena)
    b += struct.pack("<III", 1 if names else 0, 0, len(names))
    if names:
        b += struct.pack("<qI", 0, len(names))
    for name in names:
        content = pathlib.Path(arena, name).read_bytes()
        whole = hashlib.sha256(content).digest()
        b += struct.pack("<I", 0xFFFFFFFF) + text(name) + struct.pack("<BII", 0, 0, 0)
        b += struct.pack("<I", 0o600)
        if inodes:
            b += struct.pack("<QQ", len(content), os.stat(f"{arena}/{name}").st_ino) + whole
            b += struct.pack("<IQQ", 1, 0, 1) + whole[:16]
        else:
            b += struct.pack("<QQ", 0, 0) + bytes(32) + struct.pack("<I", 0)
    return b + hashlib.sha256(b).digest()


def state(folder):
    """All that must not change; ctime tells of every try."""
    def one(path):
        st = os.lstat(path)
        return (st.st_ino, st.st_mode, st.st_uid, st.st_gid, st.st_nlink, st.st_size, st.st_mtime_ns, st.st_ctime_ns)
    return {str(p): one(p) for p in [pathlib.Path(folder), *pathlib.Path(folder).rglob("*")]}


def lay(who, name, record):
    folder = f"{who.home}/drills/{ID}"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for other in ("manifest", "planting"):
        pathlib.Path(folder, other).unlink(missing_ok=True)
    pathlib.Path(folder, name).write_bytes(record)
    for at in (who.home, f"{who.home}/drills"):
        os.chmod(at, 0o700)
    who.own(who.home)


def refused(who, what, folder):
    before = state(folder)
    for words in (("undo", ID), ("undo", ID, "--dry-run")):
        code, out, err = who.call("drill", *words)
        said = out + err
        check(f"{who.name}: {' '.join(words[::2])} refuses {what} and says which file it is and that nothing was touched",
              code == DENIED and f"drills/{ID}/" in said and "Nothing was touched" in said, (code, out, err))
        check(f"{who.name}: the refusal of {what} does not pass on where the forger points", folder not in said, said)
    check(f"{who.name}: {what} changed nothing at all", state(folder) == before, "")


def forged(who, key):
    """With no key in the home, and with one: a forger who has neither read nor made it."""
    for name, inodes in (("manifest", True), ("planting", False)):
        folder = who.documents(f"documents-{name}-{key}")
        record = forge(folder, ID, inodes)
        lay(who, name, record)
        refused(who, f"a forged {name} {key}", folder)
        lay(who, name, record + b"TOCSIN-SEAL-1\n" + bytes(32))
        refused(who, f"a forged {name} with a made-up seal {key}", folder)
    inbox = f"{who.folder}/inbox-{key}"
    os.mkdir(inbox, 0o700)
    who.own(inbox)
    lay(who, "planting", forge(inbox, ID, False, DRILL_UID if who.uid == 0 else None))
    refused(who, f"the beginning of a planting that names an empty folder {key}", inbox)
    if who.uid == 0:
        of_drill = who.documents(f"of-a-drill-{key}", DRILL_UID)
        lay(who, "manifest", forge(of_drill, ID, True))
        refused(who, f"a manifest over another drill's files {key}", of_drill)
    shutil.rmtree(f"{who.home}/drills/{ID}")


def brought_along(who):
    """A whole state folder from somewhere else, with key and records that fit each other."""
    arena, folder = f"{who.folder}/arena", f"{who.folder}/elsewhere"
    code, out, err = who.call("drill", "plant", "quick", "--decoys", "10", "--arena", arena)
    drill = json.loads(out).get("id")
    check(f"{who.name}: plants", code == 0 and drill is not None, (code, out, err))
    mode = os.stat(f"{who.home}/drills/seal.key").st_mode & 0o7777
    check(f"{who.name}: the key of the seals is the owner's alone", mode == 0o600, oct(mode))
    os.rename(who.home, folder)
    subprocess.run(["cp", "-a", folder, who.home], check=True)
    before = state(arena)
    code, out, err = who.call("drill", "undo", drill)
    check(f"{who.name}: a copy of a state folder undoes nothing", code == DENIED and "is a copy" in out + err, (code, out, err))
    code, out, err = who.call("drill", "run", "quick", "--arena", arena, "--yes", "--rate", "unlimited")
    check(f"{who.name}: a copy of a state folder runs nothing in the arena", code == DENIED and "is a copy" in out + err,
          (code, out, err))
    shutil.rmtree(who.home)
    os.rename(folder, who.home)
    os.rename(f"{who.home}/drills/seal.key", f"{who.folder}/kept")
    code, out, err = who.call("drill", "undo", drill)
    check(f"{who.name}: without its key a state folder undoes nothing, and says how to go on",
          code == DENIED and "seal.key" in out + err and "rm -r" in out + err, (code, out, err))
    check(f"{who.name}: the arena is untouched so far", state(arena) == before, "")
    os.rename(f"{who.folder}/kept", f"{who.home}/drills/seal.key")
    code, out, err = who.call("drill", "undo", drill)
    check(f"{who.name}: the state folder that planted undoes", code == 0 and json.loads(out)["verified"] is True, (code, out, err))
    check(f"{who.name}: the arena is gone", not os.path.exists(arena), "")


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-forged-", dir="/var/tmp") as base:
        os.chmod(base, 0o755)
        for uid in [0, PLAIN] if os.geteuid() == 0 else [os.geteuid()]:
            who = Caller(base, uid)
            forged(who, "without a key")
            brought_along(who)
            forged(who, "beside a key")
    print(f"1..{len(RESULTS)}")
    return 0 if all(RESULTS) else 1


sys.exit(main())

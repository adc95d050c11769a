"""The real program under faults: plant, remember every hash, kill something, undo, compare.

Used by test_kills.py (short form) and run (long form). Never touches anything outside the folder that
it is given.
"""
import hashlib
import json
import os
import signal
import stat
import subprocess
import time


class Broken(Exception):
    """What was promised does not hold; the text says what."""


PIECE = 1 << 16


def hash_file(path):
    """Of size and content; pieces that are all zero cost nothing, whether they are holes or not."""
    h = hashlib.sha256()
    zero = bytes(PIECE)
    with open(path, "rb") as f:
        size = os.fstat(f.fileno()).st_size
        h.update(str(size).encode())
        at = 0
        while at < size:
            try:
                at = os.lseek(f.fileno(), at, os.SEEK_DATA) // PIECE * PIECE
            except OSError:
                break
            piece = os.pread(f.fileno(), PIECE, at)
            if piece != zero[:len(piece)]:
                h.update(f"@{at}:".encode())
                h.update(piece)
            at += PIECE
    return h.hexdigest()


def hash_tree(folder):
    """Relative path to content hash, for every regular file."""
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            found[os.path.relpath(path, folder)] = hash_file(path)
    return found


def snapshot(folder):
    """All that can be known of a tree without reading access times."""
    found = {}
    for top, folders, names in os.walk(folder):
        for name in folders + names + ["."]:
            path = os.path.join(top, name)
            st = os.lstat(path)
            content = hash_file(path) if stat.S_ISREG(st.st_mode) else ""
            found[os.path.relpath(path, folder)] = (
                st.st_mode, st.st_uid, st.st_gid, st.st_nlink, st.st_size, st.st_mtime_ns,
                st.st_ctime_ns, content)
    return found


def make_outside(folder):
    """A user's folder beside the arena, which must stay as it is."""
    os.makedirs(os.path.join(folder, "accounts", "2025"))
    for i in range(8):
        with open(os.path.join(folder, "accounts", "2025", f"ledger-{i}.csv"), "wb") as f:
            f.write(os.urandom(5000 + 977 * i))
    os.link(os.path.join(folder, "accounts", "2025", "ledger-0.csv"), os.path.join(folder, "second-name"))
    os.symlink("accounts", os.path.join(folder, "link"))


class Rig:
    """One home and one arena in `folder`, which exists and is empty or holds an earlier rig's."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.home = os.path.join(folder, "home")
        self.arena = os.path.join(folder, "arena")
        self.id = None
        self.planted = {}

    def command(self, *words):
        return [self.program, "--home", self.home, *words, "--json", "--quiet"]

    def start(self, *words, fault=None):
        environment = dict(os.environ)
        environment.pop("TOCSIN_FAULT", None)
        if fault:
            environment["TOCSIN_FAULT"] = fault
        return subprocess.Popen(self.command(*words), env=environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def call(self, *words, fault=None, limit=300):
        """(exit status, stdout as JSON or None, stderr)"""
        process = self.start(*words, fault=fault)
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired as late:
            process.kill()
            process.communicate()
            raise Broken(f"{' '.join(words[:2])} did not end within {limit} s") from late
        try:
            value = json.loads(out) if out.strip() else None
        except ValueError:
            value = None
        return process.returncode, value, err.decode(errors="replace").strip()

    def plant(self, scenario, n_decoys, fault=None):
        code, value, err = self.call("drill", "plant", scenario, "--arena", self.arena, "--decoys",
                                     str(n_decoys), fault=fault)
        if code == 0:
            self.id = value["id"]
            self.planted = hash_tree(self.arena)
        elif not fault:
            raise Broken(f"plant: {code} {err}")
        return code

    def find_id(self):
        """The only drill of the home: a killed command could not print it."""
        drills = os.path.join(self.home, "drills")
        ids = [n for n in os.listdir(drills) if os.path.isdir(os.path.join(drills, n))] if os.path.isdir(drills) else []
        self.id = ids[0] if len(ids) == 1 else None
        return self.id

    def run_words(self, scenario, *more):
        return ("drill", "run", scenario, "--planted", self.id, "--yes", *more)

    def compare(self, must_be_all):
        """Every decoy that is at its name has the planted content."""
        now = hash_tree(self.arena) if os.path.isdir(self.arena) else {}
        wrong = [p for p, h in self.planted.items() if p in now and now[p] != h]
        missing = [p for p in self.planted if p not in now]
        if wrong:
            raise Broken(f"{len(wrong)} decoys differ, the first is {wrong[0]}")
        if must_be_all and missing:
            raise Broken(f"{len(missing)} decoys are missing, the first is {missing[0]}")
        return now

    def undo_and_compare(self, nothing_removed_yet):
        """Ends undo between restoring and removing, compares, and lets it finish."""
        code, _, err = self.call("drill", "undo", self.id, fault="undo_journal:1:kill")
        if code != -signal.SIGKILL:
            raise Broken(f"undo, to be ended before it removes: {code} {err}")
        self.compare(nothing_removed_yet)
        self.undo()

    def undo_after_kill(self, fault):
        """The first undo is killed at the fault point; what it left is not further off than before."""
        code, _, err = self.call("drill", "undo", self.id, fault=fault)
        if code == 0:
            raise Broken(f"undo did not meet {fault}: {err}")
        self.call("drill", "undo", self.id, fault="undo_journal:1:kill")
        self.compare(False)
        self.undo()

    def undo(self):
        code, value, err = self.call("drill", "undo", self.id)
        if code != 0 or not value or not value["verified"]:
            raise Broken(f"undo: {code} {value} {err}")
        if os.path.lexists(self.arena):
            raise Broken(f"undo left the arena: {sorted(hash_tree(self.arena))[:3]}")
        code, value, err = self.call("drill", "undo", self.id)
        if code != 0 or value["restored"] != 0 or value["removed"] != 0 or not value["verified"]:
            raise Broken(f"the second undo: {code} {value} {err}")


def family(pid):
    """A process and its children, in the order of their start."""
    pids = [pid]
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        for task in tasks:
            with open(f"/proc/{pid}/task/{task}/children") as f:
                pids += [int(p) for p in f.read().split()]
    except (FileNotFoundError, ProcessLookupError, OSError):
        pass
    return pids


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm") as f:
            return f.read().strip()
    except OSError:
        return "?"


def kill_one(dice, process, delay_s):
    """Waits, then ends one process of the family that was started here. Its name, or None: too late."""
    deadline = time.monotonic() + delay_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return None
        time.sleep(min(0.002, max(0.0, deadline - time.monotonic())))
    names = {pid: name_of(pid) for pid in family(process.pid)}
    weights = [1 if name == "tocsin-witness" else 3 for name in names.values()]
    pid = dice.choices(list(names), weights)[0]
    name = names[pid]
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return None
    return name

"""Power cuts: a drill on a file system whose disk is recorded, and the disk of any moment made again.

What a disk with a write cache promises: everything that it was sent before a flush that it answered is
there; of what came after that flush any part may be there, write by write, and of a write any of its
sectors of 512 bytes. So for a cut after flush k: all writes up to flush k, and of the writes up to flush
k + 1 a random part, some of them torn.
"""
import contextlib
import os
import struct
import subprocess
import sys
import time

import rig

SECTOR = 512
FOREIGN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "foreign.py")
# Which part of the cuts falls into which stage: most of them during the attack. Where somebody else
# disturbs the order of writes, into what the attack and undo themselves write in a promised order.
SHARES = {"plant": 0.15, "run": 0.6, "undo": 0.25}
# There the file system does not bring content to the disk before the metadata that speaks of it either.
OPTIONS_FOREIGN = "data=writeback"
SHARES_FOREIGN = {"plant": 3 / 30, "run": 10 / 30, "undo": 17 / 30}
IMAGE_BYTES = 2 << 30 # a drill keeps 1 GiB free


def call(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def quietly(*words):
    subprocess.run(words, check=False, capture_output=True)


class Mounted:
    """An image, or the recorder's file, behind a loop device, mounted at `folder`."""

    def __init__(self, image, folder, options="defaults"):
        self.folder = folder
        self.device = call("losetup", "--find", "--show", image)
        try:
            call("mount", "-t", "ext4", "-o", options, self.device, folder)
        except subprocess.CalledProcessError as why:
            self.detach()
            raise rig.Broken(f"the file system does not mount: {why.stderr.strip()}") from why

    def detach(self):
        """Waits until the device has let go: a role that was just killed may hold the file system in a
        mount namespace of its own for a moment longer, and what it still writes belongs to this image."""
        quietly("losetup", "--detach", self.device)
        backing = f"/sys/block/{os.path.basename(self.device)}/loop/backing_file"
        deadline = time.monotonic() + 120
        while os.path.exists(backing):
            if time.monotonic() > deadline:
                raise rig.Broken(f"{self.device} does not let go of its image")
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _ in range(300):
            if subprocess.run(["umount", self.folder], check=False, capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        else:
            quietly("umount", "--lazy", self.folder)
        self.detach()


class Recording:
    """The disk as it was made, and the log of all that it was sent."""

    def __init__(self, recorder, folder):
        self.recorder = recorder
        self.base = os.path.join(folder, "base.img")
        self.disk = os.path.join(folder, "disk.img")
        self.log = os.path.join(folder, "log")
        self.served = os.path.join(folder, "served")
        self.process = None
        self.entries = []  # (kind, offset, length, place of the bytes in the log)

    def start(self):
        os.mkdir(self.served)
        with open(self.disk, "wb") as f:
            f.truncate(IMAGE_BYTES)
        call("mkfs.ext4", "-q", "-b", "4096", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0",
             self.disk)
        call("cp", "--sparse=always", self.disk, self.base)
        self.process = subprocess.Popen([self.recorder, self.served, self.disk, self.log])
        deadline = time.monotonic() + 120
        while self.process.poll() is None and time.monotonic() < deadline:
            if os.path.exists(os.path.join(self.served, "disk")):
                return
            time.sleep(0.02)
        raise rig.Broken("the recorder did not start")

    def stop(self):
        if self.process is None:
            return
        quietly("umount", self.served)
        try:
            self.process.wait(timeout=120)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process = None

    def mark(self, mounted):
        """Everything so far is on the disk; the number of log bytes so far."""
        call("sync", "--file-system", mounted.folder)
        return os.path.getsize(self.log)

    def read(self):
        with open(self.log, "rb") as f:
            size = os.fstat(f.fileno()).st_size
            at = 0
            while at < size:
                kind = os.pread(f.fileno(), 1, at)
                if kind == b"F":
                    self.entries.append(("F", 0, 0, at))
                    at += 1
                    continue
                offset, length = struct.unpack("<QI", os.pread(f.fileno(), 12, at + 1))
                self.entries.append(("W", offset, length, at + 13))
                at += 13 + length

    def flushes(self, first_byte, end_byte):
        return [i for i, x in enumerate(self.entries) if x[0] == "F" and first_byte <= x[3] < end_byte]


class Replay:
    """Makes the disk of one cut after the other, in rising order."""

    def __init__(self, recording, folder):
        self.recording = recording
        self.durable = os.path.join(folder, "durable.img")
        self.folder = folder
        self.done = 0
        call("cp", "--sparse=always", recording.base, self.durable)
        self.log_fd = os.open(recording.log, os.O_RDONLY)

    def close(self):
        os.close(self.log_fd)

    def write(self, fd, entry, dice=None):
        _, offset, length, at = entry
        content = os.pread(self.log_fd, length, at)
        if dice is None:
            os.pwrite(fd, content, offset)
            return
        for start in range(0, length, SECTOR):
            if dice.random() < 0.5:
                os.pwrite(fd, content[start:start + SECTOR], offset + start)

    def cut(self, flush, dice):
        """(image, how many writes after the flush are in it, how many of them torn). The image is a
        file of its own for each cut."""
        image = os.path.join(self.folder, f"cut-{flush}.img")
        entries = self.recording.entries
        fd = os.open(self.durable, os.O_WRONLY)
        for i in range(self.done, flush):
            if entries[i][0] == "W":
                self.write(fd, entries[i])
        os.close(fd)
        self.done = flush
        call("cp", "--sparse=always", self.durable, image)
        share = dice.choice([0.0, 0.2, 0.5, 0.8, 1.0])
        torn_share = dice.choice([0.0, 0.2, 0.6])
        n_late = n_torn = 0
        fd = os.open(image, os.O_WRONLY)
        for i in range(flush + 1, len(entries)):
            if entries[i][0] == "F":
                break
            if dice.random() >= share:
                continue
            torn = dice.random() < torn_share
            self.write(fd, entries[i], dice if torn else None)
            n_late += 1
            n_torn += torn
        os.close(fd)
        return image, n_late, n_torn


@contextlib.contextmanager
def foreign_syncs(folder, seed):
    """While this lasts somebody else pushes files below `folder` to the disk at odd times. No seed: nobody."""
    if seed is None:
        yield
        return
    process = subprocess.Popen([sys.executable, FOREIGN, folder, str(seed)])
    try:
        yield
        if process.poll() is not None:
            raise rig.Broken(f"the foreign process ended by itself with {process.returncode}")
    finally:
        process.kill()
        process.wait()


def record(recorder, program, folder, mount_point, scenario, n_decoys, foreign_seed=None):
    """Plants, runs and undoes a drill on a recorded disk: (recording, rig, places in the log)."""
    recording = Recording(recorder, folder)
    try:
        recording.start()
        options = "defaults" if foreign_seed is None else OPTIONS_FOREIGN
        with Mounted(os.path.join(recording.served, "disk"), mount_point, options) as mounted:
            os.chmod(mount_point, 0o755)
            r = rig.Rig(program, mount_point)
            places = [recording.mark(mounted)]
            with foreign_syncs(mount_point, foreign_seed):
                r.plant(scenario, n_decoys)
                places.append(recording.mark(mounted))
                # At a pace at which intents, changes and write-back of the file system interleave.
                code, _, err = r.call(*r.run_words(scenario, "--rate", "60"))
                if code != 0:
                    raise rig.Broken(f"run: {code} {err}")
                places.append(recording.mark(mounted))
                r.undo()
            places.append(recording.mark(mounted))
    finally:
        recording.stop()
    recording.read()
    return recording, r, places


def one_cut(image, mount_point, r, stage):
    """Mounts the disk of the cut, as after a restart, and undoes the drill with the real program."""
    with Mounted(image, mount_point):
        if stage == "plant":
            if r.find_id():
                r.undo()
            elif os.path.lexists(r.arena):
                raise rig.Broken("an arena is left and no drill tells of it")
            return
        before = os.path.isdir(r.arena)
        code, value, err = r.call("drill", "undo", r.id, fault="undo_journal:1:kill")
        if code == 0 and stage == "undo":  # it had come to its end already, and says what is so
            if os.path.lexists(r.arena) or not value or not value["verified"]:
                raise rig.Broken(f"undo has nothing to do, but the arena is there or not proven: {value} {err}")
            return
        if code >= 0:
            raise rig.Broken(f"undo, to be ended before it removes: {code} {value} {err}")
        if before:
            r.compare(stage == "run")
        r.undo()


def cuts_of(recording, places, n_cuts, dice, shares):
    """(flush, stage) in rising order."""
    chosen = []
    for i, (stage, share) in enumerate(shares.items()):
        flushes = recording.flushes(places[i], places[i + 1])
        n = min(len(flushes), max(1, round(n_cuts * share)))
        chosen += [(f, stage) for f in sorted(dice.sample(flushes, n))]
    return chosen


def scenario_cuts(recorder, program, folder, scenario, n_decoys, n_cuts, dice, tell, foreign=False):
    """Number of cuts made; raises Broken with the cut's description."""
    mount_point = os.path.join(folder, "mnt")
    os.mkdir(mount_point, 0o755)
    seed = dice.randrange(1 << 32) if foreign else None
    recording, r, places = record(recorder, program, folder, mount_point, scenario, n_decoys, seed)
    n_writes = sum(1 for x in recording.entries if x[0] == "W")
    n_undo = len(recording.flushes(places[2], places[3]))
    tell(f"{scenario}: {n_writes} writes and {len(recording.entries) - n_writes} flushes recorded, "
         f"{n_undo} of the flushes during undo")
    shares = SHARES_FOREIGN if foreign else SHARES
    replay = Replay(recording, folder)
    drill_id = r.id
    n_made = 0
    try:
        for flush, stage in cuts_of(recording, places, n_cuts, dice, shares):
            image, n_late, n_torn = replay.cut(flush, dice)
            call("cp", "--sparse=always", image, image + ".before-undo") # kept where it fails
            r.id = drill_id
            try:
                one_cut(image, mount_point, r, stage)
            except rig.Broken as why:
                raise rig.Broken(f"{scenario}, cut after flush {flush} ({stage}; {n_late} later writes, "
                                 f"{n_torn} torn): {why}") from why
            os.unlink(image)
            os.unlink(image + ".before-undo")
            n_made += 1
            if n_made % 10 == 0:
                tell(f"{scenario}: {n_made} cuts undone")
    finally:
        replay.close()
    return n_made

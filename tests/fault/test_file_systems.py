#!/usr/bin/env python3
"""Each file system that an arena may lie on, made on a loop device: plant, run, remount, undo, compare. And
every place where an arena may not lie is refused before anything is made, with a sentence that says why.
Printed as TAP. Root only; what this kernel or this system lacks is skipped with its name.

TOCSIN names the program, built with fault points. TEST_SLOW runs every scenario on every file system.
"""
import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rig  # noqa: E402

PROGRAM = os.environ["TOCSIN"]
RECORDER = os.path.join(os.path.dirname(PROGRAM), "tests", "fault", "recorder")
PRIVATE = "TOCSIN_TEST_HAS_MOUNTS_OF_ITS_OWN"
IMAGE_BYTES = 3 << 30  # sparse; a drill keeps 1 GiB free
N_DECOYS = 16
DENIED = 4  # the exit code
# One for each way of writing: in place, in pieces, to a new file, under a new name first.
SHORT = ["quick", "alternate-16", "copy-then-destroy", "rename-first"]
# name, mkfs, mount options, whether in a subvolume
KINDS = [
    ("ext4", ["mkfs.ext4", "-q", "-F"], "", False),
    ("ext4 with blocks of 1 KiB and without a journal",
     ["mkfs.ext4", "-q", "-F", "-b", "1024", "-O", "^has_journal"], "", False),
    ("xfs", ["mkfs.xfs", "-q", "-f"], "", False),
    ("btrfs", ["mkfs.btrfs", "-q", "-f"], "", False),
    ("btrfs, compressed, in a subvolume", ["mkfs.btrfs", "-q", "-f"], "compress-force=zstd", True),
]


class Missing(Exception):
    """What this machine lacks."""


def tell_reason(done):
    lines = (done.stderr or done.stdout).strip().splitlines()
    return lines[0] if lines else f"exit status {done.returncode}"


def need(*words):
    """Runs it; where it is not there or does not do it, this machine cannot show the case."""
    if shutil.which(words[0]) is None:
        raise Missing(f"{words[0]} is not installed")
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Missing(f"{words[0]}: {tell_reason(done)}")


def unmount(folder):
    """A role that was just ended may hold the file system a moment longer in its own namespace."""
    for _ in range(300):
        if subprocess.run(["umount", folder], check=False, capture_output=True).returncode == 0:
            return
        time.sleep(0.1)
    raise rig.Broken(f"{folder} stays busy")


def mount_image(image, folder, kind, options):
    # The loop device goes with the mount, also where this test is killed.
    need("mount", "-t", kind.split()[0].rstrip(","), "-o", ",".join(filter(None, ["loop", options])), image, folder)


def wait_for_loop(image):
    for _ in range(300):
        done = subprocess.run(["losetup", "-j", image], check=False, capture_output=True, text=True)
        if not done.stdout.strip():
            return
        time.sleep(0.1)
    raise rig.Broken(f"{image} stays in use")


@contextlib.contextmanager
def mounted(top, kind, mkfs, options):
    image, folder = os.path.join(top, "image"), os.path.join(top, "mounted")
    with open(image, "wb") as f:
        f.truncate(IMAGE_BYTES)
    os.mkdir(folder)
    need(*mkfs, image)
    mount_image(image, folder, kind, options)
    try:
        yield image, folder
    finally:
        unmount(folder)


def one_drill(folder, image, kind, options, scenario):
    """The home lies on the tests' own disk: what the arena's file system loses, undo still knows."""
    top = os.path.dirname(image)
    r = rig.Rig(PROGRAM, tempfile.mkdtemp(prefix="home-", dir=top))
    r.arena = os.path.join(folder, "arena")
    outside = os.path.join(folder, "outside")
    rig.make_outside(outside)
    before = rig.snapshot(outside)
    r.plant(scenario, N_DECOYS)
    code, value, err = r.call(*r.run_words(scenario, "--rate", "unlimited"))
    if code != 0 or not value or value["files_changed"] == 0 or value["outside_changes"] != 0:
        raise rig.Broken(f"run: {code} {value} {err}")
    changed = rig.hash_tree(r.arena)
    if all(changed.get(p) == h for p, h in r.planted.items()):
        raise rig.Broken("the run says that it changed decoys, and none differs")
    mount = os.path.join(top, "mounted")
    unmount(mount)
    wait_for_loop(image)
    mount_image(image, mount, kind, options)
    if rig.hash_tree(r.arena) != changed:
        raise rig.Broken("what the run wrote is not what the disk holds")
    r.undo_and_compare(True)
    if rig.snapshot(outside) != before:
        raise rig.Broken("something outside changed")
    left = sorted(n for n in os.listdir(folder) if n not in ("outside", "lost+found"))
    if left:
        raise rig.Broken(f"left behind: {left}")
    shutil.rmtree(outside)


def drills_on(top, kind, mkfs, options, volume):
    with mounted(top, kind, mkfs, options) as (image, folder):
        if volume:
            folder = os.path.join(folder, "volume")
            need("btrfs", "subvolume", "create", folder)
        scenarios = SHORT
        if os.environ.get("TEST_SLOW"):
            found = pathlib.Path(__file__).resolve().parents[2].glob("scenarios/*.yaml")
            scenarios = sorted(p.stem for p in found if p.stem != "benign-twin")
        for scenario in scenarios:
            try:
                one_drill(folder, image, kind, options, scenario)
            except rig.Broken as why:
                raise rig.Broken(f"{scenario}: {why}") from why


# --- refusals ---


def refuse(top, arena, *wanted):
    """Planning and planting are refused with these words, and nothing is made."""
    home = os.path.join(top, "state", "home")
    parent = os.path.dirname(arena)
    os.makedirs(os.path.join(top, "state"), 0o700)
    before = sorted(os.listdir(parent))
    for verb in ("plan", "plant"):
        done = subprocess.run([PROGRAM, "--home", home, "drill", verb, "quick", "--arena", arena], check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if done.returncode != DENIED:
            raise rig.Broken(f"{verb}: exit status {done.returncode}: {done.stdout}{done.stderr}")
        for words in wanted:
            if words not in done.stderr:
                raise rig.Broken(f"{verb} does not say '{words}': {done.stderr}")
    if sorted(os.listdir(parent)) != before:
        raise rig.Broken(f"something was made in {parent}")


def on_overlay(top):
    for name in ("lower", "upper", "work", "merged"):
        os.mkdir(os.path.join(top, name))
    merged = os.path.join(top, "merged")
    need("mount", "-t", "overlay", "overlay", "-o",
         f"lowerdir={top}/lower,upperdir={top}/upper,workdir={top}/work", merged)
    try:
        refuse(top, os.path.join(merged, "arena"), "kind overlay", "ext4, XFS or Btrfs")
    finally:
        unmount(merged)


def on_fuse(top):
    if not os.path.exists("/dev/fuse"):
        raise Missing("/dev/fuse is not there")
    served, disk = os.path.join(top, "served"), os.path.join(top, "disk")
    os.mkdir(served)
    with open(disk, "wb") as f:
        f.truncate(1 << 20)
    with subprocess.Popen([RECORDER, served, disk, os.path.join(top, "log")]) as server:
        try:
            for _ in range(6000):
                if os.path.exists(os.path.join(served, "disk")):
                    break
                if server.poll() is not None:
                    raise Missing("this kernel mounts no FUSE file system here")
                time.sleep(0.02)
            refuse(top, os.path.join(served, "arena"), "kind fuse", "ext4, XFS or Btrfs")
        finally:
            subprocess.run(["umount", served], check=False, capture_output=True)
            server.wait(timeout=120)


def on_memory(top):
    """ramfs: builds with fault points let a tmpfs pass, for tests of their own."""
    folder = os.path.join(top, "memory")
    os.mkdir(folder)
    need("mount", "-t", "ramfs", "-o", "mode=0755", "ramfs", folder)
    try:
        refuse(top, os.path.join(folder, "arena"), "kind ramfs")
    finally:
        unmount(folder)


def on_read_only(top):
    with mounted(top, "ext4", ["mkfs.ext4", "-q", "-F"], "") as (_, folder):
        need("mount", "-o", "remount,ro", folder)
        refuse(top, os.path.join(folder, "arena"), "mounted read-only")


def at_a_bind_mount(top):
    source, arena = os.path.join(top, "source"), os.path.join(top, "arena")
    os.mkdir(source, 0o700)
    os.mkdir(arena, 0o700)
    need("mount", "--bind", source, arena)
    try:
        refuse(top, arena, "something is mounted at", "an arena holds no mounts")
        if os.listdir(source):
            raise rig.Broken("something was made in the folder behind the mount")
    finally:
        unmount(arena)


def at_a_mount_below(top):
    arena = os.path.join(top, "arena")
    os.makedirs(os.path.join(arena, "below"), 0o700)
    need("mount", "--bind", arena, os.path.join(arena, "below"))
    try:
        refuse(top, arena, "something is mounted at")
    finally:
        unmount(os.path.join(arena, "below"))


def at_a_subvolume(top):
    """Its device number is another than that of the folder it lies in, and nothing is mounted."""
    with mounted(top, "btrfs", ["mkfs.btrfs", "-q", "-f"], "") as (image, folder):
        need("btrfs", "subvolume", "create", os.path.join(folder, "arena"))
        os.chmod(os.path.join(folder, "arena"), 0o700)
        one_drill(folder, image, "btrfs", "", "quick")


def at_a_link(top):
    os.mkdir(os.path.join(top, "real"), 0o700)
    os.symlink("real", os.path.join(top, "arena"))
    refuse(top, os.path.join(top, "arena"), "is a symbolic link")
    if os.listdir(os.path.join(top, "real")):
        raise rig.Broken("something was made behind the link")


REFUSALS = [
    ("an overlay is refused by its name", on_overlay),
    ("a FUSE file system is refused by its name", on_fuse),
    ("a file system in memory is refused by its name", on_memory),
    ("a file system that is read-only is refused", on_read_only),
    ("a bind mount is no arena", at_a_bind_mount),
    ("a folder with a mount below is no arena", at_a_mount_below),
    ("a symbolic link is no arena", at_a_link),
]


def drill_case(kind, mkfs, options, volume):
    return f"{kind}: a drill is undone bit-exactly after a remount", \
        lambda top: drills_on(top, kind, mkfs, options, volume)


def attempt(case):
    """'', a reason to skip, or what is wrong: (outcome, text)."""
    top = tempfile.mkdtemp(prefix="tocsin-fs-", dir=os.environ.get("TMPDIR", "/var/tmp"))
    try:
        case(top)
        return "ok", ""
    except Missing as why:
        return "skip", str(why)
    except rig.Broken as why:
        return "not ok", str(why)
    finally:
        shutil.rmtree(top, ignore_errors=True)


def main():
    if os.geteuid() != 0:
        print("1..0 # SKIP mounting needs root")
        return 0
    if PRIVATE not in os.environ:
        # Mounts of this test are seen by nobody else and end with it.
        if shutil.which("unshare") is None:
            print("1..0 # SKIP unshare is not installed")
            return 0
        os.environ[PRIVATE] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, __file__])
    cases = [drill_case(*row) for row in KINDS] + REFUSALS
    cases.append(("an empty subvolume can be an arena", at_a_subvolume))
    failed = 0
    # Mostly waiting for the disk, so several at a time; each has a folder of its own.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        outcomes = pool.map(attempt, [case for _, case in cases])
        for number, ((name, _), (outcome, text)) in enumerate(zip(cases, outcomes), 1):
            failed += outcome == "not ok"
            if outcome == "not ok":
                print(f"# {text}")
            print(f"{'not ok' if outcome == 'not ok' else 'ok'} {number} - {name}"
                  + (f" # SKIP {text}" if outcome == "skip" else ""), flush=True)
    print(f"1..{len(cases)}")
    return 1 if failed else 0


sys.exit(main())

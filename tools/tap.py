#!/usr/bin/env python3
"""Runs the tests of a build folder and counts their TAP subtests.

usage: tap.py BUILD [--results FILE] [--label TEXT] [--suite NAME]... [--without NAME] [--jobs N]
                    [--as-user UID] [--in-memory] [NAME...]

A test program that crashes, has no plan, prints another number of tests than its plan says, exits
non-zero without a failed test or runs over its time limit counts as a failure. Appends
{"passed", "failed", "skipped"} to the results file; the exit status is 0 where nothing failed.
Twice as many programs as processors run at once, as most of them wait for a disk or another process
half of the time; those that meson.build calls long start first. --in-memory gives the tests a folder
on a tmpfs, where there is one that has all that they need.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

MEMORY_BYTES = 2 << 30
LINE = re.compile(r"^(ok|not ok)\b(?:\s+(\d+))?\s*(?:-\s*)?(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)\s*(?:#\s*SKIP\b(.*))?$", re.I)
SKIP = re.compile(r"#\s*SKIP\b\s*(.*)$", re.I)


def parse(output, exit_status, timed_out):
    """Counts and the reasons for failures that no test line tells."""
    passed = failed = skipped = n = 0
    plan = None
    notes = []
    reasons = []
    for line in output.splitlines():
        if line.startswith("Bail out!"):
            notes.append(line)
            continue
        found = PLAN.match(line)
        if found:
            plan = int(found.group(1))
            if plan == 0 and found.group(2) is not None:
                skipped += 1
                reasons.append(found.group(2).strip())
            continue
        found = LINE.match(line)
        if not found:
            continue
        n += 1
        if found.group(2) is not None and int(found.group(2)) != n:
            notes.append(f"test {found.group(2)} where {n} was expected")
        if found.group(1) == "not ok":
            failed += 1
        elif SKIP.search(found.group(3)):
            skipped += 1
            reasons.append(found.group(3))
        else:
            passed += 1
    if timed_out:
        notes.append("over its time limit")
    elif plan is None:
        notes.append("no plan: the program ended before its end")
    elif plan != n:
        notes.append(f"the plan says {plan}, {n} tests ran")
    if exit_status < 0 and not timed_out:
        notes.append(f"ended by signal {-exit_status}")
    elif exit_status != 0 and failed == 0 and not notes:
        notes.append(f"exit status {exit_status} without a failed test")
    return passed, failed + len(notes), skipped, notes, reasons


def run(test, args, extra_env):
    env = dict(os.environ)
    env.update(extra_env)
    env.update(test.get("env") or {})
    command = test["cmd"]
    if args.as_user:
        command = ["setpriv", f"--reuid={args.as_user}", f"--regid={args.as_user}", "--clear-groups",
                   "--inh-caps=-all"] + command
    start = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT, env=env, start_new_session=True,
                                   cwd=test.get("workdir") or args.build)
        timed_out = False
        try:
            process.wait(timeout=test["timeout"] or 300)
        except subprocess.TimeoutExpired:
            timed_out = True
        try:
            os.killpg(process.pid, signal.SIGKILL)  # whatever it left behind in its session's group
        except ProcessLookupError:
            pass
        process.wait()
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    return parse(text, process.returncode, timed_out) + (text, time.monotonic() - start)


def choose(args):
    shown = subprocess.run(["meson", "introspect", "--tests", args.build], check=True,
                           capture_output=True, text=True)
    tests = json.loads(shown.stdout)
    for t in tests:
        t["suites"] = [s.split(":")[-1] for s in t["suite"]]
    if args.suite:
        tests = [t for t in tests if set(t["suites"]) & set(args.suite)]
    if args.name:
        tests = [t for t in tests if t["name"] in args.name]
    tests = [t for t in tests if args.without not in t["suites"]]
    tests.sort(key=lambda t: -t.get("priority", 0))
    return tests


def memory_folder():
    """A new folder on /dev/shm, or None where that is small or lacks what a disk's file system has."""
    try:
        room = os.statvfs("/dev/shm")
        if room.f_bavail * room.f_frsize < MEMORY_BYTES or room.f_flag & (os.ST_NOEXEC | os.ST_RDONLY):
            return None
        folder = tempfile.mkdtemp(prefix="tocsin-tests-", dir="/dev/shm")
    except OSError:
        return None
    try:
        os.chmod(folder, 0o755)
        os.setxattr(folder, "user.tocsin", b"1")  # tmpfs has these, and flags, since Linux 6.6
        return folder
    except OSError:
        os.rmdir(folder)
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--results")
    parser.add_argument("--label", default="")
    parser.add_argument("--suite", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("TEST_JOBS") or 2 * (os.cpu_count() or 1)))
    parser.add_argument("--as-user", type=int, default=0)
    parser.add_argument("--without", default="")
    parser.add_argument("--in-memory", action="store_true")
    parser.add_argument("name", nargs="*")
    args = parser.parse_intermixed_args()
    label = args.label or os.path.basename(os.path.normpath(args.build))
    env = {
        "ASAN_OPTIONS": "halt_on_error=1:abort_on_error=1:print_summary=1:detect_stack_use_after_return=0"
        # gcc's leak finder stops behind the locks; the build with clang looks for leaks.
        + (":detect_leaks=0" if "gcc" in label else ""),
        "UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:print_stacktrace=1",
        "LC_ALL": "C.UTF-8",
    }
    for name in ("TOCSIN_HOME", "LANGUAGE"):
        os.environ.pop(name, None)
    tests = choose(args)
    memory = memory_folder() if args.in_memory else None
    if memory:
        env["TMPDIR"] = memory
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    done = 0
    lock = threading.Lock()
    with concurrent.futures.ThreadPoolExecutor(max(1, args.jobs)) as pool:
        futures = {pool.submit(run, t, args, env): t for t in tests}
        for future in concurrent.futures.as_completed(futures):
            test = futures[future]
            passed, failed, skipped, notes, reasons, text, seconds = future.result()
            with lock:
                done += 1
                totals["passed"] += passed
                totals["failed"] += failed
                totals["skipped"] += skipped
                word = "FAILED" if failed else "ok"
                print(f"[{label} {done}/{len(tests)}] {test['name']}: {word}, {passed} passed"
                      + (f", {failed} failed" if failed else "")
                      + (f", {skipped} skipped" if skipped else "") + f" ({seconds:.1f} s)", flush=True)
                for reason in reasons:
                    print(f"    skipped: {reason}")
                if failed:
                    for line in text.splitlines()[-400:]:
                        if not line.startswith("ok "):
                            print("    " + line)
                    for note in notes:
                        print(f"    {test['name']}: {note}")
                    sys.stdout.flush()
    if memory:
        shutil.rmtree(memory, ignore_errors=True)
    if not tests:
        print(f"[{label}] no tests", flush=True)
    if args.results:
        with open(args.results, "a", encoding="utf-8") as f:
            f.write(json.dumps(totals) + "\n")
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

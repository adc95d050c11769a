#!/usr/bin/env python3
"""The units that are installed: they parse, they are confined, and what they start works with what they leave it; printed as TAP."""
import configparser
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import receiver  # noqa: E402

PROGRAM = os.path.abspath(os.environ["TOCSIN"])
SOURCE = pathlib.Path(os.environ["TOCSIN_SOURCE"])
BUILD = os.path.dirname(PROGRAM)
OK, QUEUED = 0, 7
RESULTS = []


def check(name, holds, shown="", skip=""):
    RESULTS.append(bool(holds) or bool(skip))
    if not RESULTS[-1]:
        print(f"# {shown!r}"[:1500])
    print(f"{'ok' if RESULTS[-1] else 'not ok'} {len(RESULTS)} - {name}{' # SKIP ' + skip if skip else ''}", flush=True)


def unit(path):
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read_string(path.read_text(encoding="utf-8"))
    return parser


def parsed(folder):
    service, timer = unit(folder / "tocsin-outbox.service"), unit(folder / "tocsin-outbox.timer")
    command = service["Service"]["ExecStart"]
    check("the service flushes the outbox of the folder that root's commands use", " outbox flush " in command and
          "--home /var/lib/tocsin" in command and "@" not in command, command)
    check("what still waits or was refused is no failure of the unit", set(service["Service"]["SuccessExitStatus"].split()) == {"3", "7"})
    for key, value in (("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"), ("StateDirectory", "tocsin"), ("StateDirectoryMode", "0700"),
                       ("CapabilityBoundingSet", "CAP_SETPCAP CAP_SETUID CAP_SETGID CAP_KILL"), ("PrivateTmp", "yes"), ("ProtectHome", "yes")):
        check(f"it is confined: {key}={value}", service["Service"].get(key) == value, dict(service["Service"]))
    check("the timer starts it again and again, and is what is enabled", timer["Timer"]["Unit"] == "tocsin-outbox.service" and
          "OnUnitInactiveSec" in timer["Timer"] and timer["Install"]["WantedBy"] == "timers.target" and not service.has_section("Install"))
    tool = shutil.which("systemd-analyze")
    done = subprocess.run([tool, "verify", folder / "tocsin-outbox.service", folder / "tocsin-outbox.timer"], capture_output=True,
                          text=True, check=False) if tool else None
    check("systemd-analyze finds nothing wrong in them", done and done.returncode == 0 and "tocsin-outbox" not in done.stderr,
          done and (done.returncode, done.stderr), "" if tool else "there is no systemd-analyze here")


def installed():
    done = subprocess.run(["meson", "introspect", "--installed", BUILD], capture_output=True, text=True, check=False)
    skip = "" if done.returncode == 0 else "the program was not built by meson here"
    places = [p for p in json.loads(done.stdout or "{}").values() if "tocsin-outbox" in p]
    check("meson installs both of them", len(places) == 2 and all("systemd/system" in p for p in places), places, skip)


def with_what_the_unit_leaves(base, service):
    """As root has it in the unit: its bounding set, and nothing more to be had."""
    kept = "".join(f",+{word[4:].lower()}" for word in service["Service"]["CapabilityBoundingSet"].split())
    tool = shutil.which("setpriv")
    skip = "" if tool and os.geteuid() == 0 else "needs root and setpriv"
    if skip:
        check("with the capabilities of the unit a flush sends what waits", False, "", skip)
        return
    os.makedirs(f"{base}/server")
    server = receiver.Receiver(f"{base}/server")
    home = f"{base}/home"
    os.makedirs(home, mode=0o700)
    words = [PROGRAM, "incident", "new", "--kind", "leak", "--set", "data_class=general", "--wait", "0", "--home", home, "--json"]
    code = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode
    server.route(home)
    done = subprocess.run([tool, f"--bounding-set=-all{kept}", "--inh-caps=-all", "--no-new-privs", PROGRAM, "outbox", "flush", "--wait", "20s",
                           "--home", home, "--json"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    check("with the capabilities of the unit a flush sends what waits", code == QUEUED and done.returncode == OK and
          json.loads(done.stdout)["delivered"] == 1, (code, done.returncode, done.stdout, done.stderr))


def main():
    with tempfile.TemporaryDirectory() as base:
        folder = pathlib.Path(f"{base}/units")
        folder.mkdir()
        source = SOURCE / "packaging/systemd"
        text = (source / "tocsin-outbox.service.in").read_text(encoding="utf-8").replace("@bindir@", BUILD)
        (folder / "tocsin-outbox.service").write_text(text, encoding="utf-8")
        shutil.copy(source / "tocsin-outbox.timer", folder)
        parsed(folder)
        installed()
        with_what_the_unit_leaves(base, unit(folder / "tocsin-outbox.service"))
    print(f"1..{len(RESULTS)}")
    sys.exit(0 if all(RESULTS) else 1)


main()

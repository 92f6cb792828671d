"""Prints as JSON what fail2ban's own readers make of the configuration directories named on standard input, one a line.

Each jail is asked for by itself, so that one that fail2ban refuses does not hide the others. What its server would
refuse of a value when it is told of it is an error here too.
"""

import json
import logging
import signal
import sys

try:
    from fail2ban.client.jailreader import JailReader
    from fail2ban.client.jailsreader import JailsReader
    from fail2ban.server.mytime import MyTime
    from fail2ban.version import version
except ImportError as error:
    sys.exit("fail2ban's Python modules cannot be imported: %s" % error)

logging.getLogger("fail2ban").setLevel(logging.CRITICAL + 1)

# How long one jail may take, and what may be said of it: beyond, it counts as endless.
SECONDS = float(sys.argv[1])
CHARACTERS = 200_000

DURATIONS = ("findtime", "bantime", "bantime.maxtime", "bantime.rndtime")
BACKENDS = ("auto", "pyinotify", "gamin", "polling", "systemd")


def read(folder):
    share = {}
    main = JailsReader(share_config=share, basedir=folder)
    try:
        main.read()
        names = [name for name in main.sections() if name != "INCLUDES"]
    except Exception as error:
        return {"error": repr(error)[:200]}
    return {"jails": {name: attempt(name, main, share) for name in names}}


class Endless(BaseException):
    """Tags that double a value 25 times are within fail2ban's rules, and beyond its means."""


def give_up(*_):
    raise Endless()


def attempt(name, main, share):
    try:
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        answer = jail(name, main, share)
        return answer if len(json.dumps(answer)) < CHARACTERS else {"endless": True}
    except Endless:
        return {"endless": True}
    except Exception as error:
        return {"error": repr(error)[:200]}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def jail(name, main, share):
    reader = JailReader(name, share_config=share, use_config=main._cfg)
    if not reader.getOptions():
        raise ValueError(reader.options["config-error"])
    if not reader.isEnabled():
        return {"enabled": False}
    options = {key: str(value) for key, value in reader.options.items() if value is not None}
    for key, value in reader.options.items():
        if value is None:
            raise ValueError("no value for %s" % key)
    result = {
        "enabled": True,
        "options": options,
        "seconds": {key: float(MyTime.str2seconds(options[key])) for key in DURATIONS if options.get(key)},
        "multipliers": [int(word) for word in options["bantime.multipliers"].split(" ")]
        if options.get("bantime.multipliers")
        else [],
        "logpath": log_paths(options.get("logpath", "")),
        "failregex": [],
        "ignoreregex": [],
        "journalmatch": [],
        "ignoreip": [],
        "actions": {},
    }
    if options["backend"].split("[")[0] not in BACKENDS:
        raise ValueError("unknown backend")
    for command in reader.convert(allow_no_files=True):
        take(command, result)
    return result


def log_paths(value):
    paths = []
    for line in value.split("\n"):
        if line == "":
            continue
        path = line.rsplit(" ", 1)
        tail = path[1].lower() if len(path) > 1 else "head"
        if tail not in ("head", "tail"):
            raise ValueError("neither head nor tail")
        paths.append([path[0], tail])
    return paths


def take(command, result):
    """Follows one command to the server, as far as it is about what a filter or an action is."""
    verb, _, name = command[:3]
    if verb not in ("set", "multi-set"):
        return
    if name in ("addfailregex", "addignoreregex"):
        result[name[3:]].extend(command[3] if verb == "multi-set" else [command[3]])
    elif name in ("usedns", "maxlines", "prefregex", "datepattern"):
        result[name] = str(command[3]).lower() if name == "usedns" else str(command[3])
    elif name == "addjournalmatch":
        result["journalmatch"].append(command[3:])
    elif name == "addignoreip":
        result["ignoreip"].extend(command[3:])
    elif name == "addaction":
        properties = json.loads(command[5]) if len(command) > 4 else {}
        result["actions"][command[3]] = {"python": len(command) > 4, "values": properties}
    elif name == "action":
        pairs = command[4] if verb == "multi-set" else [command[4:]]
        result["actions"][command[3]]["values"].update(dict((key, str(value)) for key, value in pairs if value is not None))


def main():
    signal.signal(signal.SIGALRM, give_up)
    answers = [read(line.rstrip("\n")) for line in sys.stdin]
    json.dump({"version": version, "answers": answers}, sys.stdout)


main()

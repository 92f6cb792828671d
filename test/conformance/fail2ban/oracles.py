"""What the oracles share: the filters that fail2ban brings with their sample logs, a limit of time, and their loop."""

import json
import logging
import os
import re
import signal
import sys
import warnings

import fail2ban.tests
from fail2ban.client.filterreader import FilterReader

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

CONFIGURATION = "/etc/fail2ban"
SAMPLES = os.path.join(os.path.dirname(fail2ban.tests.__file__), "files", "logs")
ANNOTATION = re.compile(r"^#+ ?(failJSON|(?:file|filter)Options|addFILE):(.+)$")


def stock_filters():
    """Of each filter and each set of options that its sample log names: both, its settings, and the lines of the log."""
    for file in sorted(os.listdir(os.path.join(CONFIGURATION, "filter.d"))):
        name, ending = os.path.splitext(file)
        if ending != ".conf" or name.endswith("common"):
            continue
        option_sets, lines = sample(name)
        for options in option_sets:
            yield name, options, read_filter(name, options), lines


def sample(name):
    """The options that a sample log asks for, and its lines."""
    options, lines, files = [{}], [], [name]
    for file in files:
        path = os.path.join(SAMPLES, file)
        if not os.path.exists(path):
            continue
        common = {}
        with open(path, encoding="utf-8", errors="replace", newline="\n") as log:
            for line in log:
                line = line.rstrip("\r\n")
                note = ANNOTATION.match(line)
                if note is None:
                    if line.strip() and not line.startswith("#"):
                        lines.append(line)
                elif note[1] == "addFILE":
                    files.append(json.loads(note[2]))
                elif note[1] == "fileOptions":
                    common = json.loads(note[2])
                elif note[1] == "filterOptions":
                    given = json.loads(note[2])
                    for each in given if isinstance(given, list) else [given]:
                        merged = {**common, **each}
                        options.append({k: v for k, v in merged.items() if not k.startswith("test.")})
    distinct = {json.dumps(each, sort_keys=True): each for each in options}
    return list(distinct.values()), lines


def read_filter(name, options):
    reader = FilterReader(name, "jail", dict(options), basedir=CONFIGURATION)
    reader.read()
    reader.getOptions({})
    settings = {"prefregex": [], "addfailregex": [], "addignoreregex": [], "maxlines": ["1"], "datepattern": [None]}
    for command in reader.convert():
        values = command[3] if command[0] == "multi-set" else [command[3]]
        if command[2] in settings:
            settings[command[2]] = values
    return settings


def in_time(seconds, work):
    """What is made may take for ever; Python looks for signals while it searches."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return work()
    except TimeoutError:
        return "endless"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def give_up(*_):
    raise TimeoutError


def serve(answers):
    """Answers one JSON value a line with one, by its `op`."""
    signal.signal(signal.SIGALRM, give_up)
    for request in sys.stdin:
        asked = json.loads(request)
        print(json.dumps(answers[asked.pop("op")](**asked)), flush=True)

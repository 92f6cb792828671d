"""What fail2ban itself makes of its filters and of expressions: one JSON value a line in, one out.

{"op": "stock"} gives all filters of the installed package, with each set of options that its sample log names, their
expressions, and the lines of that log as fail2ban searches them.
{"op": "match", "expression": e, "names": b, "multiline": b, "texts": [...]} gives {"error": message} or {"matches": [...]}: for
each text null, "endless", or {"span": [from, to], "groups": {name: [from, to] or null}}, in UTF-16 code units.
{"op": "characters", "pattern": p} gives the code points that an expression matches, {"op": "unassigned"} those that
this Python's Unicode does not know, and {"op": "cases"} for each that has another case those that it matches where case
is ignored.
"""

import json
import logging
import os
import re
import signal
import sys
import unicodedata
import warnings

import fail2ban.tests
from fail2ban.client.filterreader import FilterReader
from fail2ban.server.failregex import Regex
from fail2ban.server.filter import Filter

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

CONFIGURATION = "/etc/fail2ban"
SAMPLES = os.path.join(os.path.dirname(fail2ban.tests.__file__), "files", "logs")
LONGEST = 0.5
ANNOTATION = re.compile(r"^#+ ?(failJSON|(?:file|filter)Options|addFILE):(.+)$")


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


def searched(lines, datepattern):
    """The lines without their dates, as they are searched, and whole."""
    detector = Filter(None)
    if datepattern is not None:
        detector.setDatePattern(datepattern)
    texts = []
    for line in lines:
        found = detector.dateDetector.matchTime(line)[0]
        if found:
            texts.append(line[: found.start(1)] + line[found.end(1) :] + "\n")
        texts.append(line + "\n")
    return texts


def stock():
    for file in sorted(os.listdir(os.path.join(CONFIGURATION, "filter.d"))):
        name, ending = os.path.splitext(file)
        if ending != ".conf" or name.endswith("common"):
            continue
        option_sets, lines = sample(name)
        for options in option_sets:
            settings = read_filter(name, options)
            yield {
                "filter": name,
                "options": options,
                "multiline": int(settings["maxlines"][0]) > 1,
                "prefregex": settings["prefregex"],
                "failregex": settings["addfailregex"],
                "ignoreregex": settings["addignoreregex"],
                "texts": searched(lines, settings["datepattern"][0]),
            }


def units(text):
    """From offsets in characters to those in UTF-16."""
    places = [0]
    for character in text:
        places.append(places[-1] + (2 if ord(character) > 0xFFFF else 1))
    return places


def match(expression, names, multiline, texts):
    try:
        regex = Regex(expression, multiline=multiline, useDns="yes" if names else "no")._regexObj
    except Exception as error:  # whatever it cannot use it refuses
        return {"error": str(error)}
    return {"matches": [in_time(lambda: found_in(regex, text)) for text in texts]}


def in_time(search):
    """Made expressions may take for ever; Python looks for signals while it searches."""
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        return search()
    except TimeoutError:
        return "endless"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def give_up(*_):
    raise TimeoutError


def found_in(regex, text):
    found = regex.search(text)
    if found is None:
        return None
    places = units(text)
    groups = {}
    for name in regex.groupindex:
        start, end = found.span(name)
        groups[name] = None if start < 0 else [places[start], places[end]]
    start, end = found.span()
    return {"span": [places[start], places[end]], "groups": groups}


def characters(pattern):
    regex = re.compile(pattern)
    return [code for code in range(0x110000) if not 0xD800 <= code < 0xE000 and regex.match(chr(code))]


def cases():
    cased = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    cased = [each for each in cased if each.lower() != each or each.upper() != each]
    joined = "".join(cased)
    return [[ord(each), [ord(found) for found in re.findall(f"(?i:{each})", joined)]] for each in cased]


def unassigned():
    return [code for code in range(0x110000) if unicodedata.category(chr(code)) == "Cn"]


signal.signal(signal.SIGALRM, give_up)
for request in sys.stdin:
    asked = json.loads(request)
    operation = asked.pop("op")
    answers = {"stock": lambda: list(stock()), "match": match, "characters": characters, "unassigned": unassigned, "cases": cases}
    print(json.dumps(answers[operation](**asked)), flush=True)

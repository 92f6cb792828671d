"""What fail2ban itself makes of its filters and of expressions: one JSON value a line in, one out.

{"op": "stock"} gives all filters of the installed package, with each set of options that its sample log names, their
expressions, and the lines of that log as fail2ban searches them.
{"op": "match", "expression": e, "names": b, "multiline": b, "texts": [...]} gives {"error": message} or {"matches": [...]}: for
each text null, "endless", or {"span": [from, to], "groups": {name: [from, to] or null}}, in UTF-16 code units.
{"op": "known"} gives the code points that this Python's Unicode knows, {"op": "characters", "pattern": p} those of them
that an expression matches, as runs: [first, last] of such as follow each other there. {"op": "cases"} gives for each that
has another case those that it matches where case is ignored.
"""

import functools
import re
import unicodedata

from fail2ban.server.failregex import Regex
from fail2ban.server.filter import Filter

from oracles import in_time, serve, stock_filters

LONGEST = 0.5


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
    return [
        {
            "filter": name,
            "options": options,
            "multiline": int(settings["maxlines"][0]) > 1,
            "prefregex": settings["prefregex"],
            "failregex": settings["addfailregex"],
            "ignoreregex": settings["addignoreregex"],
            "texts": searched(lines, settings["datepattern"][0]),
        }
        for name, options, settings, lines in stock_filters()
    ]


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
    return {"matches": [in_time(LONGEST, lambda: found_in(regex, text)) for text in texts]}


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
    runs, matched = [], False
    for code in known():
        before, matched = matched, regex.match(chr(code)) is not None
        if matched and before:
            runs[-1][1] = code
        elif matched:
            runs.append([code, code])
    return runs


def cases():
    cased = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    cased = [each for each in cased if each.lower() != each or each.upper() != each]
    joined = "".join(cased)
    return [[ord(each), [ord(found) for found in re.findall(f"(?i:{each})", joined)]] for each in cased]


@functools.cache
def known():
    return [code for code in range(0x110000) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]


serve({"stock": stock, "match": match, "characters": characters, "known": known, "cases": cases})

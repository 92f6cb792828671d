"""Which dates fail2ban itself finds: one JSON value a line in, one out.

{"op": "stock"} gives {"year": y, "filters": [...]}: all filters of the installed package, with each set of options that
its sample log names: {"filter", "options", "datepattern" or null, "lines"}.
{"op": "find", "datepattern": p or null, "logtimezone": z or null, "lines": [[line, now], ...]} gives {"error": message} or
{"dates": [...]}: of each line null, "endless", "failed" where it finds a date and then fails on the line, or {"cut": [from, to], "times": [...]} in UTF-16 code units and seconds. There
are two times where the clock shows one twice, and none where fail2ban fails to read it.
{"op": "defaults"} gives the default datepatterns.
"""

import re
import resource
import time

from fail2ban.server import datedetector, strptime
from fail2ban.server.mytime import MyTime
from fail2ban.server.utils import Utils

from oracles import in_time, serve, stock_filters

resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))

LONGEST = 2
DEFAULTS = list(datedetector.DateDetectorCache.DEFAULT_TEMPLATES)


class Clock:
    """In place of the module `time`: fail2ban's present, and which wall-clock time was made an epoch time last."""

    wall = None

    def time(self):
        return MyTime.time()

    def mktime(self, wall):
        self.wall = wall
        return time.mktime(wall)


clock = Clock()
datedetector.time = clock
strptime.time = clock


def stock():
    filters = [
        {"filter": name, "options": options, "datepattern": settings["datepattern"][-1], "lines": lines}
        for name, options, settings, lines in stock_filters()
    ]
    return {"year": time.localtime().tm_year, "filters": filters}


def detector_of(datepattern, logtimezone):
    """As in a server that has just started, where some other jail has used the default dates."""
    datedetector.DateDetectorCache.DEFAULT_TEMPLATES[:] = DEFAULTS
    datedetector.DD_patternCache = Utils.Cache(maxCount=1000, maxTime=3600)
    datedetector.DateDetector._defCache = datedetector.DateDetectorCache()
    datedetector.DateDetector._defCache.templates
    detector = datedetector.DateDetector()
    detector.default_tz = logtimezone
    for line in filter(bool, map(str.strip, re.split("\n+", datepattern or ""))):
        detector.appendTemplate(line)
    if not detector.templates:
        detector.addDefaultTemplate()
    for template in detector.templates:
        template._compileRegex()
        if template._cRegex.groups < getattr(template, "_grpIdx", 1):
            raise ValueError("no group")
    return detector


def find(datepattern, logtimezone, lines):
    try:
        detector = detector_of(datepattern, logtimezone)
    except MemoryError:
        raise
    except Exception as error:  # whatever it cannot use it refuses
        return {"error": str(error)}
    return {"dates": [in_time(LONGEST, lambda: date_at(detector, line, now)) for line, now in lines]}


def date_at(detector, line, now):
    MyTime.setTime(now)
    try:
        return date_in(detector, line)
    except IndexError:  # of an empty match at the line's end
        return "failed"


def date_in(detector, line):
    found = detector.matchTime(line)
    if not found[0]:
        return None
    start, end = found[0].span(1)
    start, end = max(start, 0), max(end, 0)
    units = lambda place: len(line[:place].encode("utf-16-le")) // 2
    return {"cut": [units(start), units(end)], "times": times_of(detector, line[start:end], found)}


def times_of(detector, text, found):
    clock.wall = None
    if not text:
        return []
    try:
        date = detector.getTime(text, found)
    except (KeyError, TypeError, AttributeError, OverflowError):
        return []  # fail2ban logs an error and goes on with the next line
    if date is None:
        return []
    return sorted({date[0], *readings(clock.wall)})


def readings(wall):
    if wall is None:
        return []
    epochs = [time.mktime(tuple(wall)[:8] + (summer,)) for summer in (0, 1)]
    return [epoch for epoch in epochs if time.localtime(epoch)[:6] == tuple(wall)[:6]]


serve({"stock": stock, "find": find, "defaults": lambda: DEFAULTS})

"""What fail2ban finds in whole logs, line by line: one JSON value a line in, one out.

{"op": "hits", "filter": "sshd[mode=ddos]", "file": path, "now": seconds} gives the hits of the log as `fail2ban-regex -o`
finds them: [[line, host, time, attempts], ...], and as "failed" the lines on which fail2ban fails and which it judges
not at all. Lines count from 1.
"""

import logging

from fail2ban.client import fail2banregex
from fail2ban.server.mytime import MyTime

from oracles import CONFIGURATION, serve

logging.disable(logging.CRITICAL)


def hits(filter, file, now):
    opts, _ = fail2banregex.get_opt_parser().parse_args(["-o", "row", "--raw", "-e", "utf-8", file, filter])
    opts.config = CONFIGURATION
    regex = fail2banregex.Fail2banRegex(opts)
    if not regex.readRegex(filter, "fail"):
        raise ValueError("fail2ban cannot read %s" % filter)
    MyTime.setTime(now)
    found, failed = [], []
    for number, line in enumerate(lines_of(file), 1):
        try:
            matches = regex.testRegex(line)[1]
        except Exception:  # an odd date: the server logs an error and goes on with the next line
            failed.append(number)
            continue
        # Without any date fail2ban-regex has no time for a line, and the server takes the present.
        found.extend([number, str(id), now if time is None else time, len(data["matches"])] for _, id, time, data in matches)
    return {"hits": found, "failed": failed}


def lines_of(file):
    """As fail2ban-regex reads and decodes them."""
    for line in fail2banregex.FileContainer(file, "utf-8", doOpen=True):
        yield line.rstrip("\r\n")


serve({"hits": hits})

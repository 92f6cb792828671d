"""Runs actions with fail2ban's own CommandAction. Reads a list of cases from stdin as JSON, prints for each which steps failed."""

import json
import logging
import sys

try:
    from fail2ban.server import action as actions
    from fail2ban.server.actions import Actions
    from fail2ban.server.ticket import BanTicket
except ImportError as error:
    sys.exit("fail2ban cannot be imported (%s): install Debian's package fail2ban" % error)

# Whether this machine speaks IPv6 is not what is compared.
actions.allowed_ipv6 = lambda: True
logging.disable(logging.CRITICAL)


class Jail:
    """What an action asks of its jail."""

    name = "j"

    def __init__(self):
        self.actions = self
        self.banEpoch = 0
        self.actionInfo = Actions.ActionInfo(BanTicket("", 0), self)

    def getBanTime(self):
        return 0


def run(case):
    action = actions.CommandAction(Jail(), "a")
    for name, value in case["values"]:
        setattr(action, name, value)
    banned = {}
    failed = []
    for number, (step, info) in enumerate(case["steps"]):
        try:
            if step == "start":
                action.start()
            elif step == "stop":
                stop(action, banned)
            else:
                if step == "ban":
                    banned[info["ip"]] = info
                if step == "unban":
                    banned.pop(info["ip"], None)
                getattr(action, step)(dict(info))
        except Exception:
            failed.append(number)
    return failed


def stop(action, banned):
    """As fail2ban's Actions do at their end."""
    if not (action.actionflush and action.flush()):
        for info in banned.values():
            action.unban(dict(info))
    action.stop()


print(json.dumps([run(case) for case in json.load(sys.stdin)]))

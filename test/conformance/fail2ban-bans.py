"""Writes a database with fail2ban's own code. Arguments: its path, then JAIL ADDRESS SINCE BANTIME COUNT FAILURES for each ban."""

import sys

from fail2ban.server.database import Fail2BanDb
from fail2ban.server.ticket import FailTicket
from fail2ban.tests.dummyjail import DummyJail

path, *words = sys.argv[1:]
database = Fail2BanDb(path)
jails = {}
for at in range(0, len(words), 6):
    name, address, since, bantime, count, failures = words[at : at + 6]
    if name not in jails:
        jails[name] = DummyJail(name)
        database.addJail(jails[name])
    ticket = FailTicket(address, int(since), ["a line that matched"])
    ticket.setBanTime(int(bantime))
    ticket.setBanCount(int(count))
    ticket.setAttempt(int(failures))
    database.addBan(jails[name], ticket)
database.close()

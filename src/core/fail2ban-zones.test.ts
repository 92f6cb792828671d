import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail2banZoneMinutes } from './fail2ban-zones.ts';

const known: Readonly<Record<string, number>> = {
  ...{ UTC: 0, GMT: 0, Z: 0, CET: 60, CEST: 120, PDT: -420, NPT: 345, A: 60 },
  ...{ '+01': 60, '-0530': -330, '+05:45': 345, 'UTC+0130': 90, 'CET-01:00': 0, '+٠١٣٠': 90, '': 0 },
};

for (const [text, minutes] of Object.entries(known)) {
  test(`"${text}" is ${minutes} minutes ahead of UTC`, () => {
    assert.equal(fail2banZoneMinutes(text), minutes);
  });
}

for (const text of ['cet', 'Europe/Paris', 'FOO', '+2000', '+1', 'CET ', 'XX', 'UTC+1']) {
  test(`"${text}" is no zone`, () => {
    assert.equal(fail2banZoneMinutes(text), null);
  });
}

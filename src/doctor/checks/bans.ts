import { type Check, needsDaemon, ok, problem } from '../check.ts';
import { statusOf } from '../machine.ts';
import { tellsOfIneffectiveBan } from '../status-texts.ts';

/** Whether bans keep those out whom they name. */
export const bans: Check = {
  name: 'bans',
  title: 'Bans',
  async examine(machine) {
    const status = statusOf(machine);
    if (status === null) return needsDaemon;
    const without = status.warnings.filter(tellsOfIneffectiveBan);
    if (without.length > 0) return without.map((text) => problem(text));
    const active = status.jails.reduce((sum, jail) => sum + jail.active, 0);
    return [ok(`${active} active, of none of them a hit was seen since`)];
  },
};

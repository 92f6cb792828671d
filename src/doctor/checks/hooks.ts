import type { Status } from '../../control/protocol.ts';
import { type Check, type Diagnosis, needsDaemon, ok, problem, warning } from '../check.ts';
import { statusOf } from '../machine.ts';

/** Whether packets meet our rules on every way they can take, DOCKER-USER among them, and before others. */
export const hooks: Check = {
  name: 'hooks',
  title: 'Enforcement',
  async examine(machine) {
    const status = statusOf(machine);
    if (status === null) return needsDaemon;
    const { enforcement } = status;
    return [
      ...strengthOf(enforcement),
      ...brokenHooks(enforcement),
      ...enforcement.gaps.map((gap) => problem(gap)),
    ];
  },
};

function strengthOf({ backend, state, detail, hooks }: Status['enforcement']): Diagnosis[] {
  if (state === 'dry-run') {
    return [warning('a dry run: nobody is shut out', 'BAILIFF_ENFORCE=auto, and restart Bailiff')];
  }
  if (state === 'partial') {
    return [
      warning(
        `bans are written by ${backend}, which only programs with TCP wrappers heed: ${detail}`,
        'BAILIFF_ENFORCE=auto with NET_ADMIN and iptables or nftables installed, and restart Bailiff',
      ),
    ];
  }
  if (state === 'degraded') return [problem(`bans are not enforced by ${backend}: ${detail}`)];
  const names = [...new Set(hooks.map(({ name }) => name))].join(', ');
  const verified = hooks.some(({ verified }) => verified) ? 'proved with a packet' : 'read back';
  return [ok(`${backend}, first in ${names || 'its hooks'}, ${verified}`)];
}

function brokenHooks({ hooks }: Status['enforcement']): Diagnosis[] {
  return hooks
    .filter((hook) => !hook.ok)
    .map(({ name, family, problem: why = 'it does not hold' }) =>
      problem(
        `${name} (IPv${family}): ${why}`,
        'Bailiff puts it right within seconds; where it comes back, find what rewrites the rules: nft monitor, ' +
          'or iptables-save -c twice',
      ),
    );
}

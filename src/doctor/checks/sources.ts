import type { SourceStatus, Status } from '../../control/protocol.ts';
import { type Check, type Diagnosis, needsDaemon, ok, problem, warning } from '../check.ts';
import { statusOf } from '../machine.ts';
import { otherwise } from '../status-texts.ts';

/** Whether every jail has something to read, and whether what it reads is up to date. */
export const sources: Check = {
  name: 'sources',
  title: 'Sources',
  async examine(machine) {
    const status = statusOf(machine);
    if (status === null) return needsDaemon;
    const found = [...blindJails(status), ...status.sources.flatMap(judge)];
    if (found.length > 0) return found;
    const reading = status.sources.filter(({ state }) => state === 'reading').length;
    return [ok(`${reading} read, none behind or silent`)];
  },
};

function isAlive({ state }: SourceStatus): boolean {
  return state === 'reading' || state === 'starting';
}

/** A jail that counts other jails' bans reads nothing, and is not meant to. */
function blindJails({ jails, sources, warnings }: Status): Diagnosis[] {
  return jails.flatMap(({ name }) => {
    const own = sources.filter((source) => source.jails.includes(name));
    if (own.some(isAlive)) return [];
    const said = warnings.find((text) => text.startsWith(`jail ${name} reads nothing: `));
    return said === undefined ? [] : [problem(said, ...remediesFor(name, own))];
  });
}

function remediesFor(jail: string, sources: readonly SourceStatus[]): string[] {
  if (sources.some(({ id }) => id.startsWith('docker:')) || sources.length === 0) {
    return [`docker ps, and the container of jail ${jail} in its configuration (bailiff check)`];
  }
  const folder = /^file:(.*)\/[^/]*$/.exec(sources[0]?.id ?? '')?.[1] || '/var/log';
  return [
    `See where the service logs (ls -l ${folder}), and name that in jails.${jail}.logpath or jails.${jail}.journal`,
    `In a container, mount the folder: -v ${folder}:${folder}:ro`,
  ];
}

function judge({ id, state, detail, warning: said, behind, silent }: SourceStatus): Diagnosis[] {
  const found: Diagnosis[] = [];
  if (state === 'failed')
    found.push(problem(`${id} is not read: ${detail || 'for a reason that is not known'}`));
  const rest = otherwise(said);
  if (rest !== null) found.push(warning(`${id}: ${rest}`));
  if (behind !== null) {
    found.push(warning(`${id}: ${behind}`, 'See what takes the time: bailiff status, and top on the host'));
  }
  if (silent !== null) {
    found.push(
      warning(
        `${id}: ${silent}`,
        'See whether the service runs and still logs there (after a rotation, elsewhere)',
      ),
    );
  }
  return found;
}

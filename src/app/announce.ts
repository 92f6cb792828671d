import type { Configuration } from '../config/schema.ts';
import { describeSources } from '../config/show-sources.ts';
import type { Status } from '../control/protocol.ts';
import { formatDuration } from '../core/duration.ts';
import type { Log } from './log.ts';

/** Says what a person wants to know first: what is watched, how it is enforced, where the metrics are. */
export function announce(log: Log, configuration: Configuration, status: Status): void {
  for (const jail of configuration.jails.filter(({ enabled }) => enabled)) {
    const { name, filter, maxretry } = jail;
    const watches = describeSources(jail).join(', ');
    const rule = `${maxretry} hits within ${formatDuration(jail.findtime)} ban for ${formatDuration(jail.bantime)}`;
    log.info({ jail: name, filter, watches, rule }, 'jail');
  }
  if (configuration.docker) {
    log.info(
      { label: 'bailiff.jails', socket: configuration.dockerSocket },
      'watching containers that a label names',
    );
  }
  const { backend, state, detail } = status.enforcement;
  if (state === 'partial')
    log.warn({ backend, detail }, 'PARTIAL: only programs with TCP wrappers shut anybody out');
  else if (state === 'enforcing')
    log.info({ backend, detail, bans: status.enforcement.elements }, 'enforcing');
  else if (state === 'dry-run') log.error({ backend, detail }, 'DRY RUN: nobody is shut out');
  else log.error({ backend, detail }, 'NOT ENFORCED EVERYWHERE');
  if (status.metrics !== null) log.info({ url: status.metrics }, 'metrics');
  for (const warning of status.warnings) log.warn({ warning }, 'warning');
  if (status.ready) log.info({ version: status.version }, 'ready');
  else log.error({ version: status.version, problems: status.problems }, 'NOT READY');
}

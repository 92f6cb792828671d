import type { Configuration } from '../config/schema.ts';
import { dockerSource } from './docker.ts';
import { fileSource } from './file.ts';
import { journalSource } from './journal.ts';
import { kubernetesSource } from './kubernetes.ts';
import type { SourceKind } from './source.ts';
import { syslogSource } from './syslog.ts';

/** Every kind of source. A new one is one file and one line here. */
export function sourceKinds(configuration: Configuration): readonly SourceKind[] {
  const asked = (source: 'kubernetes' | 'syslog'): boolean =>
    configuration.jails.some((jail) => jail.enabled && jail[source].length > 0);
  return [
    fileSource,
    journalSource(configuration.journalDirectory),
    ...(configuration.docker
      ? [
          dockerSource(configuration.dockerSocket, {
            ways: configuration.containerFiles,
            hostRoot: configuration.hostRoot,
          }),
        ]
      : []),
    ...(asked('kubernetes') ? [kubernetesSource(configuration.kubernetesDirectory)] : []),
    ...(asked('syslog')
      ? [syslogSource({ listen: configuration.syslogListen, from: configuration.syslogFrom })]
      : []),
  ];
}

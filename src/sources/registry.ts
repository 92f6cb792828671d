import type { Configuration } from '../config/schema.ts';
import { dockerSource } from './docker.ts';
import { fileSource } from './file.ts';
import { journalSource } from './journal.ts';
import { kubernetesSource } from './kubernetes.ts';
import type { SourceKind } from './source.ts';
import { syslogSource } from './syslog.ts';

/** A kind of source and what it was made with, the jails aside: with other settings it is begun anew. */
export interface ConfiguredKind {
  readonly kind: SourceKind;
  readonly settings: unknown;
}

/** Every kind of source that a configuration asks for. A new one is one file and one line here. */
export function sourceKinds(configuration: Configuration): readonly ConfiguredKind[] {
  const { dockerSocket, containerFiles: ways, hostRoot, journalDirectory } = configuration;
  const { kubernetesDirectory, kubernetesApi, syslogListen: listen, syslogFrom: from } = configuration;
  const asked = (source: 'kubernetes' | 'syslog'): boolean =>
    configuration.jails.some((jail) => jail.enabled && jail[source].length > 0);
  return [
    { kind: fileSource, settings: [] },
    { kind: journalSource(journalDirectory), settings: [journalDirectory] },
    ...(configuration.docker
      ? [
          {
            kind: dockerSource(dockerSocket, { ways, hostRoot }),
            settings: [dockerSocket, ways, hostRoot],
          },
        ]
      : []),
    ...(asked('kubernetes') || kubernetesApi !== null
      ? [
          {
            kind: kubernetesSource(kubernetesDirectory, kubernetesApi),
            settings: [kubernetesDirectory, kubernetesApi],
          },
        ]
      : []),
    ...(asked('syslog') ? [{ kind: syslogSource({ listen, from }), settings: [listen, from] }] : []),
  ];
}

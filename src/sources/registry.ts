import type { Configuration } from '../config/schema.ts';
import { dockerSource } from './docker.ts';
import { fileSource } from './file.ts';
import { journalSource } from './journal.ts';
import type { SourceKind } from './source.ts';

/** Every kind of source. A new one is one file and one line here. */
export function sourceKinds(configuration: Configuration): readonly SourceKind[] {
  return [
    fileSource,
    journalSource(configuration.journalDirectory),
    ...(configuration.docker ? [dockerSource(configuration.dockerSocket)] : []),
  ];
}

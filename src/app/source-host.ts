import { jailsFromLabels } from '../config/labels.ts';
import type { Configuration } from '../config/schema.ts';
import type { Clock } from '../core/types.ts';
import type { NetworkRange } from '../docker/client.ts';
import type { SourceHost } from '../sources/source.ts';
import type { Intake } from './intake.ts';
import type { Log } from './log.ts';

/** Complaints about labels that are remembered, so that each is said once. */
const mostComplaints = 1_000;

export interface SourceHostParts {
  readonly configuration: Configuration;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
  readonly protectNetworks: (networks: readonly NetworkRange[]) => void;
}

/** The daemon as the source kinds see it. */
export function sourceHost({
  configuration,
  intake,
  clock,
  log,
  protectNetworks,
}: SourceHostParts): SourceHost {
  const complaints = new Set<string>();
  const complainOnce = (complaint: string): void => {
    if (complaints.has(complaint) || complaints.size >= mostComplaints) return;
    complaints.add(complaint);
    log.warn({ error: complaint }, 'a label is not heeded');
  };
  return {
    open: (description) => intake.open(description),
    report: (id, state, detail) => intake.report(id, state, detail),
    jailsFromLabels: (labels, container) => {
      const { jails, errors } = jailsFromLabels(labels, container, configuration);
      for (const error of errors) complainOnce(error.describe());
      return jails;
    },
    protectNetworks,
    now: () => clock.now(),
  };
}

import { jailsFromLabels } from '../config/labels.ts';
import type { Configuration } from '../config/schema.ts';
import type { Clock } from '../core/types.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { SourceHost } from '../sources/source.ts';
import type { Gaps } from './gaps.ts';
import type { Intake } from './intake.ts';
import type { Jails } from './jails.ts';
import type { LabelJails } from './label-jails.ts';
import type { LabelReports } from './label-reports.ts';
import type { Live } from './live.ts';
import type { Policies } from './policies.ts';
import type { Protection } from './protection.ts';

export interface SourceHostParts {
  readonly live: Live<Configuration>;
  readonly jails: Jails;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly labels: LabelReports;
  readonly labelJails: LabelJails;
  readonly metrics: Metrics;
  readonly enforcer: Enforcer;
  readonly gaps: Gaps;
  readonly policies: Policies;
  readonly protection: Protection;
}

/** The daemon as the source kinds see it. */
export function sourceHost({
  live,
  jails,
  intake,
  clock,
  labels,
  labelJails,
  metrics,
  enforcer,
  gaps,
  policies,
  protection,
}: SourceHostParts): SourceHost {
  return {
    open: (description) => intake.open(description),
    cursorOf: (id) => intake.cursorOf(id),
    report: (id, state, detail, jails) => intake.report(id, state, detail, jails),
    forget: (id) => intake.forget(id),
    dropped: (source, lines) => metrics.sources.dropped(source, lines),
    jailsFromLabels: (container) => {
      const asked = jailsFromLabels(container, live.now);
      const { jails: decided, errors } = labelJails.ask(container.id, container.name, asked.jails);
      labels.replace(container.id, container.name, {
        errors: [...asked.errors, ...errors],
        notes: asked.notes,
      });
      jails.labelled(decided);
      return decided;
    },
    forgetLabels: (isGone) => {
      labels.forget(isGone);
      labelJails.forget(isGone);
    },
    protectNetworks: (networks) => protection.networks(networks),
    protectNodes: (nodes) => protection.nodes(nodes),
    publishes: (container, readers, ports, through) => {
      if (policies.publishes(container, readers, ports, through)) enforcer.hint();
    },
    gaps: (container, found) => gaps.replace(`container ${container}`, found),
    engineChanged: () => enforcer.hint(),
    now: () => clock.now(),
  };
}

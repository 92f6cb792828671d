import type { Clock } from '../core/types.ts';
import type { Backend } from './backend.ts';
import { DryRunBackend } from './dry-run.ts';
import { HostsDenyBackend } from './hosts-deny.ts';
import { IptablesBackend } from './iptables.ts';
import type { RuleWatch } from './monitor.ts';
import { NftablesBackend } from './nftables.ts';

/** What a backend may be made of. */
export interface BackendContext {
  readonly clock: Clock;
  /** Tells when rules may have changed, so that they need not be read at each look. */
  readonly watch?: RuleWatch;
}

export type BackendFactory = (context: BackendContext) => Backend;

/** Every backend, by the name that BAILIFF_ENFORCE gives it. The fake is for tests and stands in no registry. */
export const backends: Readonly<Record<string, BackendFactory>> = {
  iptables: ({ watch }) => new IptablesBackend(watch === undefined ? {} : { watch }),
  nftables: ({ watch }) => new NftablesBackend(watch === undefined ? {} : { watch }),
  'hosts-deny': ({ clock }) => new HostsDenyBackend({ clock }),
  'dry-run': ({ clock }) => new DryRunBackend(clock),
};

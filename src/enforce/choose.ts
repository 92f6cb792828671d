import { BailiffError } from '../core/errors.ts';
import type { Backend, Probe } from './backend.ts';
import { type DockerChains, describeDocker, findDockerChains } from './docker-chains.ts';
import { type BackendContext, type BackendFactory, backends } from './registry.ts';

/** What BAILIFF_ENFORCE takes. */
export type BackendWish = 'auto' | 'iptables' | 'nftables' | 'hosts-deny' | 'dry-run';

export interface Choice {
  readonly backend: Backend;
  /**
   * `met`: it works; `unmet`: it was asked for and does not work here now, and will be tried again and again;
   * `fallback`: nothing better works here, and nobody asked for it: it shuts out too little.
   */
  readonly outcome: 'met' | 'unmet' | 'fallback';
  /** The backend's tools and versions, and where Docker's rules were seen; for a fallback, why it came to that and the remedy. */
  readonly detail: string;
}

export interface ChoiceContext extends BackendContext {
  readonly signal: AbortSignal;
  /** What the engine says of its packet filter (`GET /info`, FirewallBackend); null where it says nothing. */
  readonly dockerFirewall?: () => Promise<string | null>;
  /** Where Docker's rules are; tests put their own here. */
  readonly dockerChains?: () => Promise<DockerChains>;
}

type Registry = Readonly<Record<string, BackendFactory>>;

/**
 * The backend to use on this machine. It never fails, since a daemon that ends is started again and again by
 * whatever minds it: where nothing works `auto` comes to dry-run, and what was asked for is kept, red, for
 * the time when it works. Both say why.
 */
export async function chooseBackend(
  wish: BackendWish,
  context: ChoiceContext,
  registry: Registry = backends,
): Promise<Choice> {
  if (wish === 'auto') return chooseBest(context, registry);
  const backend = make(wish, context, registry);
  const probe = await backend.probe(context.signal);
  return { backend, outcome: probe.usable ? 'met' : 'unmet', detail: tell(probe) };
}

/**
 * iptables where Docker uses it, or where nothing speaks against it; a table of our own where Docker has gone
 * over to nftables. One that lacks something (a family) only where no other does better.
 */
async function chooseBest(context: ChoiceContext, registry: Registry): Promise<Choice> {
  const { dockerFirewall = async () => null, dockerChains = findDockerChains } = context;
  const [chains, driver] = await Promise.all([dockerChains(), dockerFirewall()]);
  const seen = describeDocker(chains, driver);
  const nftablesFirst = driver?.startsWith('nftables') ?? (chains.nftables && chains.iptables.length === 0);
  const full = nftablesFirst ? ['nftables', 'iptables'] : ['iptables', 'nftables'];
  const reasons: string[] = [];
  const lacking: { backend: Backend; probe: Probe }[] = [];
  for (const name of full) {
    const backend = make(name, context, registry);
    const probe = await backend.probe(context.signal);
    if (probe.usable && probe.lacks === undefined) {
      for (const other of lacking) await other.backend.close();
      return { backend, outcome: 'met', detail: [tell(probe), seen, ...reasons].join('; ') };
    }
    reasons.push(`${name}: ${probe.lacks ?? probe.detail}`);
    if (probe.usable) lacking.push({ backend, probe });
    else await backend.close();
  }
  const [best, ...others] = lacking;
  for (const other of others) await other.backend.close();
  if (best !== undefined) {
    return { backend: best.backend, outcome: 'met', detail: [tell(best.probe), seen].join('; ') };
  }
  return chooseWeak(context, registry, reasons);
}

async function chooseWeak(context: ChoiceContext, registry: Registry, reasons: string[]): Promise<Choice> {
  const backend = make('hosts-deny', context, registry);
  const probe = await backend.probe(context.signal);
  if (probe.usable) return { backend, outcome: 'fallback', detail: [...reasons, tell(probe)].join('; ') };
  await backend.close();
  return { backend: make('dry-run', context, registry), outcome: 'fallback', detail: reasons.join('; ') };
}

function tell({ detail, lacks }: Probe): string {
  return lacks === undefined ? detail : `${detail}; ${lacks}`;
}

function make(name: string, context: BackendContext, registry: Registry): Backend {
  const factory = registry[name];
  if (factory !== undefined) return factory(context);
  throw new BailiffError('internal', `there is no backend ${name}`);
}

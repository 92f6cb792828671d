import { BailiffError } from '../core/errors.ts';
import type { Backend } from './backend.ts';
import { type BackendContext, type BackendFactory, backends } from './registry.ts';

/** What BAILIFF_ENFORCE takes. */
export type BackendWish = 'auto' | 'iptables' | 'nftables' | 'hosts-deny' | 'dry-run';

export interface Choice {
  readonly backend: Backend;
  /** `asked`: dry-run was wished for; `fallback`: nothing better works here; null: packets are dropped. */
  readonly dryRun: 'asked' | 'fallback' | null;
  /** The backend's tools and versions; for a fallback, why it came to that and the remedy. */
  readonly detail: string;
}

/** What `auto` tries, best first. */
const candidates = ['iptables'] as const;

/**
 * The backend to use on this machine. `auto` never fails: where nothing works it is dry-run, and says why.
 * @throws BailiffError enforcement-unavailable, for an explicit wish that cannot be met
 */
export async function chooseBackend(
  wish: BackendWish,
  context: BackendContext & { readonly signal: AbortSignal },
  registry: Readonly<Record<string, BackendFactory>> = backends,
): Promise<Choice> {
  if (wish === 'auto') return chooseBest(context, registry);
  const backend = make(wish, context, registry);
  const probe = await backend.probe(context.signal);
  if (probe.usable) {
    return { backend, dryRun: backend.strength === 'none' ? 'asked' : null, detail: probe.detail };
  }
  await backend.close();
  throw new BailiffError('enforcement-unavailable', probe.detail, {
    where: `BAILIFF_ENFORCE=${wish}`,
    remedy: 'Put that right, or set BAILIFF_ENFORCE=dry-run to run without dropping anything.',
  });
}

async function chooseBest(
  context: BackendContext & { readonly signal: AbortSignal },
  registry: Readonly<Record<string, BackendFactory>>,
): Promise<Choice> {
  const reasons: string[] = [];
  for (const name of candidates) {
    const backend = make(name, context, registry);
    const probe = await backend.probe(context.signal);
    if (probe.usable) return { backend, dryRun: null, detail: probe.detail };
    reasons.push(`${name}: ${probe.detail}`);
    await backend.close();
  }
  return { backend: make('dry-run', context, registry), dryRun: 'fallback', detail: reasons.join('; ') };
}

function make(
  name: string,
  context: BackendContext,
  registry: Readonly<Record<string, BackendFactory>>,
): Backend {
  const factory = registry[name];
  if (factory !== undefined) return factory(context);
  throw new BailiffError('enforcement-unavailable', `there is no backend ${name} in this version`, {
    where: `BAILIFF_ENFORCE=${name}`,
    remedy: `Use auto or one of ${Object.keys(registry).join(', ')}.`,
  });
}

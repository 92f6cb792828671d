import { messageOf } from '../core/errors.ts';
import { type BackendContext, type BackendFactory, backends } from './registry.ts';

export interface Removal {
  /** Backends of which something stood, and is gone. */
  readonly removed: readonly string[];
  /** Why something could not be taken away, one sentence each. */
  readonly problems: readonly string[];
}

/**
 * Takes away what any backend but `keep` has made here, now or in an earlier life. What nobody has the right to
 * look at may be there, and is told; a backend whose tools or kernel are missing can have made nothing.
 */
export async function removeAll(
  context: BackendContext,
  keep: string | null = null,
  registry: Readonly<Record<string, BackendFactory>> = backends,
): Promise<Removal> {
  const removed: string[] = [];
  const problems: string[] = [];
  for (const [name, make] of Object.entries(registry)) {
    if (name === keep) continue;
    const backend = make(context);
    try {
      const { usable, denied, detail } = await backend.probe(AbortSignal.timeout(15_000));
      if (denied === true) problems.push(`${name}: ${detail}`);
      if (usable && (await backend.uninstall())) removed.push(name);
    } catch (error) {
      problems.push(`${name}: ${messageOf(error)}`);
    } finally {
      await backend.close();
    }
  }
  return { removed, problems };
}

import { Allowlist } from '../../../src/core/allowlist.ts';
import { Sessions } from '../../../src/core/session.ts';
import { systemClock } from '../../../src/core/types.ts';
import { bucketCount } from '../../../src/core/window.ts';
import { Ledger } from '../../../src/ledger/ledger.ts';

/**
 * The attempts that a jail has counted of each address, as they stand in the ledger of a daemon that has ended.
 * `limits` are the jail's; findtime in seconds.
 */
export function countsOf(
  stateDirectory: string,
  jail: string,
  limits: { readonly maxretry: number; readonly findtime: number },
): Map<string, number> {
  const ledger = new Ledger({
    path: `${stateDirectory}/bailiff.db`,
    clock: systemClock,
    allowlist: new Allowlist(),
    sessions: new Sessions(),
  });
  try {
    const windows = ledger.openWindows(jail, { ...limits, maxTracked: 100_000 });
    const counts = Array.from({ length: bucketCount }, (_, bucket) => windows.pack(bucket, 0)).flatMap(
      (packed) => packed.addresses.map((each, index) => [each, packed.counts[index] ?? 0] as const),
    );
    return new Map(counts.sort(([a], [b]) => (a < b ? -1 : 1)));
  } finally {
    ledger.close();
  }
}

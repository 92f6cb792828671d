/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
}

/** What CI runs: a change has to answer for itself, and not for what chance finds beside it. */
const steadySeed = 20_261_127;

/** `FUZZ_SEED` repeats a run that failed; without it each run but CI's is another one. Printed by every test. */
export const seed = Number(
  process.env['FUZZ_SEED'] ?? (process.env['CI'] === 'true' ? steadySeed : Date.now() % 2 ** 31),
);

/** Marsaglia's xorshift with 32 bits (Journal of Statistical Software 8, 14). */
export function randomOf(start: number): Random {
  let state = start % 2 ** 32 || 1;
  const below = (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  return { below, pick: ([first, ...rest]) => rest[below(rest.length + 1) - 1] ?? first };
}

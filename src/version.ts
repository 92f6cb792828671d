import { readFileSync } from 'node:fs';

/** The version of this Bailiff, from its package.json (one folder up, in src/ as in dist/). */
export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(text) as { version: unknown }).version);
}

import { opendirSync } from 'node:fs';

/** Names in a folder. It is not read to its end: whoever writes there may have filled it with millions. */
export function firstNames(folder: string, most: number): string[] {
  const names: string[] = [];
  const entries = opendirSync(folder);
  try {
    for (let entry = entries.readSync(); entry !== null && names.length < most; entry = entries.readSync())
      names.push(entry.name);
  } finally {
    entries.closeSync();
  }
  return names;
}

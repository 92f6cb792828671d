import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { Probe } from '../backend.ts';
import type { ManagedFile } from './managed-file.ts';
import { inContainer, mountedFile, type Surroundings } from './mount.ts';
import { inOneLine } from './thrown.ts';

/**
 * Whether bans can be written into this hosts.deny, and whether anybody reads it: that of a container is
 * nobody's. Changes nothing; never throws.
 */
export async function probeHostsDeny(file: ManagedFile, surroundings: Surroundings): Promise<Probe> {
  const { path } = file;
  try {
    const text = await file.read();
    if ((await inContainer(surroundings)) && (await mountedFile(path, surroundings)) === null) {
      return unusable(
        `${path} is the container's own, which nothing reads; mount the host's: -v ${path}:${path}`,
      );
    }
    await access(path, constants.W_OK);
    const heed =
      'only programs linked with libwrap heed it, and hosts.allow and what stands above our lines win';
    // Debian's libwrap (7.6.q) turns every client away then: it takes the line for one too long to read.
    const cut =
      text !== '' && !text.endsWith('\n') ? '; its last line has no end, so libwrap may deny everybody' : '';
    return { usable: true, detail: `${path}: ${heed}${cut}` };
  } catch (error) {
    return unusable(inOneLine(error));
  }
}

function unusable(detail: string): Probe {
  return { usable: false, detail };
}

import { readFile } from 'node:fs/promises';
import { DeliveryFailure, explained } from './channel.ts';

/** Which certificates of a server are taken for sound. */
export interface TlsTrust {
  readonly rejectUnauthorized: boolean;
  /** Authorities in PEM, in place of those that Node knows. */
  readonly ca?: string;
}

/** Reads the authorities anew for each message: they are renewed. @throws DeliveryFailure where they cannot be read */
export async function tlsTrust(verify: boolean, ca: string | null): Promise<TlsTrust> {
  if (ca === null) return { rejectUnauthorized: verify };
  try {
    return { rejectUnauthorized: verify, ca: await readFile(ca, 'utf8') };
  } catch (error) {
    throw new DeliveryFailure(`the authorities of \`ca\` cannot be read: ${explained(error)}`);
  }
}

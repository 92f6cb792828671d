import { stat } from 'node:fs/promises';

/** Says when a file has become another, once it stays so from one look to the next: nobody reads what is half written. */
export class FileWatch {
  readonly #path: string;
  #known: string | null = null;
  #seen: string | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** It is read now: as it is, it is known. */
  async take(): Promise<void> {
    this.#known = await stateOf(this.#path);
  }

  /** @returns whether it has changed since it was last said so, or since the first look */
  async look(): Promise<boolean> {
    const before = this.#seen;
    this.#seen = await stateOf(this.#path);
    this.#known ??= this.#seen;
    if (this.#seen === this.#known || this.#seen !== before) return false;
    this.#known = this.#seen;
    return true;
  }
}

/** By what it is known that a file is the same as it was. */
async function stateOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return 'not there';
  }
}

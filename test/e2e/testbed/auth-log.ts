import { appendFileSync, writeFileSync } from 'node:fs';

/** A file as rsyslog writes it, filled by the test. */
export class AuthLog {
  readonly path: string;
  #session = 1000;

  constructor(path: string) {
    this.path = path;
    writeFileSync(path, '');
  }

  /** One failed login of each address, written at once. */
  fail(...addresses: string[]): void {
    this.append(this.linesOf(addresses));
  }

  /** What `fail` would write. */
  linesOf(addresses: readonly string[]): string {
    return addresses.map((address) => this.#line(address)).join('');
  }

  append(bytes: string | Uint8Array): void {
    appendFileSync(this.path, bytes);
  }

  #line(address: string): string {
    this.#session += 1;
    const time = new Date().toISOString().replace('Z', '000+00:00');
    return `${time} dockhost sshd[${this.#session}]: Failed password for root from ${address} port 40000 ssh2\n`;
  }
}

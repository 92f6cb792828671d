import { type IgnoreEntries, isInDomain } from '../core/ignore-entry.ts';
import type { Address } from '../core/types.ts';
import { AnswerBook } from './answer-book.ts';
import { confirmedNames, type Dns } from './confirmed-names.ts';
import { IgnoreProgram } from './ignore-program.ts';
import type { KeptNames } from './kept-names.ts';

export interface IgnoreQuestionsParts {
  /** What tells the names of addresses; by default DNS. */
  readonly dns?: Dns;
  /** Where confirmed names are kept over a restart. */
  readonly kept?: KeptNames;
  /** Seconds; never set back. */
  readonly now?: () => number;
  /** A program gave no answer; null: it gives some again. */
  readonly failed: (path: string, problem: string | null) => void;
  /** Something else is known of an address than before. */
  readonly changed: (address: Address) => void;
}

/** Of a name a real server answers within milliseconds; an attacker's holds his ban up for so long. */
const dnsLimits = { lives: { yes: 3_600, no: 300 }, atOnce: 32, perSecond: 100, patienceMs: 3_000 } as const;
/** A process each. */
const programLimits = { lives: { yes: 300, no: 300 }, atOnce: 4, perSecond: 20, patienceMs: 5_000 } as const;

interface Asked {
  readonly program: IgnoreProgram;
  readonly book: AnswerBook;
}

/** What ignore lists do not know by themselves, and ask about each address: its names, and what programs say of it. */
export class IgnoreQuestions {
  readonly #parts: IgnoreQuestionsParts;
  readonly #domains = new Set<string>();
  readonly #hosts: AnswerBook;
  readonly #programs = new Map<string, Asked>();
  /** How many questions there are, and were when the standing bans were asked about. */
  #count = 0;
  #reviewed = 0;
  #stopped = false;

  constructor(parts: IgnoreQuestionsParts) {
    this.#parts = parts;
    const wanted = (name: string): boolean => [...this.#domains].some((domain) => isInDomain(name, domain));
    this.#hosts = this.#bookOf(dnsLimits, (address) => confirmedNames(address, wanted, parts.dns));
    this.#hosts.restore(parts.kept?.read() ?? []);
  }

  /** From now on these are asked about, too. */
  note({ domains, commands }: Pick<IgnoreEntries, 'domains' | 'commands'>): void {
    for (const domain of domains) {
      if (this.#domains.has(domain)) continue;
      this.#domains.add(domain);
      this.#hosts.forgetRefusals();
      this.#count += 1;
    }
    for (const path of commands) {
      if (this.#programs.has(path)) continue;
      const program = new IgnoreProgram(path, (problem) => this.#parts.failed(path, problem));
      const book = this.#bookOf(programLimits, (address) => program.answer(address));
      this.#programs.set(path, { program, book });
      this.#count += 1;
    }
  }

  /** These alone are asked about from now on. */
  keepOnly({ domains, commands }: Pick<IgnoreEntries, 'domains' | 'commands'>): void {
    for (const domain of this.#domains) if (!domains.includes(domain)) this.#domains.delete(domain);
    for (const [path, { program }] of this.#programs) {
      if (commands.includes(path)) continue;
      this.#programs.delete(path);
      program.stop();
    }
  }

  /** Addresses with the names that are confirmed of them. */
  *hosts(): Generator<readonly [Address, readonly string[]]> {
    for (const [address, { answer }] of this.#hosts.known) yield [address, answer];
  }

  /** Addresses that a program names. */
  *namedBy(path: string): Generator<Address> {
    for (const [address] of this.#programs.get(path)?.book.known ?? []) yield address;
  }

  /** Asks about an address. Returns null where there is nothing to wait for, else what never rejects. */
  ask(address: Address, hosts: boolean, commands: readonly string[]): Promise<void> | null {
    if (address.includes('/')) return null;
    const programs = commands.flatMap((path) => this.#programs.get(path)?.book ?? []);
    const books = hosts ? [this.#hosts, ...programs] : programs;
    const answers = books.flatMap((book) => book.ask(address) ?? []);
    if (answers.length === 0) return null;
    // What was asked and not answered when the daemon stops must not become a ban.
    return Promise.all(answers).then(() => (this.#stopped ? never : undefined));
  }

  /** Has it asked about them, by and by. */
  askLater(addresses: Iterable<Address>): void {
    const books = this.#domains.size > 0 ? this.#books() : this.#books().slice(1);
    if (books.length === 0) return;
    for (const address of addresses) {
      if (!address.includes('/')) for (const book of books) book.later(address);
    }
  }

  /** As `askLater`, where there are other questions than when it was called last. */
  askAnew(addresses: Iterable<Address>): void {
    if (this.#reviewed === this.#count) return;
    this.#reviewed = this.#count;
    this.askLater(addresses);
  }

  /** Puts the questions that are due. */
  review(): void {
    for (const book of this.#books()) book.review();
  }

  /** Ends what runs; whoever waits for an answer gets none. */
  stop(): void {
    this.#stopped = true;
    for (const { program } of this.#programs.values()) program.stop();
  }

  /** That of DNS first. */
  #books(): AnswerBook[] {
    return [this.#hosts, ...[...this.#programs.values()].map(({ book }) => book)];
  }

  #bookOf(
    limits: typeof dnsLimits | typeof programLimits,
    ask: (address: Address) => Promise<readonly string[]>,
  ): AnswerBook {
    const { now = () => performance.now() / 1000, kept } = this.#parts;
    const changed = (address: Address): void => {
      if (limits === dnsLimits) kept?.write(this.#hosts.known);
      this.#parts.changed(address);
    };
    return new AnswerBook({ ...limits, ask, now, changed });
  }
}

const never = new Promise<never>(() => undefined);

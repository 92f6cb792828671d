import { existsSync, readFileSync } from 'node:fs';
import type { Family } from '../../core/address.ts';
import { BailiffError, messageOf } from '../../core/errors.ts';
import { runCommand } from '../command.ts';
import { longestUnread, type RuleWatch } from '../monitor.ts';
import type { Count } from '../tally.ts';
import { holdsDocker, holdsOurs, ourChain } from './rules.ts';
import { parseCounts, parseRules, type Rules } from './saved-rules.ts';
import { families } from './sets.ts';

/** iptables has two kernels behind it, whose rules both apply and which do not see each other. */
export type Variant = 'nft' | 'legacy';

/** The rules of one family in one variant: what stood there when it was last read, or why it cannot be. */
export class Tables {
  readonly variant: Variant;
  readonly family: Family;
  rules: Rules = new Map();
  /** What our chain has taken, by table. */
  counts: ReadonlyMap<string, Count> = new Map();
  /** Why the rules cannot be read, or null. */
  problem: string | null = null;

  constructor(variant: Variant, family: Family) {
    this.variant = variant;
    this.family = family;
  }

  async read(): Promise<void> {
    const saved = await runCommand(this.#program('save'), ['-c']);
    this.problem = saved.ok ? null : saved.missing ? `${this.#program('save')} is missing` : saved.complaint;
    this.rules = saved.ok ? parseRules(saved.output) : new Map();
    this.counts = saved.ok ? parseCounts(saved.output, ourChain) : new Map();
  }

  /** Writes one transaction, under the lock that iptables shares with Docker. @throws BailiffError enforcement-failed */
  async write(transaction: string): Promise<void> {
    const program = this.#program('restore');
    const restored = await runCommand(program, ['--noflush', '-w', '5'], { input: transaction });
    if (restored.ok) return;
    throw new BailiffError('enforcement-failed', restored.complaint, { where: program });
  }

  #program(verb: 'save' | 'restore'): string {
    return `${this.family === 4 ? 'iptables' : 'ip6tables'}-${this.variant}-${verb}`;
  }
}

/** Both families of one variant. */
export interface Stack {
  readonly variant: Variant;
  readonly tables: readonly Tables[];
}

/** Where the kernel says which legacy tables are loaded. */
const legacyNames = ['/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'];

/** Finds out which variants to use. Where both hold Docker's chains both are: every hook is traversed. */
export class Variants {
  readonly #watch: RuleWatch | undefined;
  #preferred: Variant | null = null;
  #nft: { readonly stack: Stack; readonly mark: number | null; readonly readAt: number } | null = null;

  /** `watch` sees what changes in nft, and so spares reading it: two processes at each look. */
  constructor(watch?: RuleWatch) {
    this.#watch = watch;
  }

  /**
   * Of the variants that may hold rules, those to install into: Docker's, else where we stand already, else
   * what `iptables` means here. @throws BailiffError enforcement-failed
   */
  async chosen(present: readonly Stack[]): Promise<readonly Stack[]> {
    const docker = present.filter(({ tables }) => tables.some(({ rules }) => holdsDocker(rules)));
    if (docker.length > 0) return docker;
    const ours = present.filter(({ tables }) => tables.some(({ rules }) => holdsOurs(rules)));
    if (ours.length > 0) return ours;
    this.#preferred ??= await defaultVariant();
    const preferred = present.find(({ variant }) => variant === this.#preferred);
    return [preferred ?? (await readStack(this.#preferred))];
  }

  /** The variants that may hold rules, read. Looking at legacy where no table is loaded would load them. */
  async present(): Promise<readonly Stack[]> {
    const nft = await this.#nftStack();
    return legacyIsLoaded() ? [nft, await readStack('legacy')] : [nft];
  }

  async #nftStack(): Promise<Stack> {
    const mark = this.#watch?.mark() ?? null;
    const known = this.#nft;
    const now = performance.now();
    if (known !== null && mark !== null && known.mark === mark && now - known.readAt < longestUnread) {
      return known.stack;
    }
    // The mark is of before the reading: what changes meanwhile makes the next one read again.
    const stack = await readStack('nft');
    const readable = stack.tables.every(({ problem }) => problem === null);
    this.#nft = readable ? { stack, mark, readAt: now } : null;
    return stack;
  }
}

async function readStack(variant: Variant): Promise<Stack> {
  const tables = families.map((family) => new Tables(variant, family));
  await Promise.all(tables.map((each) => each.read()));
  return { variant, tables };
}

/** Read at each look, and here: another thread would cost ten times as much as these few bytes. */
function legacyIsLoaded(): boolean {
  return legacyNames.some((path) => existsSync(path) && readFileSync(path, 'utf8').trim() !== '');
}

/** The variant behind the name `iptables`. @throws BailiffError enforcement-failed */
export async function defaultVariant(): Promise<Variant> {
  const version = await runCommand('iptables', ['-V']);
  if (version.ok) return version.output.includes('nf_tables') ? 'nft' : 'legacy';
  throw new BailiffError('enforcement-failed', `iptables cannot be used: ${version.complaint}`);
}

export interface Settled {
  readonly written: boolean;
  /** Why it is not as planned, or null. */
  readonly problem: string | null;
  /** What is not as planned was refused by the kernel, and not undone by others. */
  readonly refused: boolean;
}

/** Whether a program could not do its work in time, which says nothing about what the kernel can do. */
function isOccupied(complaint: string): boolean {
  return /xtables lock|temporarily unavailable|timed out|busy/i.test(complaint);
}

/** Writes what `plan` asks for, table by table, and reads back; a few times, since others write too. */
export async function settle(
  tables: Tables,
  plan: (rules: Rules) => readonly (string | null)[],
): Promise<Settled> {
  let written = false;
  let refusal: string | null = null;
  for (let attempt = 1; attempt <= 3 && tables.problem === null; attempt += 1) {
    const wanted = plan(tables.rules).filter((text) => text !== null);
    if (wanted.length === 0) return { written, problem: null, refused: false };
    refusal = null;
    for (const text of wanted) {
      try {
        await tables.write(text);
        written = true;
      } catch (error) {
        refusal = messageOf(error);
        // Somebody holds the lock, and may for long: the next look tries again.
        if (isOccupied(refusal)) return { written, problem: refusal, refused: false };
      }
    }
    await tables.read();
  }
  if (tables.problem !== null) return { written, problem: tables.problem, refused: false };
  const open = plan(tables.rules).some((text) => text !== null);
  if (!open) return { written, problem: null, refused: false };
  return { written, problem: refusal ?? 'others keep changing it', refused: refusal !== null };
}

import { setTimeout } from 'node:timers/promises';
import { journalDirectories, withJournalFiles } from '../config/journal-files.ts';
import { formatJournalMatch, type JournalMatch } from '../config/journal-match.ts';
import type { JailConfiguration } from '../config/schema.ts';
import { BailiffError } from '../core/errors.ts';
import { aborted } from './aborted.ts';
import { readingOf } from './jail-list.ts';
import { type JournalRequest, startJournalctl } from './journal-child.ts';
import { oldestOf } from './oldest.ts';
import type { SourceHost, SourceKind } from './source.ts';
import { supervise } from './supervise.ts';

/** In ms. Tests shorten them. */
export interface JournalPauses {
  /** How often it is looked whether journals appeared in a directory, or left it. */
  readonly look: number;
  /**
   * A journalctl that printed nothing for this long is replaced. It may have nothing to print; but that it is stuck, or
   * missed a new file, cannot be told from outside. It costs a process, and no entry: the next goes on from the cursor.
   */
  readonly silence: number;
}

const usualPauses: JournalPauses = { look: 5_000, silence: 10 * 60_000 };

/**
 * The host's journal, through journalctl. Jails that want the same entries share one child, one reading and one
 * cursor. Jails that want others have a child of their own, rather than one child for all that wants of any: so a
 * cursor stands for what was asked with it, and a jail that is added is given its past without the others being
 * given it again. An idle child takes no CPU, and about 1 MB that is its own.
 */
export function journalSource(directory: string | undefined, pauses = usualPauses): SourceKind {
  return {
    name: 'journal',
    async follow(jails, host, signal) {
      const readers = new Readers({ directory, host, signal, pauses });
      try {
        while (!signal.aborted) {
          const { now, changed } = jails;
          await readers.follow([...byMatch(now).values()]);
          await Promise.race([readers.failure, aborted(AbortSignal.any([signal, changed]))]);
        }
      } finally {
        await readers.stop();
      }
    },
  };
}

/** What the readers of one source have in common. */
interface ReaderParts {
  readonly directory: string | undefined;
  readonly host: SourceHost;
  readonly signal: AbortSignal;
  readonly pauses: JournalPauses;
}

interface Running {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** One for each group of jails. */
class Readers {
  readonly #parts: ReaderParts;
  /** By what it depends on of its group. */
  readonly #running = new Map<string, Running>();
  /** Those of them that failed and wait to be started again. */
  readonly #failing = new Set<string>();
  readonly #failed = Promise.withResolvers<never>();

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#failed.promise.catch(() => undefined);
  }

  /** Rejects when none of them can go on. */
  get failure(): Promise<never> {
    return this.#failed.promise;
  }

  /** Starts what is missing, once what is not wanted has ended: it may have the same name. */
  async follow(groups: readonly Group[]): Promise<void> {
    const wanted = new Map(groups.map((group) => [keyOf(group), group]));
    await this.#end([...this.#running.keys()].filter((key) => !wanted.has(key)));
    for (const [key, group] of wanted) if (!this.#running.has(key)) this.#start(key, group);
    const { host } = this.#parts;
    if (groups.length > 0) host.report('journal', 'reading', `matches read: ${groups.length}`);
    else host.forget('journal');
  }

  async stop(): Promise<void> {
    await this.#end([...this.#running.keys()]);
  }

  #start(key: string, group: Group): void {
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#parts.signal, stop.signal]);
    const reader = new Reader(group, { ...this.#parts, signal });
    const ended = this.#keepReading(key, reader, signal).catch(this.#failed.reject);
    this.#running.set(key, { stop, ended });
  }

  /** Again after each failure, while others are read; where none is, it is the journal's. @throws BailiffError journal-unreadable */
  async #keepReading(key: string, reader: Reader, signal: AbortSignal): Promise<void> {
    const read = (): Promise<void> => {
      this.#failing.delete(key);
      return reader.run();
    };
    const failed = (error: unknown): void => {
      this.#failing.add(key);
      if (this.#failing.size >= this.#running.size) throw error;
    };
    try {
      await supervise(read, signal, failed);
    } finally {
      this.#failing.delete(key);
    }
  }

  async #end(keys: readonly string[]): Promise<void> {
    const ending = keys.flatMap((key) => this.#running.get(key) ?? []);
    for (const key of keys) this.#running.delete(key);
    for (const { stop } of ending) stop.abort();
    await Promise.all(ending.map(({ ended }) => ended));
  }
}

const keyOf = ({ match, jails }: Group): string =>
  `${formatJournalMatch(match)}\n${jails[0].name}\n${readingOf(jails)}`;

interface Group {
  readonly match: JournalMatch;
  readonly jails: readonly [JailConfiguration, ...JailConfiguration[]];
}

function byMatch(jails: readonly JailConfiguration[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const jail of jails) {
    if (jail.journal.length === 0) continue;
    const key = formatJournalMatch(jail.journal);
    const others = groups.get(key)?.jails;
    groups.set(key, { match: jail.journal, jails: others === undefined ? [jail] : [...others, jail] });
  }
  return groups;
}

/** Reads the entries of one match. */
class Reader {
  readonly #group: Group;
  /** By the first of its jails: short, and each jail has one match. */
  readonly #id: string;
  readonly #directory: string | undefined;
  readonly #directories: readonly string[];
  readonly #host: SourceHost;
  readonly #signal: AbortSignal;
  readonly #pauses: JournalPauses;

  constructor(group: Group, { directory, host, signal, pauses }: ReaderParts) {
    this.#group = group;
    this.#id = `journal:${group.jails[0].name}`;
    this.#directory = directory;
    this.#directories = journalDirectories(directory);
    this.#host = host;
    this.#signal = signal;
    this.#pauses = pauses;
  }

  /** Until the signal aborts. @throws BailiffError journal-unreadable */
  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      const held = withJournalFiles(this.#directories);
      if (held.length > 0) await this.#readOnce(held);
      else await this.#wait();
    }
    this.#host.forget(this.#id);
  }

  async #wait(): Promise<void> {
    const places = this.#directories.join(' and ');
    this.#report(`there is no journal in ${places} yet; in a container, mount it from the host`);
    const { look } = this.#pauses;
    await setTimeout(look, undefined, { signal: this.#signal, ref: false }).catch(() => undefined);
  }

  /** Until the child has to be replaced, or fails. */
  async #readOnce(held: readonly string[]): Promise<void> {
    const { match, jails } = this.#group;
    const source = this.#host.open({
      id: this.#id,
      cursorKey: `journal:${formatJournalMatch(match)}`,
      input: { kind: 'stream', framing: 'journal' },
      jails,
    });
    const watch = new Watch(held, () => withJournalFiles(this.#directories), this.#pauses);
    const reading = AbortSignal.any([this.#signal, source.lost, watch.signal]);
    const since = oldestOf(jails, this.#host.now());
    const request: JournalRequest = { directory: this.#directory, match, cursor: source.cursor, since };
    try {
      const child = startJournalctl(request, reading);
      source.report('reading', held.join(', '));
      for await (const chunk of child.output) {
        watch.heard();
        await source.write(chunk);
      }
      const reason = await child.reason();
      if (!reading.aborted) throw unreadable(reason);
    } catch (error) {
      if (reading.aborted) return;
      source.close();
      const failure = error instanceof BailiffError ? error : unreadable(String(error));
      this.#report(failure.message);
      throw failure;
    } finally {
      watch.stop();
      if (this.#signal.aborted) source.close();
    }
  }

  #report(detail: string): void {
    this.#host.report(
      this.#id,
      'waiting',
      detail,
      this.#group.jails.map(({ name }) => name),
    );
  }
}

function unreadable(reason: string): BailiffError {
  return new BailiffError('journal-unreadable', reason, {
    where: 'the journal',
    remedy:
      'journalctl (Debian package systemd) must be there, and allowed to read: as root, in the group systemd-journal, or with the capability DAC_READ_SEARCH.',
  });
}

/** Says when a child has to be replaced: it is silent, or journals appeared where it does not look. */
class Watch {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #heardAt = performance.now();

  /** journalctl looks for new files in the directories that are there when it starts, and in no others. */
  constructor(held: readonly string[], heldNow: () => readonly string[], { look, silence }: JournalPauses) {
    this.#timer = setInterval(() => {
      const silent = performance.now() - this.#heardAt > silence;
      if (silent || heldNow().some((directory) => !held.includes(directory))) this.#controller.abort();
    }, look).unref();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    this.#heardAt = performance.now();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

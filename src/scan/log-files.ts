import path from 'node:path';
import { type FileCursor, type FilePosition, fingerprintLength } from '../files/file-cursor.ts';
import type { LogName } from '../files/tree.ts';
import type { Coding } from './encoding.ts';
import type { Follower, Judged } from './judged.ts';
import { identify, type Named, OpenFile } from './open-file.ts';
import type { PackedPlace } from './packed-place.ts';
import { type Ages, Place } from './place.ts';
import { findRenamed, findRest, type Left, openUnseen, unseenAfter } from './rest.ts';
import { LookAgain, rotatedOf } from './siblings.ts';
import { Thrift } from './thrift.ts';

/** Where the reading of a log begins, or goes on. */
export interface Opening {
  readonly place: Place | PackedPlace;
  /**
   * `same`: the file of the cursor, under the log's name; `rest`: what comes before the file that has the name now;
   * `other`: the file that has the name now, of which the cursor says nothing.
   */
  readonly kind: 'same' | 'rest' | 'other';
}

/** The file under the log's name is being read as another log just now: to be looked at again soon. */
export class ReadElsewhere extends LookAgain {
  constructor(log: string) {
    super(`the same file is read as ${log}`);
  }
}

/**
 * The files that hold the text of one log, or held it: finds and opens the one to be read next, and reads none.
 * Its methods throw what opening a file does, `LookAgain`, and `ReadElsewhere`.
 */
export class LogFiles {
  readonly #restSearch = new Thrift();
  readonly #nextSearch = new Thrift();
  readonly #log: LogName;
  readonly #follower: Follower;
  readonly #coding: Coding;
  readonly #judged: Judged;
  /** For which live file, and state of its folder, no file was found that was rotated unseen. */
  #searched = '';
  #gap = '';

  constructor(log: LogName, follower: Follower, coding: Coding, judged: Judged) {
    this.#log = log;
    this.#follower = follower;
    this.#coding = coding;
    this.#judged = judged;
  }

  /** The file that has the log's name now, or null. */
  named(): Named | null {
    return identify(this.#log);
  }

  /**
   * Where to begin; null where there is no file. `missingSince`: when it was seen, in seconds, that there is none:
   * what is found later was written since.
   */
  async begin(cursor: FileCursor | null, missingSince: number | null): Promise<Opening | null> {
    const known = cursor === null ? null : await this.#restSearch.spend(() => this.#behind(cursor));
    if (known !== null) return known;
    return this.named() === null ? null : this.#openOther(cursor, missingSince);
  }

  /** Where what the cursor says goes on; null where nothing of it is left. */
  async #behind(cursor: FileCursor): Promise<Opening | null> {
    const renamed = this.#renamed(cursor);
    if (renamed !== null) return { place: renamed, kind: 'rest' };
    const same = this.#same(cursor);
    if (same !== null) return { place: same, kind: 'same' };
    const ages = (size: number) => ({ old: cursor.old, backlog: size });
    const rest = await this.#findRest(cursor, cursor.at, this.named()?.identity ?? null, ages);
    return rest === null ? null : { place: rest, kind: 'rest' };
  }

  /** The cursor's file, where another one has its name now. */
  #renamed(cursor: FileCursor): Place | null {
    if (this.named()?.identity === cursor.file) return null;
    const file = findRenamed(this.#log, cursor);
    return file === null
      ? null
      : this.#place(file, cursor.offset, { old: cursor.old, backlog: file.stat().size });
  }

  /** The file under the log's name, where it goes on behind the cursor. */
  #same(cursor: FileCursor): Place | null {
    if (this.named() === null) return null;
    const file = new OpenFile(this.#log);
    if (continuesAt(file, cursor))
      return this.#place(file, cursor.offset, { old: cursor.old, backlog: file.stat().size });
    file.close();
    return null;
  }

  async #findRest(
    at: FilePosition,
    since: number | null,
    live: string | null,
    ages: (size: number) => Ages,
  ): Promise<Place | PackedPlace | null> {
    const before = this.#rotations();
    const { place, unreadable } = await findRest(this.#log, at, since, live, ages, this.#coding);
    this.#cannotRead(unreadable);
    if (place !== null) return place;
    // The file of the place is gone, or its copy lacks the end that was judged; others may have followed it unseen.
    const left = since === null ? null : { changed: since, identity: at.file, position: at };
    const unseen = left === null ? null : await this.#openUnseenAfter(left, live, null);
    if (unseen === null && this.#rotations() !== before) throw new LookAgain('rotated while it was searched');
    return unseen;
  }

  #rotations(): string {
    return rotatedOf(this.#log)
      .map(({ identity, path: name }) => `${name} ${identity}`)
      .join('\n');
  }

  #cannotRead(paths: readonly string[]): void {
    if (paths.length > 0)
      this.noteGap(`${paths.join(', ')}: packed in a way that cannot be read here (only gzip and zstd)`);
  }

  noteGap(gap: string): void {
    this.#gap = `a part may be missing: ${gap}`;
  }

  /** Which part of the log may be missing, or ''. */
  get gap(): string {
    return this.#gap;
  }

  #openOther(cursor: FileCursor | null, missingSince: number | null): Opening {
    const file = new OpenFile(this.#log);
    const { size, born } = file.stat();
    // File systems round times, some to a second.
    const madeMeanwhile = missingSince !== null && born > missingSince - 1;
    const backlog = cursor === null && madeMeanwhile ? 0 : size;
    const old = cursor === null && !madeMeanwhile ? size : 0;
    return { place: this.#placeIn(file, { old, backlog }), kind: 'other' };
  }

  /** At the beginning, or where the file was left under another name. */
  #placeIn(file: OpenFile, ages: Ages): Place {
    const known = this.#judged.of(file.identity, this.#follower);
    if (known === null || !file.holds(known.position)) return this.#place(file, 0, ages);
    if (known.elsewhere === null) return this.#place(file, known.position.offset, { ...ages, old: 0 });
    file.close();
    throw new ReadElsewhere(known.elsewhere);
  }

  #place(file: OpenFile, offset: number, ages: Ages): Place {
    return new Place(file, offset, ages, this.#coding);
  }

  /** The file that had the name before, where writers may still have it open; null where it is gone. */
  late(position: FilePosition): Place | null {
    const file = findRenamed(this.#log, position);
    return file === null ? null : this.#place(file, position.offset, { old: 0, backlog: file.stat().size });
  }

  /**
   * Behind the place of a file that was truncated: a rotation that copies may have left in its copy what was not
   * read yet. `since`: when the place was the end of what was judged, in seconds.
   */
  async afterTruncation(place: Place, since: number | null): Promise<Place | PackedPlace | null> {
    const { position, identity } = place;
    const ages = (size: number) => ({ old: 0, backlog: size });
    const found = await this.#restSearch.spend(() => this.#findRest(position, since, identity, ages));
    this.#judged.forget(identity);
    return found;
  }

  /**
   * What comes after a file that was read to its end, where `named` has its name now; null: nothing yet. `last`:
   * where the file before was left; `behind`: whether the next ones were rotated while nobody looked.
   */
  async next(
    place: Place | PackedPlace,
    named: Named | null,
    last: FilePosition | null,
    behind: boolean,
  ): Promise<{ place: Place | PackedPlace; unseen: boolean } | null> {
    const unseen = await this.#nextUnseen(place, named?.identity ?? null, last);
    if (unseen !== null) return { place: unseen, unseen: true };
    if (named === null || named.size === 0) return null;
    const file = new OpenFile(this.#log);
    const backlog = behind ? file.stat().size : 0;
    return { place: this.#placeIn(file, { old: 0, backlog }), unseen: false };
  }

  /** The next of several rotations; searched for only where one may have happened since the last search. */
  async #nextUnseen(
    place: Place | PackedPlace,
    live: string | null,
    last: FilePosition | null,
  ): Promise<Place | PackedPlace | null> {
    const { tree, path: log } = this.#log;
    const search = `${place.identity} ${live} ${tree.stat(path.dirname(log))?.mtimeNs}`;
    if (search === this.#searched) return null;
    const opened = await this.#nextSearch.spend(() => this.#openUnseenAfter(place, live, last));
    if (opened === null) this.#searched = search;
    return opened;
  }

  async #openUnseenAfter(
    left: Left,
    live: string | null,
    last: FilePosition | null,
  ): Promise<Place | PackedPlace | null> {
    for (const each of unseenAfter(this.#log, left, live, this.#judgedTo)) {
      const opened = await openUnseen(each, [left.position, last], this.#coding);
      if (opened === 'judged') continue;
      if (opened !== null) return opened;
      this.#cannotRead([each.path]);
    }
    return null;
  }

  readonly #judgedTo = (identity: string): FilePosition | null =>
    this.#judged.of(identity, this.#follower)?.position ?? null;

  /** Bytes of the files that are to be read after this one. */
  bytesAfter(place: Place | PackedPlace): number {
    const live = this.named();
    const sizes = unseenAfter(this.#log, place, live?.identity ?? null, this.#judgedTo).map(
      ({ size }) => size,
    );
    if (live !== null && live.identity !== place.identity) sizes.push(live.size);
    return sizes.reduce((sum, size) => sum + size, 0);
  }
}

/**
 * Whether the file goes on behind the place, of which nothing but its text may be known. Device numbers change when a
 * machine or a volume is restarted, so the same bytes at the same place count too, where there are enough of them.
 */
function continuesAt(file: OpenFile, at: FilePosition): boolean {
  const isKnown = file.identity === at.file || (at.file === '' && at.offset > 0);
  return (isKnown || at.offset >= fingerprintLength) && file.holds(at);
}

import { type FilePosition, fingerprint, fingerprintLength } from '../files/file-cursor.ts';
import type { LogName } from '../files/tree.ts';
import type { Coding } from './encoding.ts';
import type { OpenFile } from './open-file.ts';
import { PackedPlace } from './packed-place.ts';
import { type Ages, Place } from './place.ts';
import { LookAgain, openSibling, rotatedOf, type Sibling, siblingsOf } from './siblings.ts';

/** Files that are looked into, the youngest first. Unpacking one up to the place costs a second for 300 MB. */
const mostTries = 8;

/** The kernel stamps files with a clock that may be as much behind, in seconds. */
const clockStep = 0.05;

const nothing = Buffer.alloc(0);

/** What was found of a log under other names, in the order in which it is to be read. */
export interface Rest {
  readonly place: Place | PackedPlace | null;
  /** Paths that may hold the rest and cannot be read: packed in another way. */
  readonly unreadable: readonly string[];
}

/**
 * The file that was read until the place, under the name that a rotation gave it, or null. The number of a file that
 * was removed is soon given to another one: where its bytes prove nothing, its name must.
 */
export function findRenamed(log: LogName, at: FilePosition): OpenFile | null {
  const candidates = at.offset > 0 ? siblingsOf(log) : rotatedOf(log);
  for (const candidate of candidates) {
    if (candidate.identity !== at.file || candidate.packing !== null) continue;
    const opened = openSibling(candidate);
    if (opened.holds(at)) return opened;
    opened.close();
  }
  return null;
}

/**
 * What stands behind a place whose file is gone or was truncated: in the copy that a rotation made, or in the file
 * that it packed. They are known by the bytes before the place; where those are few, it must also have been changed
 * after `since` (seconds), when the place was the end of what was judged.
 */
export async function findRest(
  log: LogName,
  at: FilePosition,
  since: number | null,
  live: string | null,
  ages: (size: number) => Ages,
  coding: Coding,
): Promise<Rest> {
  const tellable = at.offset >= fingerprintLength;
  const younger = ({ changed }: Sibling): boolean => since !== null && changed > since - clockStep;
  const rotated = rotatedOf(log).filter(({ identity }) => identity !== live);
  const candidates = tellable
    ? rotated.toReversed()
    : rotated.filter((each) => younger(each) || each.identity === at.file);
  let place: Rest['place'] = null;
  for (const candidate of candidates.slice(0, mostTries)) {
    if (candidate.packing !== 'other') place ??= await openAt(candidate, at, ages, coding);
  }
  const unreadable = rotated.filter((each) => each.packing === 'other' && younger(each));
  return { place, unreadable: place === null ? unreadable.map(({ path }) => path) : [] };
}

/** Null where the file is not the text in which that place was, or not for us to read. */
async function openAt(
  file: Sibling,
  at: FilePosition,
  ages: (size: number) => Ages,
  coding: Coding,
): Promise<Place | PackedPlace | null> {
  try {
    if (file.packing !== null) return await PackedPlace.open(file, at, coding);
    const opened = openSibling(file);
    if (opened.holds(at)) return new Place(opened, at.offset, ages(opened.stat().size), coding);
    opened.close();
  } catch (thrown) {
    if (thrown instanceof LookAgain) throw thrown;
  }
  return null;
}

/** A file that is over, or judged as far as it is there. */
export interface Left {
  readonly identity: string;
  /** Nothing in it is younger; seconds. */
  readonly changed: number;
  readonly position: FilePosition;
}

/**
 * The files of a log that were rotated unseen after this one, the oldest first. `judged`: how far a file of this
 * identity was judged, if it was.
 */
export function unseenAfter(
  log: LogName,
  { changed, identity, position }: Left,
  live: string | null,
  judged: (identity: string) => FilePosition | null,
): Sibling[] {
  return rotatedOf(log).filter((each) => {
    if (each.changed <= changed || each.identity === live || each.identity === identity) return false;
    // Of packed files the time must be enough: they were packed after their last change.
    return each.packing !== null || !holdsOneOf(each, [judged(each.identity), position]);
  });
}

/** Whether what stands in the file was judged up to one of these places: it is that file, or its copy. */
function holdsOneOf(file: Sibling, places: readonly (FilePosition | null)[]): boolean {
  const telling = places.filter(
    (place) => place !== null && place.offset >= (place.file === file.identity ? 1 : fingerprintLength),
  );
  if (telling.length === 0) return false;
  const opened = openSibling(file);
  const holds = telling.some((place) => place !== null && opened.holds(place));
  opened.close();
  return holds;
}

/**
 * Opens a file that was rotated unseen, at its beginning; null where it cannot be read, and 'judged' where it is a
 * packed one that was judged up to one of these places: not all who pack leave the time as it was.
 * @throws Error as `openSibling`
 */
export async function openUnseen(
  file: Sibling,
  left: readonly (FilePosition | null)[],
  coding: Coding,
): Promise<Place | PackedPlace | 'judged' | null> {
  if (file.packing === null) {
    const opened = openSibling(file);
    return new Place(opened, 0, { old: 0, backlog: opened.stat().size }, coding);
  }
  const beginning = { file: file.identity, offset: 0, hash: fingerprint(nothing) };
  if (file.packing === 'other') return null;
  for (const place of left) {
    if (place === null || place.offset < fingerprintLength) continue;
    const judged = await PackedPlace.open(file, place, coding);
    judged?.close();
    if (judged !== null) return 'judged';
  }
  return PackedPlace.open(file, beginning, coding);
}

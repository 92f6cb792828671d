import type { Coding } from './encoding.ts';
import { type FilePosition, fingerprint, fingerprintLength } from './file-cursor.ts';
import { OpenFile } from './open-file.ts';
import { PackedPlace } from './packed-place.ts';
import { type Ages, Place } from './place.ts';
import { rotatedOf, type Sibling, siblingsOf } from './siblings.ts';

/** Files that are looked into, the youngest first. Unpacking one up to the place costs a second for 300 MB. */
const mostTries = 8;

const nothing = Buffer.alloc(0);

/** What was found of a log under other names, in the order in which it is to be read. */
export interface Rest {
  readonly place: Place | PackedPlace | null;
  /** Paths that may hold the rest and cannot be read: packed in another way. */
  readonly unreadable: readonly string[];
}

/** The file that was read until the place, under the name that a rotation gave it, or null. */
export function findRenamed(log: string, at: FilePosition): OpenFile | null {
  for (const { path, identity, packing } of siblingsOf(log)) {
    if (identity !== at.file || packing !== null) continue;
    const opened = new OpenFile(path);
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
  log: string,
  at: FilePosition,
  since: number | null,
  live: string | null,
  ages: (size: number) => Ages,
  coding: Coding,
): Promise<Rest> {
  const tellable = at.offset >= fingerprintLength;
  const younger = ({ changed }: Sibling): boolean => since !== null && changed > since;
  const rotated = rotatedOf(log).filter(({ identity }) => identity !== live);
  const candidates = tellable ? rotated.toReversed() : rotated.filter(younger);
  let place: Rest['place'] = null;
  for (const candidate of candidates.slice(0, mostTries)) {
    if (candidate.packing !== 'other') place ??= await openAt(candidate, at, ages, coding);
  }
  const unreadable = rotated.filter((each) => each.packing === 'other' && younger(each));
  return { place, unreadable: place === null ? unreadable.map(({ path }) => path) : [] };
}

/** Null where the file is not the text in which that place was, or cannot be opened (any more). */
async function openAt(
  file: Sibling,
  at: FilePosition,
  ages: (size: number) => Ages,
  coding: Coding,
): Promise<Place | PackedPlace | null> {
  if (file.packing !== null) return PackedPlace.open(file, at, coding);
  try {
    const opened = new OpenFile(file.path);
    if (opened.holds(at)) return new Place(opened, at.offset, ages(opened.stat().size), coding);
    opened.close();
  } catch {
    // Gone meanwhile, or not for us to read.
  }
  return null;
}

/** The files of a log that were rotated unseen after the one that is read, the oldest first. */
export function unseenAfter(
  log: string,
  place: Place | PackedPlace,
  live: string | null,
  isJudged: (identity: string) => boolean,
): Sibling[] {
  const { changed, identity, position } = place;
  const tellable = position.offset >= fingerprintLength;
  return rotatedOf(log).filter(
    (each) =>
      each.changed > changed &&
      each.identity !== live &&
      each.identity !== identity &&
      !isJudged(each.identity) &&
      !(tellable && isCopy(each, position)),
  );
}

function isCopy({ path, packing }: Sibling, position: FilePosition): boolean {
  if (packing !== null) return false;
  try {
    const opened = new OpenFile(path);
    const copied = opened.holds(position);
    opened.close();
    return copied;
  } catch {
    return true;
  }
}

/** Opens a file that was rotated unseen, at its beginning. @throws Error as `OpenFile` */
export async function openUnseen(file: Sibling, coding: Coding): Promise<Place | PackedPlace | null> {
  if (file.packing === null) {
    const opened = new OpenFile(file.path);
    return new Place(opened, 0, { old: 0, backlog: opened.stat().size }, coding);
  }
  const beginning = { file: file.identity, offset: 0, hash: fingerprint(nothing) };
  return file.packing === 'other' ? null : PackedPlace.open(file, beginning, coding);
}

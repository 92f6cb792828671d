import type { FilterAbout } from '../core/filter.ts';

/** A filter that a container's image may have. */
export interface Fitting {
  readonly name: string;
  readonly about: FilterAbout;
}

export interface UsualJails {
  readonly started: readonly Fitting[];
  /** Each with the reason. */
  readonly leftOut: readonly string[];
}

/**
 * Which of the filters that fit an image are started where nobody names one: none that is forgeable, unless there is no
 * other, for whoever asks wants protection; and of those that may count the same attempt one, that which takes fewer
 * attempts to ban, then by name. `reading`: what reads the container already.
 */
export function usualJails(fitting: readonly Fitting[], reading: readonly Fitting[]): UsualJails {
  const sound = fitting.filter(({ about }) => about.forgeable === null);
  const wanted = sound.length > 0 ? sound : fitting;
  const started: Fitting[] = [];
  const leftOut = fitting.filter((each) => !wanted.includes(each)).map(({ name }) => `${name} (forgeable)`);
  for (const each of wanted.toSorted((a, b) => patience(a) - patience(b))) {
    const other = [...reading, ...started].find((before) => mayCountTheSame(each, before));
    if (other === undefined) started.push(each);
    else leftOut.push(`${each.name} (overlaps ${other.name})`);
  }
  return { started, leftOut };
}

/** Attempts, as far as the filter itself says: what says nothing has the usual few. */
function patience({ about }: Fitting): number {
  return about.jail.maxretry ?? 0;
}

function mayCountTheSame(a: Fitting, b: Fitting): boolean {
  return a.about.overlaps.includes(b.name) || b.about.overlaps.includes(a.name);
}

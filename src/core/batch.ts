import { batchStride, type Match, type MatchBatch, MatchKind, type MatchKindName } from './types.ts';

/** Characters of a line that are kept as evidence. */
const longestEvidence = 1_024;

/** The columns and the text of a batch in the making. */
export interface PackedMatches {
  readonly columns: Float64Array<ArrayBuffer>;
  readonly text: string;
}

/**
 * Packs matches into columns: one growing Float64Array and one list of strings, so that a chunk with
 * thousands of matches crosses the threads as two values. `readBatch` is its inverse.
 */
export class BatchPacker {
  #columns = new Float64Array(batchStride * 16);
  #length = 0;
  #parts: string[] = [];

  get count(): number {
    return this.#length / batchStride;
  }

  add(match: Match): void {
    const line = match.line.length > longestEvidence ? match.line.slice(0, longestEvidence) : match.line;
    if (this.#length + batchStride > this.#columns.length) this.#grow();
    const columns = this.#columns;
    let at = this.#length;
    columns[at++] = match.filter;
    columns[at++] = MatchKind[match.kind];
    columns[at++] = match.time;
    columns[at++] = match.host.length;
    columns[at++] = match.session.length;
    columns[at++] = match.user.length;
    columns[at++] = match.fields.length;
    columns[at++] = line.length;
    this.#length = at;
    this.#parts.push(match.host, match.session, match.user, match.fields, line);
  }

  /** What was packed since the last call. The array owns its memory, so that it can be transferred. */
  take(): PackedMatches {
    const packed = { columns: this.#columns.slice(0, this.#length), text: this.#parts.join('') };
    this.#length = 0;
    this.#parts = [];
    return packed;
  }

  #grow(): void {
    const wider = new Float64Array(this.#columns.length * 4);
    wider.set(this.#columns);
    this.#columns = wider;
  }
}

const kindNames: readonly MatchKindName[] = (Object.keys(MatchKind) as MatchKindName[]).sort(
  (a, b) => MatchKind[a] - MatchKind[b],
);

/** The matches of a batch in the order of their lines, read out one at a time. */
export function* readBatch(batch: Pick<MatchBatch, 'columns' | 'text'>): Generator<Match, void, undefined> {
  const { columns, text } = batch;
  let position = 0;
  for (let at = 0; at + batchStride <= columns.length; at += batchStride) {
    const next = (column: number): string => {
      const start = position;
      position += columns[at + column] ?? 0;
      return text.slice(start, position);
    };
    yield {
      filter: columns[at] ?? 0,
      kind: kindNames[columns[at + 1] ?? 0] ?? 'hit',
      time: columns[at + 2] ?? 0,
      host: next(3),
      session: next(4),
      user: next(5),
      fields: next(6),
      line: next(7),
    };
  }
}

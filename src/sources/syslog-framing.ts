/** Bytes of a message that are kept: the line cap, a header, and enough more to show that it was longer. */
export const longestMessage = 66 * 1024;

/** No message is longer; a length that says so was read at the wrong place. */
const longestAnnounced = 1024 * 1024;

const newline = 0x0a;
const carriageReturn = 0x0d;
const nul = 0x00;
const spaceByte = 0x20;
const zero = 0x30;

/**
 * Takes the messages out of the bytes of one connection (RFC 6587): each with its length before it, or each ended
 * by a newline or, as glibc does, a NUL. A message that begins with a number and a space has its length before it.
 */
export class SyslogFraming {
  /** Digits of a length; null: not in one. */
  #digits: string | null = null;
  /** Bytes of a counted message that are still to come. */
  #remaining = 0;
  #kept: Buffer[] = [];
  #keptLength = 0;
  #inLine = false;

  /**
   * `take` gets each whole message, cut at `longestMessage`; it is valid during the call.
   * @throws Error where the bytes make no sense: the connection must be closed
   */
  push(chunk: Buffer, take: (message: Buffer) => void): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#remaining > 0) at = this.#counted(chunk, at, take);
      else if (this.#inLine) at = this.#line(chunk, at, take);
      else at = this.#begin(chunk, at);
    }
  }

  /** The connection ended in order: a last line may lack its end. */
  flush(take: (message: Buffer) => void): void {
    if (this.#digits !== null) this.#keep(Buffer.from(this.#digits));
    if (this.#keptLength > 0 && this.#remaining === 0) this.#finish(take);
  }

  /** Reads the beginning of a message, or a part of it. */
  #begin(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    if (this.#digits === null && (byte === newline || byte === carriageReturn || byte === nul)) return at + 1;
    const digit = byte - zero;
    const least = this.#digits === null ? 1 : 0;
    if (digit >= least && digit <= 9 && (this.#digits?.length ?? 0) < 10) {
      this.#digits = `${this.#digits ?? ''}${digit}`;
      return at + 1;
    }
    const digits = this.#digits ?? '';
    this.#digits = null;
    if (digits !== '' && byte === spaceByte) {
      this.#remaining = Number(digits);
      if (this.#remaining > longestAnnounced) throw new Error(`announces a message of ${digits} bytes`);
      return at + 1;
    }
    this.#keep(Buffer.from(digits));
    this.#inLine = true;
    return at;
  }

  #counted(chunk: Buffer, at: number, take: (message: Buffer) => void): number {
    const end = Math.min(chunk.length, at + this.#remaining);
    this.#remaining -= end - at;
    if (this.#remaining === 0) this.#complete(chunk.subarray(at, end), take);
    else this.#keep(chunk.subarray(at, end));
    return end;
  }

  #line(chunk: Buffer, at: number, take: (message: Buffer) => void): number {
    const end = endOfLine(chunk, at);
    if (end < 0) {
      this.#keep(chunk.subarray(at));
      return chunk.length;
    }
    this.#inLine = false;
    this.#complete(chunk.subarray(at, end), take);
    return end + 1;
  }

  #complete(last: Buffer, take: (message: Buffer) => void): void {
    // Mostly a message comes in one piece, and need not be copied.
    if (this.#keptLength === 0) take(last.subarray(0, longestMessage));
    else {
      this.#keep(last);
      this.#finish(take);
    }
  }

  #finish(take: (message: Buffer) => void): void {
    take(Buffer.concat(this.#kept));
    this.#kept = [];
    this.#keptLength = 0;
    this.#inLine = false;
    this.#digits = null;
  }

  /** Copies: a part of the chunk would keep all of it alive. */
  #keep(bytes: Buffer): void {
    const taken = bytes.subarray(0, longestMessage - this.#keptLength);
    if (taken.length === 0) return;
    this.#kept.push(Buffer.from(taken));
    this.#keptLength += taken.length;
    // A sender of single bytes must not cost a buffer each.
    if (this.#kept.length >= mostPieces) this.#kept = [Buffer.concat(this.#kept)];
  }
}

const mostPieces = 64;

function endOfLine(chunk: Buffer, from: number): number {
  const line = chunk.indexOf(newline, from);
  const end = chunk.subarray(from, line < 0 ? chunk.length : line).indexOf(nul);
  return end < 0 ? line : from + end;
}

import type { Policy } from './policy.ts';

/**
 * The values that cross a stage. Data flows one way:
 *
 *     source --lines--> filter --matches--> session --hits--> jail --verdicts--> ledger --bans--> enforcer
 *
 * Times are seconds since the epoch (they may have a fraction) unless a name ends in `Ms`.
 */

/** A canonical address or range: `203.0.113.7`, `198.51.100.0/24`, `2001:db8:1:2::/64`. See core/address.ts. */
export type Address = string;

/** What a matching line means. The numbers are the wire format of a batch's `kind` column. */
export const MatchKind = {
  /** An attempt that counts. */
  hit: 0,
  /** Contributes its fields to its session, without counting. */
  nofail: 1,
  /** The session succeeded: what is pending in it is dropped. */
  gained: 2,
  /** The session ended: it is forgotten. */
  forget: 3,
  /** Of a fail2ban filter, whose lines can end their session beside what they say otherwise. */
  lastHit: 4,
  lastNofail: 5,
  lastGained: 6,
} as const;
export type MatchKindName = keyof typeof MatchKind;

/** How the text of a file may be written. Bytes that mean nothing in it become U+FFFD; the line is still judged. */
export const encodings = ['utf-8', 'latin1', 'windows-1252', 'utf-16le', 'utf-16be'] as const;
export type Encoding = (typeof encodings)[number];

/** A folder in which others write: a log in it is looked for nowhere else, whatever links say. */
export interface LogRoot {
  /** The folder, as this process reaches it. */
  readonly path: string;
  /** Its `device:inode`: once the path leads to another folder, nothing is read there. */
  readonly identity: string;
  /** The same folder as those who write the log call it: the log's path begins with it. */
  readonly at: string;
}

/** Where the scanner takes the bytes of one source from. */
export type Input =
  | {
      readonly kind: 'file';
      /** A path without wildcards. A missing file is waited for. */
      readonly path: string;
      /** Where the path is looked up; absent: in the file system that this process sees. */
      readonly root?: LogRoot;
      /** Whom it is read for (jails): a file that was read for them already, under another name, is not read again. */
      readonly readers: readonly string[];
      /** When it was last seen, in seconds, that there was no such file; absent: it may always have been there. */
      readonly missingAt?: number;
      /** How its text is written; UTF-8 where absent. */
      readonly encoding?: Encoding;
      /** `cri`: each line of text in the format that container runtimes write for the kubelet; absent: as it is. */
      readonly format?: 'cri';
    }
  | {
      readonly kind: 'stream';
      /**
       * How lines lie in the bytes that main writes: Docker's log API with `timestamps=1`,
       * multiplexed in 8-byte frame headers or raw (TTY containers); the journal's export format; or
       * plain lines.
       */
      readonly framing: 'docker-multiplexed' | 'docker-raw' | 'journal' | 'lines';
    }
  | {
      readonly kind: 'stream';
      /** Pieces of a file that only the main thread can read (files/file-piece.ts). */
      readonly framing: 'file-pieces';
      /** How its text is written; UTF-8 where absent. */
      readonly encoding?: Encoding;
    }
  | {
      readonly kind: 'stream';
      /** Records of the syslog receiver (core/syslog-record.ts). */
      readonly framing: 'syslog';
      /** Which of them are judged. */
      readonly select: readonly string[];
    };

/** One source as the scanner is told of it. */
export interface ScanRequest {
  /** Unique and stable over restarts, as in `status`: `file:/var/log/auth.log`, `docker:web`. */
  readonly id: string;
  readonly input: Input;
  /** Names of the filters to judge each line with; a batch's `filter` column is an index into this. */
  readonly filters: readonly string[];
  /** Where to go on: the cursor of an earlier batch of this source, or null to begin. */
  readonly cursor: string | null;
  /** What was learned of the log up to there: as an earlier batch says. */
  readonly learned?: string | null;
  /** Zone of dates that name none: an IANA name, or undefined for the machine's own. */
  readonly timeZone?: string;
  /** How many matches of a batch come with their line and all of their fields, the first ones; absent: none. */
  readonly evidence?: number;
}

/**
 * What the scanner says of one chunk of one source: columns, never an object per match.
 * Posted for every chunk, matches or not, since the cursor moves.
 */
export interface MatchBatch {
  readonly source: string;
  /** The request's generation: batches of a request that was closed or replaced are dropped. */
  readonly generation: number;
  /** The position behind the last line judged. Opaque; only the scanner reads it. */
  readonly cursor: string;
  /** Lines and bytes judged since the last batch. */
  readonly lines: number;
  readonly bytes: number;
  /** Lines since the last batch of which some filter judged only the beginning. */
  readonly oversize: number;
  /** The number of a filter that would have counted what came on a stream that it does not judge; absent: there is none. */
  readonly unheard?: number;
  /** When the chunk was read, in ms since the epoch with a fraction. */
  readonly readAtMs: number;
  /** Bytes of the input that are there and not read yet; 0 when unknown or caught up. */
  readonly lagBytes: number;
  /** How old the last line was when it was judged, in seconds, a constant skew aside; absent: what brought it does not say. */
  readonly age?: number;
  /** By how many seconds the times of its lines constantly are behind the clock (core/skew.ts); absent: not at all. */
  readonly skew?: number;
  /** What the scanner has learned of this log, for a later request; absent: the same as at the last batch. Opaque, as the cursor is. */
  readonly learned?: string;
  /** `batchStride` numbers per match; see `readBatch`. */
  readonly columns: Float64Array;
  /** The strings of all matches, one after another; their lengths stand in the columns. */
  readonly text: string;
}

/** Numbers per match in `columns`: filter, kind, time, then lengths of host, session, user, fields, line. */
export const batchStride = 8;

/** One match, read out of a batch. */
export interface Match {
  /** Index into the request's `filters`. */
  readonly filter: number;
  readonly kind: MatchKindName;
  /** Of the line: the transport's where there is one, else its own date, else a fresh one before it, else when it was read. */
  readonly time: number;
  /** The address as written in the line, canonical (not yet a /64), or '' where the line names none. */
  readonly host: string;
  /** The session's key, or ''. */
  readonly session: string;
  readonly user: string;
  /** Other named groups as a JSON object, or ''; without `evidence` only where the host is an id, which sessions of fail2ban filters must know. */
  readonly fields: string;
  /** The line, capped; '' without `evidence`. */
  readonly line: string;
}

/** What a source is doing. */
export type SourceState = 'starting' | 'reading' | 'waiting' | 'failed' | 'ended';

/** A ban as the ledger holds it. */
export interface Ban {
  readonly address: Address;
  readonly jail: string;
  readonly since: number;
  /** null: for ever. */
  readonly until: number | null;
  readonly hits: number;
  /** Bans of the address in this jail so far, this one among them. */
  readonly count: number;
  /** How it is enforced. */
  readonly policy: Policy;
  /** Made by hand against an ignore list, a gateway or the like: only own addresses and loopback stop it. */
  readonly forced: boolean;
}

/** An address, or a range, that a person has put on the allow list while Bailiff runs. */
export interface AllowedAddress {
  readonly address: Address;
  readonly since: number;
  /** null: for ever. */
  readonly until: number | null;
}

/** Why a ban ended. */
export type UnbanReason = 'expired' | 'manual' | 'protected';

/** A ban, and what became of it: both null while it stands. */
export interface PastBan extends Ban {
  readonly ended: number | null;
  readonly reason: UnbanReason | null;
}

/** What is kept of the lines that lead to bans. `redacted`: what users typed is masked (app/redaction.ts). */
export const evidenceModes = ['off', 'redacted', 'full'] as const;
export type EvidenceMode = (typeof evidenceModes)[number];

/** A line that counted, as it is kept: capped, and well-formed Unicode. What it says came from an attacker. */
export interface EvidenceLine {
  readonly time: number;
  /** The source's id, as in `status`. */
  readonly source: string;
  readonly line: string;
}

/** Wall-clock time, injected so that no test sleeps. */
export interface Clock {
  /** Seconds since the epoch, with a fraction. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() / 1000 };

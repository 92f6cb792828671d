import type { Fail2banFilterDefinition } from './fail2ban-filter.ts';
import type { MatchKindName } from './types.ts';

/**
 * A filter as it crosses a thread: plain data, nothing compiled. config/ reads it from YAML, scan/
 * compiles it. All kinds compile to the same `Filter` (scan/filters/filter.ts).
 */
export type FilterDefinition = RegexFilterDefinition | JsonFilterDefinition | Fail2banFilterDefinition;

export interface FilterCommon {
  readonly name: string;
  readonly description: string;
  readonly samples: readonly Sample[];
  /** Where it was read from. */
  readonly file?: string;
  /** Absent: a filter of fail2ban's. */
  readonly about?: FilterAbout;
}

/** What people and jails are told of a filter, beside what it matches. */
export interface FilterAbout {
  /** What counts as a hit, in one phrase, or null. */
  readonly counts: string | null;
  readonly logs: FilterLogs;
  /** Names of images without their tags. */
  readonly images: readonly string[];
  /** What has to be set in the service for its log to name the client, or null. */
  readonly setup: string | null;
  /** Why a client can write whole lines of the log, with somebody else's address, in one sentence; null: it cannot. */
  readonly forgeable: string | null;
  /** What its jails get that do not say otherwise; times in seconds. */
  readonly jail: FilterLimits;
  /** The first is the default. None: it is one and the same for all. */
  readonly modes: readonly string[];
  /** Filters that may count the same line too. */
  readonly overlaps: readonly string[];
}

/** What a container's process writes to. */
export type ContainerStream = 'stdout' | 'stderr';

/** Where a service logs. */
export interface FilterLogs {
  /** The host's usual paths. */
  readonly files: readonly string[];
  /** Groups of terms, as in fail2ban's `journalmatch`. */
  readonly journal: readonly (readonly string[])[];
  /** Streams of its container that hold it; what comes on another is not judged. None: it may be either. */
  readonly container: readonly ContainerStream[];
  /** Files inside its container. */
  readonly inside: readonly string[];
  /** Images that log into these files, where others log to their output. */
  readonly insideOf?: readonly string[];
}

/** A `bantime` of null is for ever. */
export interface FilterLimits {
  readonly maxretry?: number | undefined;
  readonly findtime?: number | undefined;
  readonly bantime?: number | null | undefined;
}

export interface RegexFilterDefinition extends FilterCommon {
  readonly kind: 'regex';
  readonly ignoreCase: boolean;
  /** Whether its lines are judged whole, up to 2 MiB, where other expressions see 64 KiB. */
  readonly longLines?: boolean;
  /**
   * Must match first, or null. Its group `content` becomes the text that the expressions see; its
   * other groups are defaults for theirs.
   */
  readonly prefix: string | null;
  /** The first one that matches decides. */
  readonly expressions: readonly Expression[];
  /** A text that matches one of these is never a match. */
  readonly ignore: readonly string[];
}

/**
 * A regular expression for a line without its date. `<HOST>` stands for an address of either family
 * and captures it as `host`; the groups `user` and `session` have a meaning, others are evidence.
 */
export interface Expression {
  readonly kind: MatchKindName;
  readonly pattern: string;
}

export interface JsonFilterDefinition extends FilterCommon {
  readonly kind: 'json';
  /** The first one whose tests all hold decides. */
  readonly rules: readonly JsonRule[];
}

/** Field paths are names joined by dots; a key that itself holds the dots is found too. */
export interface JsonRule {
  readonly kind: MatchKindName;
  readonly where: readonly FieldTest[];
  readonly host: string | null;
  readonly user: string | null;
  readonly session: string | null;
  /** A field with the time: RFC 3339, or epoch seconds, milli-, micro- or nanoseconds. */
  readonly time: string | null;
}

export type Scalar = string | number | boolean | null;

/** Holds where the field is one of `values`, or a string that `pattern` matches. */
export type FieldTest =
  | { readonly path: string; readonly values: readonly Scalar[] }
  | { readonly path: string; readonly pattern: string };

/** What judging one line by itself must give. */
export type SampleResult = MatchKindName | 'ignored' | 'miss';

export interface Sample {
  /** In its file, from 1. */
  readonly number?: number;
  readonly line: string;
  readonly yields: SampleResult;
  readonly host?: string | undefined;
  readonly user?: string | undefined;
  readonly session?: string | undefined;
  /** RFC 3339. */
  readonly time?: string | undefined;
  /** An address that a client planted in the line. */
  readonly injected?: string | undefined;
}

/** Of the names of filters, and of their modes. */
export const filterNameForm = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Where expressions may write an address. */
export const hostTag = '<HOST>';

/** How a filter is called in a mode that is not its first one: `sshd[mode=aggressive]`. */
export function nameInMode(filter: string, mode: string): string {
  return `${filter}[mode=${mode}]`;
}

/** A filter's own name, and the mode that is named with it, or null. */
export function splitMode(name: string): { readonly filter: string; readonly mode: string | null } {
  const [, filter = name, mode = null] = /^(.*)\[mode=([^\]]*)\]$/s.exec(name) ?? [];
  return { filter, mode };
}

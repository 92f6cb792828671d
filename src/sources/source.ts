import type { JailConfiguration } from '../config/schema.ts';
import type { AllowEntry } from '../core/allowlist.ts';
import type { ContainerTraits } from '../core/container-selector.ts';
import type { PortRange } from '../core/policy.ts';
import type { Input, SourceState } from '../core/types.ts';
import type { Container, NetworkRange } from '../docker/client.ts';
import type { JailList } from './jail-list.ts';

/** One log as a source kind wants it read. */
export interface SourceDescription {
  /** Unique and stable over restarts: `file:/var/log/auth.log`, `docker:web`. */
  readonly id: string;
  /** What the cursor is kept under, where the id may come to mean another log (a container's name). */
  readonly cursorKey?: string;
  readonly input: Input;
  /** The jails that judge its lines. */
  readonly jails: readonly JailConfiguration[];
  /** Which way it is read, for `status`, where there are several. */
  readonly through?: string;
}

/** A log being read. Belongs to the source kind that opened it, which closes it. */
export interface OpenSource {
  /** Where to go on, as of now; null: from the beginning. */
  readonly cursor: string | null;
  /** Aborts when the scanner lost the stream (its thread died): open again from the cursor. */
  readonly lost: AbortSignal;
  /** Hands over bytes of a stream; they are transferred and no longer usable here. Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * The stream ended: what is unfinished is judged as it is. `detail`: why, for `status`. Resolves when all of it
   * was judged, or never will be.
   */
  end(detail: string): Promise<void>;
  /** Forgets the source, once what a stream that ended has handed over is judged. Its cursor stays in the ledger. */
  close(): void;
  report(state: SourceState, detail: string): void;
}

/** What a source kind may ask of the daemon. */
export interface SourceHost {
  open(description: SourceDescription): OpenSource;
  /** How far the source of this id (or cursor key) was judged, or null: nothing is known of it. */
  cursorOf(id: string): string | null;
  /** The state of the kind itself, or of something it cannot open, in `status`; and the names of the jails that would read it. */
  report(id: string, state: SourceState, detail: string, jails?: readonly string[]): void;
  /** What was reported of something that is gone is shown no more. */
  forget(id: string): void;
  /** So many lines of a source of this kind were lost before they could be judged. */
  dropped(id: string, lines: number): void;
  /** Jails that a container's labels ask for beside those that read it already, checked; what is wrong is told of. */
  jailsFromLabels(container: Container & Pick<ContainerTraits, 'pod'>): readonly JailConfiguration[];
  /** What was wrong with labels of containers (their ids) that are gone is told no more. */
  forgetLabels(isGone: (id: string) => boolean): void;
  /** Docker's networks, whenever they may have changed: their ranges are never banned. */
  protectNetworks(networks: readonly NetworkRange[]): void;
  /** The nodes of the cluster that this host is one of, whenever they change: they and their pods are never banned. */
  protectNodes(nodes: readonly AllowEntry[]): void;
  /**
   * The host's ports on which a container can be reached that these jails (their names) read, whenever they
   * change: those it publishes, or all where they cannot be known; and, where it publishes none, those of the containers on
   * networks of its own, which may pass clients on. A stopped container keeps its ports; of one that is gone all lists are
   * empty.
   */
  publishes(
    container: string,
    jails: readonly string[],
    ports: readonly PortRange[],
    through: readonly PortRange[],
  ): void;
  /**
   * What of a container's traffic the packet filter of this host does not see, a sentence each, with the
   * remedy, whenever it changes; none when there is nothing (any more).
   */
  gaps(container: string, gaps: readonly string[]): void;
  /**
   * The engine was reached, or did something (a network, a container's start or end, a reload) with which it may
   * have changed the packet filter.
   */
  engineChanged(): void;
  now(): number;
}

/**
 * A kind of source. Each is one file and one line in sources/registry.ts.
 *
 * `follow` reads everything the jails ask of this kind until the signal aborts, then returns. When the jails have
 * changed it opens, closes and opens again what that concerns, and nothing else. It
 * does not retry: it rejects when it cannot go on, and the supervisor starts it again with back-off.
 * It never closes what it did not open.
 */
export interface SourceKind {
  readonly name: string;
  follow(jails: JailList, host: SourceHost, signal: AbortSignal): Promise<void>;
}

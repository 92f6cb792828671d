import { setTimeout as pause } from 'node:timers/promises';
import type { JailConfiguration } from '../../../src/config/schema.ts';
import { messageOf } from '../../../src/core/errors.ts';
import { DockerFrames } from '../../../src/scan/docker-frames.ts';
import { type DockerOptions, dockerSource } from '../../../src/sources/docker.ts';
import { JailList } from '../../../src/sources/jail-list.ts';
import type { OpenSource, SourceDescription, SourceHost } from '../../../src/sources/source.ts';
import { jailWith } from '../../setup/jail.ts';

/** Reads containers' logs as the daemon does, and keeps every line with the cursor behind it. */
export class LogReader implements SourceHost {
  /** By container id. */
  readonly lines = new Map<string, string[]>();
  /** By id in `status`. */
  readonly states = new Map<string, string>();
  /** What was told of lost lines. */
  readonly lost: string[] = [];
  /** Each log that was opened, in order, by its id in `status`. */
  readonly opened: string[] = [];
  readonly #address: string;
  readonly #options: DockerOptions;
  #jail: JailConfiguration;
  readonly #jails: JailList;
  readonly #cursors = new Map<string, string>();
  #stop = new AbortController();
  #following: Promise<void> = Promise.resolve();

  constructor(address: string, options: DockerOptions, ...container: string[]) {
    this.#address = address;
    this.#options = options;
    this.#jail = jailWith('web', { container });
    this.#jails = new JailList([this.#jail]);
  }

  /** Reads on, and again a little after each failure, as under a supervisor. */
  start(): void {
    this.#stop = new AbortController();
    this.#following = this.#follow(this.#stop.signal);
  }

  /** What was handed over and not decoded yet is lost, as when the daemon is killed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  /** Another filter judges the logs from now on, as after a reload: all are opened again. */
  reload(): void {
    this.#jail = { ...this.#jail, filter: `${this.#jail.filter}.` };
    this.#jails.replace([this.#jail]);
  }

  of(container: string): readonly string[] {
    return this.lines.get(container) ?? [];
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const source = dockerSource(this.#address, { ways: [], hostRoot: '/' }, this.#options);
    while (!signal.aborted) {
      try {
        await source.follow(this.#jails, this, signal);
      } catch (error) {
        this.report('docker', 'waiting', messageOf(error));
        await pause(100, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  forget(): void {}

  dropped(): void {}

  cursorOf(key: string): string | null {
    return this.#cursors.get(key) ?? null;
  }

  open({ id, cursorKey = id, input }: SourceDescription): OpenSource {
    const container = cursorKey.replace('docker:', '');
    const lines = this.lines.get(container) ?? [];
    this.lines.set(container, lines);
    this.opened.push(id);
    const framing =
      input.kind === 'stream' && input.framing === 'docker-raw' ? input.framing : 'docker-multiplexed';
    const tellGap = (gap: string) => this.lost.push(`${id} ${gap}`);
    const frames = new DockerFrames(framing, this.#cursors.get(cursorKey) ?? null, { tellGap });
    const take = (line: Buffer) => lines.push(line.toString().trimEnd());
    const cursors = this.#cursors;
    return {
      get cursor() {
        return cursors.get(cursorKey) ?? null;
      },
      lost: new AbortController().signal,
      write: async (bytes) => {
        frames.push(Buffer.from(bytes), take);
        cursors.set(cursorKey, frames.cursor);
      },
      end: async (detail) => {
        frames.flush(take);
        cursors.set(cursorKey, frames.cursor);
        this.report(id, 'ended', detail);
      },
      close: () => this.states.delete(id),
      report: (state, detail) => this.report(id, state, detail),
    };
  }

  report(id: string, state: string, detail: string): void {
    this.states.set(id, `${state} ${detail}`);
  }

  jailsFromLabels = () => [];
  forgetLabels = () => undefined;
  protectNetworks = () => undefined;
  protectNodes = () => undefined;
  publishes = () => undefined;
  gaps = () => undefined;
  engineChanged = () => undefined;
  now = () => Date.now() / 1_000;
}

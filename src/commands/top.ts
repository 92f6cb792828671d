import { setTimeout as sleep } from 'node:timers/promises';
import type { Ban } from '../core/types.ts';
import { publicForm } from './banned.ts';
import { daemon } from './daemon.ts';
import { LiveScreen } from './live-screen.ts';
import { printJson, printLine } from './output.ts';
import { type Moment, newestOf, ratesBetween, topLines, worstOf } from './top-view.ts';

/** Between two looks, in ms. */
const lookMs = 1_000;
/** All bans are asked for at most so often that it takes this part of the time: there may be a hundred thousand. */
const shareForBans = 0.05;
/** Bans of each list that are printed as JSON. */
const mostListed = 10;

/**
 * `bailiff top`: what goes on, refreshed in place until q or Ctrl-C; with --json an object a second until it is ended; in
 * a pipe once. @throws BailiffError daemon-unreachable, also later
 */
export async function topCommand({ json }: { readonly json?: true }): Promise<void> {
  const stop = new AbortController();
  const looks = eachLook(stop.signal);
  if (json) {
    for await (const moment of looks) printJson(jsonOf(moment));
  } else if (process.stdout.isTTY && process.stdin.isTTY) await show(looks, stop);
  else {
    const { value } = await looks.next();
    if (value !== undefined) for (const line of topLines(value, mostListed)) printLine(...line);
  }
}

async function show(looks: AsyncGenerator<Moment, void>, stop: AbortController): Promise<void> {
  using screen = new LiveScreen();
  void screen.ended.then(() => stop.abort());
  for (;;) {
    const look = await Promise.race([screen.ended, looks.next()]);
    if (look === undefined || look.value === undefined) return;
    const moment = look.value;
    screen.draw((rows) => topLines(moment, listed(rows, moment)));
  }
}

/** The bans that each of two lists has room for beside all else. */
function listed(rows: number, { status }: Moment): number {
  const others = 14;
  return Math.max(3, Math.floor((rows - others - status.jails.length) / 2));
}

/** What is so now, and what came in the second before. Breaks off when the signal aborts. */
async function* eachLook(signal: AbortSignal): AsyncGenerator<Moment, void> {
  const client = daemon();
  const bans = new OccasionalBans();
  let before = await client.status();
  let at = performance.now();
  for (;;) {
    await sleep(lookMs, undefined, { signal });
    const status = await client.status();
    const now = performance.now();
    yield { status, rates: ratesBetween(before, status, (now - at) / 1000), bans: await bans.get() };
    before = status;
    at = now;
  }
}

/** All bans, asked for again when that is worth its cost. */
class OccasionalBans {
  #bans: readonly Ban[] = [];
  #next = 0;

  async get(): Promise<readonly Ban[]> {
    const began = performance.now();
    if (began < this.#next) return this.#bans;
    this.#bans = await daemon().bans();
    const ended = performance.now();
    this.#next = ended + (ended - began) / shareForBans;
    return this.#bans;
  }
}

function jsonOf({ status, rates, bans }: Moment) {
  const { ready, problems, warnings, enforcement } = status;
  return {
    time: Date.now() / 1000,
    ready,
    problems,
    warnings,
    banned: enforcement.elements,
    rates,
    worst: worstOf(bans, mostListed).map(publicForm),
    newest: newestOf(bans, mostListed).map(publicForm),
  };
}

import type * as z from 'zod';
import type { AnswerName } from './answers.ts';
import { type Control, mostImported } from './protocol.ts';
import {
  allowCommand,
  banCommand,
  disallowCommand,
  eventsQuery,
  historyQuery,
  importCommand,
  jailCommand,
  notifyTestCommand,
  unbanCommand,
  whyQuery,
} from './requests.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One thing that may be asked of the daemon: the server routes by these, and docs/openapi.json is made of them. */
export interface Route {
  readonly method: Method;
  /** `{name}` stands for one segment. */
  readonly path: string;
  readonly operation: string;
  readonly summary: string;
  readonly body?: z.ZodType;
  /** The longest body, in bytes. */
  readonly longest: number;
  readonly query?: z.ZodType;
  readonly answer: AnswerName;
  /** With `?follow` it is a stream of these, a JSON value a line. */
  readonly stream?: AnswerName;
  readonly run: (control: Control, asked: Asked) => unknown;
}

export interface Asked<Body = unknown, Query = unknown> {
  readonly body: Body;
  readonly query: Query;
  /** What stands for `{name}` in the path. */
  readonly name: string;
}

/** An address, a jail's name and a duration. */
const longestCommand = 4_096;
/** Each ban has two names and four numbers. */
const longestImport = mostImported * 512;
/** A jail with long lists. */
const longestJail = 16_384;

interface Definition<Body, Query> extends Omit<Route, 'body' | 'query' | 'longest' | 'run'> {
  readonly body?: z.ZodType<Body>;
  readonly query?: z.ZodType<Query>;
  readonly longest?: number;
  readonly run: (control: Control, asked: Asked<Body, Query>) => unknown;
}

function route<Body = undefined, Query = undefined>(definition: Definition<Body, Query>): Route {
  return { longest: longestCommand, ...definition } as Route;
}

export const routes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/status',
    operation: 'status',
    summary: 'What is watched, how it is enforced, what each jail did.',
    answer: 'Status',
    run: (control) => control.status(),
  }),
  route({
    method: 'GET',
    path: '/bans',
    operation: 'bans',
    summary: 'The bans that stand, the oldest first.',
    answer: 'Bans',
    run: (control) => control.bans(),
  }),
  route({
    method: 'POST',
    path: '/bans',
    operation: 'ban',
    summary: 'Ban an address or a range. Answered once it is stored and the kernel has it.',
    body: banCommand,
    answer: 'BanAnswer',
    run: (control, { body }) => control.ban(body),
  }),
  route({
    method: 'DELETE',
    path: '/bans',
    operation: 'unban',
    summary: 'Let an address in again, or everybody.',
    body: unbanCommand,
    answer: 'UnbanAnswer',
    run: (control, { body }) => control.unban(body),
  }),
  route({
    method: 'POST',
    path: '/bans/import',
    operation: 'importBans',
    summary: `Take over bans of another program or host, at most ${mostImported} at a time.`,
    body: importCommand,
    longest: longestImport,
    answer: 'ImportAnswer',
    run: (control, { body }) => control.importBans(body),
  }),
  route({
    method: 'GET',
    path: '/allowed',
    operation: 'allowed',
    summary: 'Whom a person has allowed while Bailiff runs, the oldest entry first.',
    answer: 'AllowedAddresses',
    run: (control) => control.allowed(),
  }),
  route({
    method: 'GET',
    path: '/never-banned',
    operation: 'neverBanned',
    summary: 'Whom all rules together keep from being banned, and by which rule.',
    answer: 'NeverBanned',
    run: (control) => control.neverBanned(),
  }),
  route({
    method: 'POST',
    path: '/allowed',
    operation: 'allow',
    summary: 'Let an address or a range in, and have nothing ban it.',
    body: allowCommand,
    answer: 'AllowAnswer',
    run: (control, { body }) => control.allow(body),
  }),
  route({
    method: 'DELETE',
    path: '/allowed',
    operation: 'disallow',
    summary: 'Do not allow it any more.',
    body: disallowCommand,
    answer: 'DisallowAnswer',
    run: (control, { body }) => control.disallow(body.address),
  }),
  route({
    method: 'GET',
    path: '/jails',
    operation: 'jails',
    summary: 'The jails that run, and where each comes from.',
    answer: 'Jails',
    run: (control) => control.jails(),
  }),
  route({
    method: 'PUT',
    path: '/jails/{name}',
    operation: 'putJail',
    summary:
      'Add a jail, or give one that was added here other options; they are those of bailiff.yaml. It is kept over restarts. No other jail is touched.',
    body: jailCommand,
    longest: longestJail,
    answer: 'JailChange',
    run: (control, { name, body }) => control.putJail(name, body),
  }),
  route({
    method: 'DELETE',
    path: '/jails/{name}',
    operation: 'removeJail',
    summary: 'Remove a jail that was added here. Its bans stay until their time is over.',
    answer: 'JailChange',
    run: (control, { name }) => control.removeJail(name),
  }),
  route({
    method: 'GET',
    path: '/why',
    operation: 'why',
    summary: 'Why an address or a range is banned, or is not.',
    query: whyQuery,
    answer: 'Why',
    run: (control, { query }) => control.why(query.address),
  }),
  route({
    method: 'GET',
    path: '/history',
    operation: 'history',
    summary:
      'Bans that are over, and those that stand, the newest first. A page may be empty though there are more.',
    query: historyQuery,
    answer: 'History',
    run: (control, { query }) => control.history(query),
  }),
  route({
    method: 'GET',
    path: '/events',
    operation: 'events',
    summary: 'What happened lately, the newest last; or, with `?follow`, what happens.',
    query: eventsQuery,
    answer: 'Events',
    stream: 'Event',
    run: (control) => control.recentEvents(),
  }),
  route({
    method: 'POST',
    path: '/reload',
    operation: 'reload',
    summary: 'Read the configuration again. A wrong one changes nothing, and the answer says why.',
    answer: 'Reload',
    run: (control) => control.reload(),
  }),
  route({
    method: 'POST',
    path: '/notify/test',
    operation: 'notifyTest',
    summary: 'Have a notifier send a test message.',
    body: notifyTestCommand,
    answer: 'NotifyTestAnswer',
    run: (control, { body }) => control.notifyTest(body),
  }),
  route({
    method: 'POST',
    path: '/teardown',
    operation: 'teardown',
    summary: 'Take all rules and sets out of the kernel. Nobody is shut out until the next start.',
    answer: 'TeardownAnswer',
    run: (control) => control.teardown(),
  }),
];

/** Whether a route changes something: with the read token alone it is refused. */
export function isWriting({ method }: { readonly method: string }): boolean {
  return method !== 'GET';
}

export interface Found {
  readonly route: Route;
  readonly name: string;
}

/**
 * The routes of a path, by method. Paths are compared as they are written: nothing is resolved or decoded, so that a
 * proxy in front and this server cannot take one for two different things.
 */
export function routesOf(path: string): ReadonlyMap<string, Found> {
  const found = routes.flatMap((each): [string, Found][] => {
    const name = nameIn(each.path, path);
    return name === null ? [] : [[each.method, { route: each, name }]];
  });
  return new Map(found);
}

/** What stands for `{name}`, or '' where the path has none; null: it is another path. */
function nameIn(template: string, path: string): string | null {
  const [start = '', end] = template.split('{name}');
  if (end === undefined) return path === template ? '' : null;
  const rest = path.startsWith(start) ? path.slice(start.length) : '';
  return rest === '' || rest.includes('/') ? null : rest;
}

import { BailiffError } from './errors.ts';
import type { Address } from './types.ts';

/** What becomes of a banned address's packets. `log` lets them pass and has the kernel log them: a trial. */
export type ActionKind = 'drop' | 'reject' | 'log';
export const actionKinds: readonly ActionKind[] = ['drop', 'reject', 'log'];

/** What a jail does about whom it bans. `none`: it only keeps the ban and tells of it. */
export type JailAction = ActionKind | 'none';
export const jailActions: readonly JailAction[] = [...actionKinds, 'none'];

export type Protocol = 'tcp' | 'udp';

/** Ports of one protocol, from `first` to `last`; both included. */
export interface PortRange {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
}

/** What a jail's `ports` says: all of them, those listed, or those its containers publish. */
export type Ports = 'all' | 'published' | readonly PortRange[];

/**
 * How bans are enforced, as one line of text: `drop`, `reject 80/tcp,443/tcp`, `log published web`. Jails
 * with the same policy share the kernel's sets; the text is stored with each ban, so that it is enforced
 * alike after a restart, also where its jail is not there yet.
 */
export type Policy = string;

/** Every packet is dropped: what a ban does unless its jail says otherwise. */
export const plainPolicy: Policy = 'drop';

/** Nothing is shut, and nothing of it comes near the packet filter. */
export const unenforced: Policy = 'none';

/** A policy as the packet filter gets it: `published` is resolved. */
export interface PolicyRule {
  readonly policy: Policy;
  readonly action: ActionKind;
  /** The ports as the client addresses them, before any rewriting; null: all of them. */
  readonly ports: readonly PortRange[] | null;
}

/** Whether it keeps anybody out: not a trial, nor what a jail bans for that only tells of it. */
export function keepsOut(policy: Policy): boolean {
  return policy !== unenforced && policy.split(' ', 1)[0] !== 'log';
}

export function policyOf(action: JailAction, ports: Ports, jail: string): Policy {
  if (action === 'none') return unenforced;
  if (ports === 'all') return action;
  return ports === 'published' ? `${action} published ${jail}` : `${action} ${formatPorts(ports)}`;
}

/**
 * The rule of a policy. `published` tells the ports that a jail's containers publish; where it knows none
 * (null), or the text names what are no ports, all are shut: nobody is let through because of what is not known.
 * @throws BailiffError internal, for text that `policyOf` does not write
 */
export function ruleOf(policy: Policy, published: (jail: string) => readonly PortRange[] | null): PolicyRule {
  const [action = '', ports, jail] = policy.split(' ');
  if (!isAction(action)) throw new BailiffError('internal', `"${policy.slice(0, 100)}" is no policy`);
  if (ports === undefined) return { policy, action, ports: null };
  if (ports === 'published') return { policy, action, ports: published(jail ?? '') };
  const listed = ports.split(',').map(parsePort);
  return { policy, action, ports: listed.every((range) => range !== null) ? listed : null };
}

/** A policy that was stored. What is none shuts all ports: nobody is let in because of what cannot be read. */
export function storedPolicy(text: string): Policy {
  const [action = ''] = text.split(' ', 1);
  return text === unenforced || isAction(action) ? text : plainPolicy;
}

function isAction(text: string): text is ActionKind {
  return actionKinds.some((kind) => kind === text);
}

/** Reads `80/tcp` or `1000-2000/udp`; `80` alone is TCP. null where the text is no port. */
export function parsePort(text: string): PortRange | null {
  const match = /^(\d{1,5})(?:[-:](\d{1,5}))?(?:\/(tcp|udp))?$/.exec(text);
  if (match === null) return null;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (first < 1 || last > 65_535 || first > last) return null;
  return { protocol: match[3] === 'udp' ? 'udp' : 'tcp', first, last };
}

export function formatPorts(ports: readonly PortRange[]): string {
  return ports.map(formatPort).join(',');
}

function formatPort({ protocol, first, last }: PortRange): string {
  return `${first === last ? first : `${first}-${last}`}/${protocol}`;
}

/** Each port once, in order, neighbours and overlaps joined: the same ports are the same policy. */
export function normalizePorts(ports: readonly PortRange[]): PortRange[] {
  const sorted = [...ports].sort((a, b) => a.protocol.localeCompare(b.protocol) || a.first - b.first);
  const joined: PortRange[] = [];
  for (const range of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && last.protocol === range.protocol && range.first <= last.last + 1) {
      joined[joined.length - 1] = { ...last, last: Math.max(last.last, range.last) };
    } else joined.push(range);
  }
  return joined;
}

/**
 * One address under one policy, as a key: what the kernel holds one element for. Under the plain policy it
 * is the address itself.
 */
export type Target = string;

/** Targets to the end of their longest ban, in seconds since the epoch; null: for ever. What the kernel should hold. */
export interface Desired extends Iterable<readonly [Target, number | null]> {
  readonly size: number;
  has(target: Target): boolean;
  get(target: Target): number | null | undefined;
}

export function targetOf(address: Address, policy: Policy): Target {
  return policy === plainPolicy ? address : `${address} ${policy}`;
}

export function splitTarget(target: Target): { readonly address: Address; readonly policy: Policy } {
  const space = target.indexOf(' ');
  if (space < 0) return { address: target, policy: plainPolicy };
  return { address: target.slice(0, space), policy: target.slice(space + 1) };
}

/** Whether `some` are ports that `all` holds too. What is published is within everything. */
export function isWithin(some: Ports, all: Ports): boolean {
  if (all === 'all' || some === 'published') return true;
  if (some === 'all' || all === 'published') return false;
  return some.every(({ protocol, first, last }) =>
    all.some((range) => range.protocol === protocol && range.first <= first && last <= range.last),
  );
}

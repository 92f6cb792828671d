import { jailOf } from '../../src/config/jails.ts';
import type { JailConfiguration, JailOptions, Limits } from '../../src/config/schema.ts';
import { noIncrement } from '../../src/core/ban-increment.ts';

export const limits = {
  maxretry: 5,
  findtime: 600,
  bantime: 600,
  increment: noIncrement,
  ignoreip: [],
  action: 'drop',
  ports: 'all',
  encoding: 'utf-8',
} as const satisfies Limits;

/** A jail as the configuration makes it of these options and nothing else. */
export function jailWith(name: string, options: JailOptions = {}): JailConfiguration {
  return jailOf(name, options, limits, null);
}

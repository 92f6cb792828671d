import type { Machine } from './machine.ts';

/** `problem`: something is not protected as it should be; `warning`: it could be better, or may go wrong. */
export type Level = 'ok' | 'warning' | 'problem';

/** What a check found. */
export interface Diagnosis {
  readonly level: Level;
  /** One sentence. */
  readonly text: string;
  /** What to do, with the line or the command; of several the one that fits. None where all is well. */
  readonly remedies: readonly string[];
}

/** Why a check could not be made, such as that it takes the daemon's word. */
export interface NotMade {
  readonly notMade: string;
}

/** Each is one file in checks/, and stands in registry.ts and in docs/doctor.md under its title. */
export interface Check {
  /** In --json; its file's name. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** May throw: then it was not made. */
  examine(machine: Machine): Promise<readonly Diagnosis[] | NotMade>;
}

export function ok(text: string): Diagnosis {
  return { level: 'ok', text, remedies: [] };
}

export function warning(text: string, ...remedies: readonly string[]): Diagnosis {
  return { level: 'warning', text, remedies };
}

export function problem(text: string, ...remedies: readonly string[]): Diagnosis {
  return { level: 'problem', text, remedies };
}

export const needsDaemon: NotMade = { notMade: 'the daemon does not answer' };

/** Names in a sentence, of which there may be many. */
export function listed(names: readonly string[], most = 5): string {
  const rest = names.length - most;
  return `${names.slice(0, most).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

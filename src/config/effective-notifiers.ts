import { withoutPassword } from './mail.ts';
import type { NotifierConfiguration } from './notify-options.ts';
import { type NotifyOptions, notifyShape, optionEntries } from './schema.ts';

type Option = keyof NotifyOptions & string;

/** What stands for an option of a notifier that does not have it. */
export const inItsPlace: Readonly<Partial<Record<Option, 'mail-server' | 'mail-from'>>> = {
  server: 'mail-server',
  from: 'mail-from',
};

/** What holds for a notifier, option by option, for people: null and undefined are none. Secrets are nobody's to see. */
export function shownNotifier({ way, ...common }: NotifierConfiguration): [Option, unknown][] {
  const all: Readonly<Record<string, unknown>> = { enabled: true, ...common, ...way };
  const options = (Object.keys(notifyShape) as Option[]).filter((key) => Object.hasOwn(all, key));
  return options.map((key) => [key, shown(key, all[key])]);
}

function shown(key: Option, value: unknown): unknown {
  if (key === 'server') return withoutPassword(String(value));
  const isSecret = optionEntries.get(notifyShape[key].def.innerType)?.secret === true;
  return isSecret && value !== null ? '(not shown)' : (value ?? undefined);
}

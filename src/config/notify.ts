import { BailiffError } from '../core/errors.ts';
import type { Layer } from './layer.ts';
import { mailServer } from './mail.ts';
import type { NotifierConfiguration, NotifierType, NotifierWay } from './notify-options.ts';
import { notifyVariable } from './option-names.ts';
import { type NotifyOptions, notifyShape, optionEntries } from './schema.ts';
import { quote } from './show.ts';

/** What mails go through and are from where a notifier does not say. */
interface MailDefaults {
  readonly server: string;
  readonly from: string;
}

export interface DecidedNotifiers {
  readonly notifiers: readonly NotifierConfiguration[];
  readonly errors: readonly BailiffError[];
}

/** Options that belong to one type of notifier alone; the others are everybody's. */
const ownOptions: Readonly<Record<NotifierType, readonly (keyof NotifyOptions)[]>> = {
  mail: ['verify', 'ca', 'to', 'from', 'server', 'password', 'sendmail'],
  webhook: ['verify', 'ca', 'url', 'shape', 'body', 'secret', 'token'],
  command: ['command'],
};
const someonesOptions = new Set(Object.values(ownOptions).flat());

/** The notifiers of all layers, the later of which win, option by option; what cannot work is reported, each for itself. */
export function decideNotifiers(layers: readonly Layer[], mail: MailDefaults): DecidedNotifiers {
  const names = new Set(layers.flatMap(({ values }) => Object.keys(values.notify ?? {})));
  const errors: BailiffError[] = [];
  const notifiers: NotifierConfiguration[] = [];
  for (const name of names) {
    const options = optionsOf(name, layers);
    if (options.enabled === false) continue;
    const fault = (option: keyof NotifyOptions | null, message: string, remedy: string) =>
      new BailiffError('config-invalid', `notifier ${quote(name)}: ${message}`, {
        where: whereOf(name, option, layers),
        remedy: remedy || `Set ${notifyVariable(name, option ?? 'type')}, or the same in the file.`,
      });
    const way = wayOf(options, mail, fault);
    if (Array.isArray(way)) errors.push(...way);
    else notifiers.push({ name, ...commonOf(options), way });
  }
  return { notifiers, errors };
}

type Fault = (option: keyof NotifyOptions | null, message: string, remedy: string) => BailiffError;

function optionsOf(name: string, layers: readonly Layer[]): NotifyOptions {
  const set = layers.flatMap(({ values }) => Object.entries(values.notify?.[name] ?? {}));
  return Object.fromEntries(set.filter(([, value]) => value !== undefined));
}

function commonOf(options: NotifyOptions): Omit<NotifierConfiguration, 'name' | 'way'> {
  return {
    jails: options.jails ?? usual('jails'),
    kinds: options.kinds ?? usual('kinds'),
    group: options.group ?? usual('group'),
    dedupe: options.dedupe ?? usual('dedupe'),
    lines: options.lines ?? usual('lines'),
  };
}

/** The default of an option, read out of the text that the reference prints. */
function usual<Key extends keyof NotifyOptions>(key: Key): Exclude<NotifyOptions[Key], undefined> {
  const { innerType } = notifyShape[key].def;
  return innerType.parse(optionEntries.get(innerType)?.default) as Exclude<NotifyOptions[Key], undefined>;
}

function wayOf(options: NotifyOptions, mail: MailDefaults, fault: Fault): NotifierWay | BailiffError[] {
  const { type } = options;
  if (type === undefined) return [fault('type', 'it has no type', '')];
  const foreign = Object.keys(options).filter(
    (key) => someonesOptions.has(key as keyof NotifyOptions) && !ownOptions[type].some((own) => own === key),
  );
  if (foreign.length > 0) {
    return foreign.map((key) =>
      fault(
        key as keyof NotifyOptions,
        `${key} says nothing to a ${type}`,
        `It takes ${ownOptions[type].join(', ')}.`,
      ),
    );
  }
  if (type === 'mail') return mailOf(options, mail, fault);
  return type === 'webhook' ? webhookOf(options, fault) : commandOf(options, fault);
}

function mailOf(options: NotifyOptions, mail: MailDefaults, fault: Fault): NotifierWay | BailiffError[] {
  const { to, sendmail = null, verify = null, ca = null, password } = options;
  const server = mailServer(options.server ?? mail.server, password);
  if (server instanceof BailiffError) {
    return [
      fault('password', 'password is set, which needs a user in server', 'Write smtp://USER@HOST:587.'),
    ];
  }
  if (to === undefined) return [fault('to', 'it names nobody to mail to', '')];
  return { type: 'mail', to, from: options.from ?? mail.from, server, sendmail, verify, ca };
}

function webhookOf(options: NotifyOptions, fault: Fault): NotifierWay | BailiffError[] {
  const { url, body = null, secret = null, token = null, verify = true, ca = null } = options;
  if (url === undefined) return [fault('url', 'it has no url', '')];
  const shape = options.shape ?? usual('shape');
  return { type: 'webhook', url, shape, body, secret, token, verify, ca };
}

function commandOf({ command }: NotifyOptions, fault: Fault): NotifierWay | BailiffError[] {
  return command === undefined ? [fault('command', 'it has no command', '')] : { type: 'command', command };
}

/** Where an option was written, or else the notifier: the last layer that did. */
function whereOf(name: string, option: keyof NotifyOptions | null, layers: readonly Layer[]): string {
  const latest = layers.toReversed();
  const own =
    option === null ? undefined : latest.find(({ values }) => values.notify?.[name]?.[option] !== undefined);
  if (own !== undefined && option !== null) return own.where(['notify', name, option]);
  return (
    latest.find(({ values }) => values.notify?.[name] !== undefined)?.where(['notify', name], 'key') ?? ''
  );
}

/** What notifiers tell of. */
export const noticeKinds = ['ban', 'unban', 'problem'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

export const notifierTypes = ['mail', 'webhook', 'command'] as const;
export type NotifierType = (typeof notifierTypes)[number];

/** What receivers of webhooks want to have. */
export const webhookShapes = ['json', 'slack', 'discord', 'ntfy'] as const;
export type WebhookShape = (typeof webhookShapes)[number];

/** What `{{…}}` may stand for in a webhook's body and a command's arguments. */
export const templateFields = [
  'id',
  'title',
  'text',
  'host',
  'kind',
  'count',
  'jail',
  'address',
  'time',
] as const;

/** The first `{{…}}` that stands for nothing, or null. */
export function unknownField(template: string): string | null {
  for (const [all, name = ''] of template.matchAll(/\{\{(.*?)\}\}/gs)) {
    if (!templateFields.some((field) => field === name)) return all;
  }
  return null;
}

/** Whether a template is one of JSON: it begins as an object or an array does, and not with a value. */
export function isJsonTemplate(template: string): boolean {
  return /^\s*(?:\[|\{(?!\{))/.test(template);
}

/** A notifier with everything decided; one that is switched off is none. Times in seconds. */
export interface NotifierConfiguration {
  readonly name: string;
  readonly jails: readonly string[];
  readonly kinds: readonly NoticeKind[];
  readonly group: number;
  readonly dedupe: number;
  /** Lines of logs that a ban is told with. */
  readonly lines: number;
  readonly way: NotifierWay;
}

export type NotifierWay =
  | {
      readonly type: 'mail';
      readonly to: readonly string[];
      readonly from: string;
      /** With its password; not asked where there is a `sendmail`. */
      readonly server: string;
      readonly sendmail: string | null;
      /** null: as it fits the server (notify/mail-server.ts). */
      readonly verify: boolean | null;
      readonly ca: string | null;
    }
  | {
      readonly type: 'webhook';
      readonly url: string;
      readonly shape: WebhookShape;
      readonly body: string | null;
      readonly secret: string | null;
      readonly token: string | null;
      readonly verify: boolean;
      readonly ca: string | null;
    }
  | { readonly type: 'command'; readonly command: readonly [string, ...string[]] };

/** The same for people: addresses of webhooks are passwords, too. */
export function publicNotifier({ way, ...notifier }: NotifierConfiguration) {
  const to = way.type === 'mail' ? { to: way.to } : {};
  const shape = way.type === 'webhook' ? { shape: way.shape, host: new URL(way.url).host } : {};
  const command = way.type === 'command' ? { command: way.command[0] } : {};
  return { ...notifier, type: way.type, ...to, ...shape, ...command };
}

import type { NotifierWay } from '../config/notify-options.ts';
import type { Channel } from './channel.ts';
import { CommandChannel } from './command-channel.ts';
import { MailChannel } from './mail-channel.ts';
import { smtpWay } from './mail-sender.ts';
import { Webhook } from './webhook.ts';

/** The channel of a notifier. `host`: this machine. @throws BailiffError config-invalid for mail addresses that are none */
export function channelOf(way: NotifierWay, host: string): Channel {
  if (way.type === 'webhook') return new Webhook(way);
  if (way.type === 'command') return new CommandChannel(way);
  const { from, to, server, sendmail, verify, ca } = way;
  const by =
    sendmail === null ? smtpWay(server, verify, ca) : ({ kind: 'sendmail', path: sendmail } as const);
  return new MailChannel({ from, fromName: 'Bailiff', to, host, way: by });
}

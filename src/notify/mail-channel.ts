import type { Channel } from './channel.ts';
import { MailSender, type MailSenderOptions } from './mail-sender.ts';
import type { Message } from './message.ts';

/** Mails each message. */
export class MailChannel implements Channel {
  readonly #sender: MailSender;

  /** @throws BailiffError config-invalid */
  constructor(options: MailSenderOptions) {
    this.#sender = new MailSender(options);
  }

  send({ title, text }: Message, signal: AbortSignal): Promise<string> {
    return this.#sender.send({ subject: `[Bailiff] ${title}`, text }, signal);
  }
}

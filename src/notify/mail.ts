import { hostname } from 'node:os';
import { Complaints } from './complaints.ts';
import { MailSender, smtpWay } from './mail-sender.ts';
import { banMail, type MailHead, startedMail, stoppedMail, summaryMail } from './mail-text.ts';
import type { BanEvent, Evidence, Reaction, Report } from './notifier.ts';

export interface MailOptions {
  readonly jail: string;
  /** The action's name, for reports. */
  readonly action: string;
  readonly report: Report;
  /** `smtp://[user:password@]host[:port]` or `smtps://…`. */
  readonly server: string;
  readonly from: string;
  readonly fromName?: string | null;
  readonly to: readonly string[];
  readonly prefix?: string;
  /** Which lines stand in a ban's mail. */
  readonly evidence: 'none' | 'ban' | 'jail' | 'all-jails';
  readonly onStart: boolean;
  readonly onStop: boolean;
  /** Whether bans of an earlier run are mailed again. */
  readonly onRestored: boolean;
  readonly host?: string;
  readonly nowMs?: () => number;
}

const minuteMs = 60_000;
/** Mails a minute; what comes beyond that is told in one mail once the minute is over. */
const mostPerMinute = 10;
/** Addresses that such a mail names. */
const mostNamed = 100;
/**
 * Mails each ban of a jail, at most ten a minute: in a storm the rest is told at the minute's end in one mail, which says
 * how many there were and names the first hundred. So is what could not be sent, once the server takes it.
 */
export class Mail implements Reaction {
  readonly #options: MailOptions;
  readonly #head: MailHead;
  readonly #complaints: Complaints;
  readonly #nowMs: () => number;
  readonly #sender: MailSender;
  /** When the last mails were sent. */
  #sentAtMs: number[] = [];
  #held = 0;
  #heldAddresses: string[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** @throws BailiffError config-invalid */
  constructor(options: MailOptions) {
    const host = options.host ?? hostname();
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#complaints = new Complaints(options.jail, options.action, options.report, this.#nowMs);
    this.#head = { prefix: options.prefix ?? '[Bailiff]', jail: options.jail, host };
    const { from, fromName = null, to, server } = options;
    this.#sender = new MailSender({ from, fromName: fromName ?? 'Bailiff', to, host, way: smtpWay(server) });
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#options.onStart) await this.#sender.send(startedMail(this.#head), signal);
  }

  async ban(event: BanEvent, signal: AbortSignal): Promise<void> {
    if (event.restored && !this.#options.onRestored) return;
    if (this.#held > 0 || this.#waitMs() > 0) return this.#hold(event);
    this.#sentAtMs.push(this.#nowMs());
    try {
      await this.#sender.send(banMail(this.#head, event, this.#evidenceOf(event)), signal);
    } catch (error) {
      this.#hold(event);
      throw error;
    }
  }

  async stop(signal: AbortSignal): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#complaints.end();
    if (this.#held > 0) await this.#sendHeld(signal);
    if (this.#options.onStop) await this.#sender.send(stoppedMail(this.#head), signal);
  }

  /** How long until another mail may be sent, in ms. */
  #waitMs(): number {
    const nowMs = this.#nowMs();
    this.#sentAtMs = this.#sentAtMs.filter((atMs) => nowMs - atMs < minuteMs);
    const [oldest = nowMs] = this.#sentAtMs;
    return this.#sentAtMs.length < mostPerMinute ? 0 : oldest + minuteMs - nowMs;
  }

  #hold({ address }: BanEvent): void {
    this.#held += 1;
    if (this.#heldAddresses.length < mostNamed) this.#heldAddresses.push(address);
    if (this.#timer === null) this.#tellLater(this.#waitMs() || minuteMs);
  }

  #tellLater(ms: number): void {
    const { signal } = new AbortController();
    const send = () =>
      this.#sendHeld(signal).catch((error: unknown) => this.#complaints.tell('summary', error));
    this.#timer = setTimeout(() => void send(), ms);
    this.#timer.unref();
  }

  /** One mail for all that are held; where it cannot be sent they stay so. */
  async #sendHeld(signal: AbortSignal): Promise<void> {
    const count = this.#held;
    const addresses = this.#heldAddresses;
    this.#held = 0;
    this.#heldAddresses = [];
    this.#timer = null;
    this.#sentAtMs.push(this.#nowMs());
    try {
      await this.#sender.send(summaryMail(this.#head, count, addresses), signal);
    } catch (error) {
      this.#held += count;
      this.#heldAddresses = [...addresses, ...this.#heldAddresses].slice(0, mostNamed);
      if (this.#timer === null) this.#tellLater(minuteMs);
      throw error;
    }
  }

  #evidenceOf(event: BanEvent): Evidence | null {
    const { evidence } = this.#options;
    if (evidence === 'jail') return event.inJail;
    if (evidence === 'all-jails') return event.inAllJails;
    return evidence === 'ban' ? event : null;
  }
}

import { Counter, Gauge, type Registry } from 'prom-client';

/** A notifier as metrics see it. */
export interface NotifierState {
  readonly name: string;
  readonly waiting: number;
  readonly sent: number;
  readonly failed: number;
  readonly dropped: number;
  readonly problem: string | null;
}

/** What is read when metrics are: how each notifier fares. */
export function registerNotifiers(registry: Registry, notifiers: () => readonly NotifierState[]): void {
  const registers = [registry];
  const perNotifier = (
    kind: typeof Gauge | typeof Counter,
    name: string,
    help: string,
    value: (notifier: NotifierState) => number,
  ): void => {
    new kind({
      name: `bailiff_notify_${name}`,
      help,
      labelNames: ['notifier'],
      registers,
      collect() {
        this.reset();
        for (const notifier of notifiers()) this.inc({ notifier: notifier.name }, value(notifier));
      },
    });
  };
  perNotifier(Gauge, 'queue_length', 'Bans and problems that wait to be told.', ({ waiting }) => waiting);
  perNotifier(Gauge, 'failing', '1: its last message could not be sent. 0: it could.', ({ problem }) =>
    Number(problem !== null),
  );
  perNotifier(Counter, 'sent_total', 'Messages that were taken.', ({ sent }) => sent);
  perNotifier(Counter, 'failed_total', 'Attempts to send a message that failed.', ({ failed }) => failed);
  perNotifier(
    Counter,
    'dropped_total',
    'Bans and problems that are not told: the queue had no room, or they were refused.',
    ({ dropped }) => dropped,
  );
}

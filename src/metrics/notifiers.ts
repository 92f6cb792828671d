import type { Series } from './exposition.ts';
import { ReadSeries } from './gauges.ts';

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
export function registerNotifiers(series: Series, notifiers: () => readonly NotifierState[]): void {
  const perNotifier = new ReadSeries(series, 'bailiff_notify_', ['notifier']);
  const values = (value: (notifier: NotifierState) => number) => () =>
    notifiers().map((notifier) => [{ notifier: notifier.name }, value(notifier)] as const);
  perNotifier.gauge(
    'queue_length',
    'Bans and problems that wait to be told.',
    values(({ waiting }) => waiting),
  );
  perNotifier.gauge(
    'failing',
    '1: its last message could not be sent. 0: it could.',
    values(({ problem }) => Number(problem !== null)),
  );
  perNotifier.counter(
    'sent_total',
    'Messages that were taken.',
    values(({ sent }) => sent),
  );
  perNotifier.counter(
    'failed_total',
    'Attempts to send a message that failed.',
    values(({ failed }) => failed),
  );
  perNotifier.counter(
    'dropped_total',
    'Bans and problems that are not told: the queue had no room, or they were refused.',
    values(({ dropped }) => dropped),
  );
}

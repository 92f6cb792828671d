import type { NotifierStatus } from '../control/protocol.ts';
import { printLine, printTable } from './output.ts';

/** How each notifier fares; nothing where there is none. */
export function printNotifiers(notifiers: readonly NotifierStatus[]): void {
  if (notifiers.length === 0) return;
  printTable(
    ['NOTIFIER', 'TYPE', 'WAITING', 'SENT', 'FAILED', 'DROPPED', 'DETAIL'],
    notifiers.map(({ name, type, waiting, sent, failed, dropped, problem }) => [
      name,
      type,
      ...[waiting, sent, failed, dropped].map(String),
      problem === null ? '' : `fails: ${problem}`,
    ]),
  );
  printLine();
}

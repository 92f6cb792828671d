import { formatDuration } from '../../core/duration.ts';
import { type Check, ok, problem, warning } from '../check.ts';
import { otherProblems, otherWarnings } from '../status-texts.ts';

/** Whether the daemon runs, what it says is wrong, and what it warns of that no other check explains. */
export const daemon: Check = {
  name: 'daemon',
  title: 'Daemon',
  async examine({ daemon, now }) {
    if (daemon instanceof Error) {
      const { message, where, remedy } = daemon;
      const text = `${where ?? 'its socket'}: ${message}; nobody new is banned, and much below cannot be asked`;
      return [problem(text, ...(remedy === undefined ? [] : [remedy]))];
    }
    const found = [
      ...otherProblems(daemon).map((text) => problem(text)),
      ...otherWarnings(daemon).map((text) => warning(text)),
    ];
    const up = formatDuration(now - daemon.started);
    const source = daemon.revision === null ? '' : ` (revision ${daemon.revision})`;
    const state = daemon.ready ? 'ready' : 'not ready: see what else is wrong here';
    return found.length > 0 ? found : [ok(`version ${daemon.version}${source}, up ${up}, ${state}`)];
  },
};

import { type Check, needsDaemon, ok, warning } from '../check.ts';
import { statusOf } from '../machine.ts';

/** Whether the labels of containers are heeded. */
export const labels: Check = {
  name: 'labels',
  title: 'Container labels',
  async examine(machine) {
    const status = statusOf(machine);
    if (status === null) return needsDaemon;
    const wrong = status.labels.flatMap(({ errors }) => errors);
    if (wrong.length === 0) return [ok('none is wrong')];
    return wrong.map(({ where, message, remedy }) =>
      warning(`${where}: ${message}`, ...(remedy === null ? [] : [remedy])),
    );
  },
};

import { type Check, needsDaemon, ok, problem } from '../check.ts';
import { statusOf } from '../machine.ts';

/** Whether logs name the clients, and not a proxy or a gateway in their place. */
export const clientAddresses: Check = {
  name: 'client-addresses',
  title: 'Client addresses',
  async examine(machine) {
    const status = statusOf(machine);
    if (status === null) return needsDaemon;
    if (status.findings.length === 0) return [ok('no log names a proxy in place of its clients')];
    return status.findings.map(({ jail, source, text, remedies, page }) =>
      problem(
        `${source} (jail ${jail}): ${text}`,
        ...remedies.map(({ behind, remedy }) => `behind ${behind}: ${remedy}`),
        `More: ${page}`,
      ),
    );
  },
};

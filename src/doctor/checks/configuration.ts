import { type Check, ok, problem } from '../check.ts';

/** Whether the configuration that is there now is valid; a running daemon may have an earlier one. */
export const configuration: Check = {
  name: 'configuration',
  title: 'Configuration',
  async examine({ configurationErrors }) {
    if (configurationErrors.length === 0) return [ok('valid')];
    return configurationErrors.map((text) => problem(text, 'bailiff check'));
  },
};

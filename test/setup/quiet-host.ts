import type { SourceHost } from '../../src/sources/source.ts';

const nothing = () => undefined;

/** What a source kind may ask of the daemon beside opening a source, by which nothing happens. */
export const quietHost: Omit<SourceHost, 'open'> = {
  cursorOf: () => null,
  report: nothing,
  forget: () => undefined,
  dropped: nothing,
  jailsFromLabels: () => [],
  forgetLabels: nothing,
  protectNetworks: nothing,
  protectNodes: nothing,
  publishes: nothing,
  gaps: nothing,
  engineChanged: nothing,
  now: () => Date.now() / 1_000,
};

import { shippedFilters } from '../config/filters.ts';

/** Where filters are: those that come with Bailiff, then the owner's. */
export function filterFolders(environment: NodeJS.ProcessEnv): readonly string[] {
  return [shippedFilters, environment['BAILIFF_FILTER_DIRECTORY'] || '/etc/bailiff/filters'];
}

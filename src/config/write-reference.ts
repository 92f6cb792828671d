import { readFile, writeFile } from 'node:fs/promises';
import { filterCatalogue } from './filter-catalogue.ts';
import { loadFilters, shippedFilters } from './filters.ts';
import { configurationReference, errorsReference, generatedMark } from './reference.ts';

// Run by scripts/docs. Replaces what is generated and keeps what people wrote above the mark.
const configuration = new URL('../../docs/configuration.md', import.meta.url);
const [written = ''] = (await readFile(configuration, 'utf8')).split(generatedMark);
await writeFile(configuration, written + configurationReference());
await writeFile(new URL('../../docs/errors.md', import.meta.url), errorsReference());
await writeFile(
  new URL('../../docs/filters.md', import.meta.url),
  filterCatalogue(await loadFilters([shippedFilters])),
);

import { quote } from '../show.ts';
import type { Configuration } from './configuration.ts';
import type { Files } from './files.ts';
import type { Place } from './place.ts';
import { problemAt } from './problem.ts';

/** The filters and actions of a folder, each read once however many jails use it. */
export class Sources {
  readonly files: Files;
  readonly #read = new Map<string, Configuration | null>();

  constructor(files: Files) {
    this.files = files;
  }

  /**
   * A filter or an action.
   * @throws BailiffError fail2ban-invalid where there is no such file, or where one of its files has a line that
   *   cannot be read: an expression that is lost could be the one that keeps somebody from being banned
   */
  require(folder: 'filter.d' | 'action.d', name: string, at: Place): Configuration {
    const key = `${folder}/${name}`;
    const known = this.#read.get(key);
    const configuration = known === undefined ? this.files.read(name.startsWith('/') ? name : key) : known;
    this.#read.set(key, configuration);
    if (configuration === null) {
      const remedy = 'Bring the file, or correct the name.';
      throw problemAt(at, `there is no ${quote(`${key}.conf`)}`, remedy);
    }
    if (configuration.flawed.size > 0) {
      throw problemAt(at, `${quote(key)} cannot be used, as its files have errors`, 'Correct these first.');
    }
    return configuration;
  }
}

/** Raw values by path, each remembering its variable. */
export class Overlay {
  readonly values: Record<string, unknown> = {};
  readonly #variables = new Map<string, string>();

  set(path: readonly string[], variable: string, value: string): void {
    let map = this.values;
    for (const key of path.slice(0, -1)) {
      if (!Object.hasOwn(map, key)) map[key] = {};
      map = map[key] as Record<string, unknown>;
    }
    map[path.at(-1) ?? ''] = value;
    this.#variables.set(path.join('\0'), variable);
  }

  /** The variable of the option at a path, or of the first option below it. */
  variableOf(path: readonly PropertyKey[]): string {
    const options = path.filter((key) => typeof key !== 'number').map(String);
    for (const [key, variable] of this.#variables) {
      if (`${key}\0`.startsWith(`${options.join('\0')}\0`)) return variable;
    }
    return 'environment';
  }
}

/** A line of a configuration file, counted from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** `file:line`, as errors show it. */
export function showPlace({ file, line }: Place): string {
  return `${file}:${line}`;
}

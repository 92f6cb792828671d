const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `0 B`, `3.4 MiB`. */
export function describeBytes(bytes: number): string {
  let rest = bytes;
  let unit = 0;
  while (rest >= 1024 && unit < units.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  return `${unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${units[unit]}`;
}

/** `0`, `0.4`, `1,240`: something per second. */
export function describeRate(rate: number): string {
  if (rate === 0 || rate >= 10) return Math.round(rate).toLocaleString('en-US');
  return rate < 0.1 ? '< 0.1' : rate.toFixed(1);
}

export function repeated(addresses: readonly string[], times: number): string[] {
  return Array.from({ length: times }, () => addresses).flat();
}

/** In another order, always the same, so that a failure can be looked at again. */
export function shuffled(lines: string[]): string[] {
  let state = 42;
  for (let index = lines.length - 1; index > 0; index--) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = state % (index + 1);
    const [one = '', two = ''] = [lines[index], lines[other]];
    lines[index] = two;
    lines[other] = one;
  }
  return lines;
}

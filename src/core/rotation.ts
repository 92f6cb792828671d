/** Names of packed files. Nothing is written into such a file line by line. */
export const packedSuffix = /\.(?:gz|zst|zstd|bz2|xz|lzma|lz4|lzo|br|Z|zip|7z)$/;

/** What a rotation puts behind a name: `.1`, `-20261122`, `.2026-11-22`. */
const behind = /^(?:\.\d{1,5}|[.-]\d{4}[\d.-]*\d)$/;
/** What it puts before the extension, only where it is plainly a date: `app-1.log` is often a log of its own. */
const beforeExtension = /^[.-](?:\d{8}|\d{4}-\d\d-\d\d)[\d.-]*$/;

/** Whether a file of this name holds what was written into the log before, packed or not (logrotate.conf(5)). */
export function rotationOf(name: string, log: string): boolean {
  return logsOf(name).includes(log);
}

/** The names that the log may have of which a file of this name is a part; none where it is no such part. */
export function logsOf(name: string): string[] {
  const plain = name.replace(packedSuffix, '');
  const logs = plain === name ? [] : [plain];
  for (let at = plain.length - 1; at > 0; at--) {
    if (plain[at] !== '.' && plain[at] !== '-') continue;
    if (behind.test(plain.slice(at))) logs.push(plain.slice(0, at));
    const extension = /\.[A-Za-z][\w]*$/.exec(plain)?.[0] ?? '';
    if (extension !== '' && beforeExtension.test(plain.slice(at, -extension.length)))
      logs.push(plain.slice(0, at) + extension);
  }
  return logs;
}

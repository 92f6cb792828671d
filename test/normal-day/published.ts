/** What stands in place of what a line says of the machine that recorded it. `ROOT` is the machine's folder. */
const replacements: readonly (readonly [RegExp, string])[] = [
  [/ROOT\/log/g, '/var/log'],
  [/ROOT\/home/g, '/home'],
  [/ROOT\/?/g, '/srv/'],
  // The testbed's addresses become those that RFC 5737 reserves for documentation; of IPv6 it has such ones already.
  [/198\.18\.100\.(\d+)/g, '203.0.113.$1'],
  [/198\.18\.0\.(\d+)/g, '192.0.2.$1'],
  [/(?<=running on Linux x86_64 |OS: Linux )\S.*/g, '6.12.48'],
  [/fe80::[0-9a-f:]+/g, 'fe80::1'],
  // Made of the network card's address.
  [/server_uid \S+/g, 'server_uid AAAAAAAAAAAAAAAAAAAAAAAAAAA='],
];

/** Rights that containers and small virtual machines lack. */
const ofTheRecorder =
  /pam_limits\(|file descriptors|found \d+ CPUs|max_open_files|memlock|RLIMIT|maximum number of open files/i;

/** The lines of a log as they may be published. */
export function published(text: string, root: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '' && !ofTheRecorder.test(line));
  return lines.map((line) =>
    replacements.reduce(
      (result, [pattern, replacement]) =>
        result.replace(new RegExp(pattern.source.replace('ROOT', RegExp.escape(root)), 'g'), replacement),
      line,
    ),
  );
}

/**
 * `npm run release:check`: whether this checkout may become a release. Says all that is in the way, and ends with 1 then;
 * changes nothing. `-- --quick` leaves out what takes minutes: the tests and the image.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';

const root = process.cwd();
const quick = process.argv.includes('--quick');

/** What a package must have to run, beside its build, and what is nobody's business. */
const needed = [
  'bin/bailiff',
  'bin/node24',
  'dist/current',
  'filters/sshd.yaml',
  'packaging/bailiff.service',
];
const foreign = /^(?:src|test|bench|scripts|node_modules)\/|\.ts$/;

const {
  name,
  version,
  files: promised,
} = JSON.parse(read('package.json')) as { name: string; version: string; files: string[] };

/** Each yields what is in the way, a sentence each. */
const checks: readonly (readonly [what: string, check: () => Promise<string[]>])[] = [
  ['the tree', tree],
  ['the version', versions],
  ['the package', pack],
  ...(quick
    ? []
    : ([
        ['the tests', tests],
        ['the image', image],
      ] as const)),
];

let faults = 0;
for (const [what, check] of checks) {
  const found = await check().catch((error: unknown) => [
    String(error instanceof Error ? error.message : error),
  ]);
  say(`${found.length === 0 ? 'ok   ' : 'WRONG'} ${what}`);
  for (const fault of found) say(`      ${fault}`);
  faults += found.length;
}
say(faults === 0 ? `${name} ${version} may be released.` : `${name} ${version} may not be released yet.`);
process.exitCode = faults === 0 ? 0 : 1;

async function tree(): Promise<string[]> {
  const changed = await output('git', ['status', '--porcelain']);
  const tag = await output('git', ['tag', '--list', `v${version}`]);
  return [
    ...(changed === '' ? [] : [`what is not committed: ${changed.split('\n').join(', ')}`]),
    ...(tag === '' ? [] : [`v${version} was released already: raise the version in package.json`]),
  ];
}

/** package.json has it; the others must say the same. */
async function versions(): Promise<string[]> {
  const lock = JSON.parse(read('package-lock.json')) as { version: string };
  const chart = read('charts/bailiff/Chart.yaml');
  const [, charted] = /^version: (\S+)$/m.exec(chart) ?? [];
  const [, application] = /^appVersion: "?([^\s"]+)"?$/m.exec(chart) ?? [];
  const [, imaged] = /^ARG VERSION=(.+)$/m.exec(read('Dockerfile')) ?? [];
  const others = {
    'package-lock.json': lock.version,
    'the Dockerfile': imaged,
    'the chart': charted,
    "the chart's appVersion": application,
  };
  const [, released] =
    new RegExp(`^## ${RegExp.escape(version)} \\((.*)\\)$`, 'm').exec(read('CHANGELOG.md')) ?? [];
  return [
    ...Object.entries(others).flatMap(([where, other]) =>
      other === version ? [] : [`${where} says ${other ?? 'nothing'}, and package.json ${version}`],
    ),
    ...(/^\d{4}-\d\d-\d\d$/.test(released ?? '')
      ? []
      : [`CHANGELOG.md has no section "## ${version} (YYYY-MM-DD)", with the day of the release`]),
  ];
}

async function pack(): Promise<string[]> {
  await output('sh', ['scripts/build']);
  const listed = JSON.parse(await output('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'])) as [
    { files: { path: string }[] },
  ];
  const files = listed[0].files.map((file) => file.path);
  const build = `dist/${read('dist/current').trim()}`;
  const lacks = (part: string) => !files.some((file) => file === part || file.startsWith(`${part}/`));
  return [
    ...[
      ...needed,
      ...promised,
      `${build}/cli.js`,
      `${build}/worker-loop.js`,
      `${build}/summary-thread.js`,
      `${build}/THIRD-PARTY-LICENSES`,
      `${build}/sbom.cdx.json`,
    ]
      .filter(lacks)
      .map((part) => `${part} is not in the package`),
    ...files.filter((file) => foreign.test(file)).map((file) => `${file} should not be in the package`),
    ...[...new Set(files.flatMap((file) => /^dist\/[^/]+(?=\/)/.exec(file) ?? []))]
      .filter((other) => other !== build)
      .map((other) => `${other} is another build: remove dist/ and try again`),
  ];
}

async function tests(): Promise<string[]> {
  const { exitCode } = await execa('npm', ['test'], { env: { CI: 'true' }, stdio: 'inherit', reject: false });
  return exitCode === 0 ? [] : ['npm test fails'];
}

async function image(): Promise<string[]> {
  const tag = `bailiff:${version}`;
  const built = await execa('sh', ['scripts/image'], { all: true, reject: false });
  if (built.failed)
    return [`docker build fails: ${built.all?.split('\n').slice(-5).join(' ') || built.message}`];
  const labels = await inJson('docker', ['image', 'inspect', '--format', '{{json .Config.Labels}}', tag]);
  const made = await inJson('docker', ['run', '--rm', '--network=none', tag, 'version', '--json']);
  const label = 'org.opencontainers.image';
  const head = await output('git', ['rev-parse', 'HEAD']);
  const says: readonly (readonly [what: string, said: unknown, wanted: string])[] = [
    ["the image's label of its version", labels[`${label}.version`], version],
    ["the image's label of its revision", labels[`${label}.revision`], head],
    ['the version in the image', made['version'], version],
    ['the revision in the image', made['revision'], head],
    // Whoever builds this commit gets the same.
    ['the build in the image', made['build'], read('dist/current').trim()],
  ];
  return says.flatMap(([what, said, wanted]) =>
    said === wanted ? [] : [`${what} is ${JSON.stringify(said)}, and should be ${wanted}`],
  );
}

function read(file: string): string {
  const whole = path.join(root, file);
  if (!existsSync(whole)) throw new Error(`${file} is not there`);
  return readFileSync(whole, 'utf8');
}

async function output(command: string, args: readonly string[]): Promise<string> {
  return (await execa(command, args, { cwd: root })).stdout.trim();
}

async function inJson(command: string, args: readonly string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await output(command, args)) as Record<string, unknown>;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { run } from './command.ts';
import { buildFlags, Engine } from './engine.ts';
import { Workplace } from './workplace.ts';

/**
 * No registry can be reached from the testbed: the images that the Dockerfile and the examples name
 * are made here from Debian's packages and the Node that runs this test, under the same names.
 */
export const repository = resolve(import.meta.dirname, '../../..');

const npmVersion = '11.21.2';
const recipes = {
  base: 'debootstrap --variant=minbase --include=ca-certificates trixie',
  npm: npmVersion,
  node: process.version,
};
const baseImage = `bailiff-testbed-base:${digest(recipes.base)}`;

/** Makes every image that is not there yet, in an engine that changes nothing on this machine. */
export async function prepareImages(): Promise<void> {
  const workplace = await Workplace.open();
  const engine = await Engine.start(workplace, buildFlags);
  try {
    await makeBase(engine, workplace);
    await makeNode(engine, workplace);
    await makeNginx(engine, workplace);
    await build(engine, 'bailiff', repository);
  } finally {
    await engine.stop();
    await workplace.close();
  }
}

async function makeBase(engine: Engine, workplace: Workplace): Promise<void> {
  if (await exists(engine, baseImage)) return;
  const [debootstrap = '', ...args] = recipes.base.split(' ');
  const directory = workplace.makeDirectory('base');
  await run(debootstrap, [...args, directory], { timeout: 600_000 });
  const packed = execa('tar', ['--directory', directory, '--create', '.'], { buffer: false });
  await packed.pipe('docker', ['--host', `unix://${engine.socket}`, 'import', '-', baseImage]);
}

/** `node:24-trixie-slim`, as far as the Dockerfile can see. */
async function makeNode(engine: Engine, workplace: Workplace): Promise<void> {
  const name = 'node:24-trixie-slim';
  const certificates = process.env['NODE_EXTRA_CA_CERTS'];
  const key = digest(
    JSON.stringify(recipes) + (certificates === undefined ? '' : readFileSync(certificates, 'utf8')),
  );
  if (await exists(engine, name, key)) return;
  const context = workplace.makeDirectory('node');
  cpSync(process.execPath, join(context, 'node'));
  await run('npm', ['pack', '--silent', '--ignore-scripts', `npm@${npmVersion}`], { cwd: context });
  const steps = [
    `FROM ${baseImage}`,
    'COPY node /usr/local/bin/node',
    `ADD npm-${npmVersion}.tgz /usr/local/lib/node_modules/`,
    'RUN cd /usr/local/lib/node_modules && mv package npm && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm',
  ];
  if (certificates !== undefined) {
    cpSync(certificates, join(context, 'certificates.pem'));
    steps.push('COPY certificates.pem /usr/local/share/certificates.pem');
    steps.push('ENV NODE_EXTRA_CA_CERTS=/usr/local/share/certificates.pem');
  }
  await buildSteps(engine, name, context, steps, key);
}

/** nginx as the official image has it, as far as the examples can see: logs to the container's streams. */
async function makeNginx(engine: Engine, workplace: Workplace): Promise<void> {
  const steps = [
    `FROM ${baseImage}`,
    'RUN apt-get update && apt-get install -y --no-install-recommends nginx-light && rm -f /etc/nginx/sites-enabled/*' +
      ' && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log',
    'CMD ["nginx", "-g", "daemon off;"]',
  ];
  const key = digest(steps.join('\n'));
  if (await exists(engine, 'nginx:stable', key)) return;
  await buildSteps(engine, 'nginx:stable', workplace.makeDirectory('nginx-image'), steps, key);
}

async function buildSteps(
  engine: Engine,
  name: string,
  context: string,
  steps: readonly string[],
  key: string,
): Promise<void> {
  writeFileSync(join(context, 'Dockerfile'), `${[...steps, `LABEL recipe=${key}`].join('\n')}\n`);
  await build(engine, name, context);
  rmSync(context, { recursive: true, force: true });
}

async function build(engine: Engine, name: string, context: string): Promise<void> {
  if (!existsSync(join(context, 'Dockerfile'))) throw new Error(`no Dockerfile in ${context}`);
  const proxies = ['http_proxy', 'https_proxy', 'no_proxy'].filter((key) => process.env[key] !== undefined);
  const proxyArgs = proxies.flatMap((key) => ['--build-arg', key]);
  await engine.docker('build', '--quiet', '--network=host', ...proxyArgs, '--tag', name, context);
}

async function exists(engine: Engine, name: string, recipe?: string): Promise<boolean> {
  const format = '{{if .Config}}{{index .Config.Labels "recipe"}}{{end}}';
  try {
    const found = await engine.docker('image', 'inspect', '--format', format, name);
    return recipe === undefined || found === recipe;
  } catch {
    return false;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

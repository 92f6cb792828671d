import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { run } from './command.ts';
import { buildFlags, Engine } from './engine.ts';
import {
  baseImage,
  digest,
  nginxSteps,
  npmVersion,
  recipeOfAll,
  recipeOfNode,
  recipes,
  repository,
  revision,
} from './image-recipes.ts';
import { addDataRoot, replaceStore, storedRecipe, withStore } from './image-store.ts';
import { Workplace } from './workplace.ts';

/** An engine with every image that the Dockerfile and the examples name. `prelude`: a command that runs it in turn. */
export async function startEngine(
  workplace: Workplace,
  flags: readonly string[],
  namespace?: string,
  prelude: readonly string[] = [],
): Promise<Engine> {
  let dataRoot = '';
  await withStore(async () => {
    const recipe = recipeOfAll();
    if (storedRecipe() !== recipe) await makeImages(recipe);
    dataRoot = await addDataRoot(workplace);
  });
  const engine = new Engine(workplace, dataRoot, flags, namespace, prelude);
  await engine.start();
  return engine;
}

/** Makes every image that is not there yet, in an engine that changes nothing on this machine. */
async function makeImages(recipe: string): Promise<void> {
  const workplace = await Workplace.open();
  try {
    const dataRoot = await addDataRoot(workplace);
    const engine = new Engine(workplace, dataRoot, buildFlags);
    await engine.start();
    await makeBase(engine, workplace);
    await makeNode(engine, workplace);
    await makeNginx(engine, workplace);
    // Named, what it takes long to build stays for the next time.
    await build(engine, 'bailiff-system', repository, '--target=system');
    await build(engine, 'bailiff-build', repository, '--target=build');
    await build(engine, 'bailiff', repository, `--build-arg=REVISION=${revision}`);
    await engine.docker('image', 'prune', '--force');
    await engine.stop();
    await replaceStore(dataRoot, recipe);
  } finally {
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
  const key = recipeOfNode();
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

async function makeNginx(engine: Engine, workplace: Workplace): Promise<void> {
  const key = digest(nginxSteps.join('\n'));
  if (await exists(engine, 'nginx:stable', key)) return;
  await buildSteps(engine, 'nginx:stable', workplace.makeDirectory('nginx-image'), nginxSteps, key);
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

async function build(
  engine: Engine,
  name: string,
  context: string,
  ...options: readonly string[]
): Promise<void> {
  if (!existsSync(join(context, 'Dockerfile'))) throw new Error(`no Dockerfile in ${context}`);
  const proxies = ['http_proxy', 'https_proxy', 'no_proxy'].filter((key) => process.env[key] !== undefined);
  const proxyArgs = proxies.flatMap((key) => ['--build-arg', key]);
  await engine.docker('build', '--quiet', '--network=host', ...proxyArgs, ...options, '--tag', name, context);
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

import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const repository = resolve(import.meta.dirname, '../../..');

/** What the image is told of its commit: that of a checkout changes more often than what it is made of. */
export const revision = 'the-testbed';
export const npmVersion = '11.21.2';
export const recipes = {
  base: 'debootstrap --variant=minbase --include=ca-certificates trixie',
  npm: npmVersion,
  node: process.version,
};
export const baseImage = `bailiff-testbed-base:${digest(recipes.base)}`;
/** nginx as the official image has it, as far as the examples can see: logs to the container's streams. */
export const nginxSteps = [
  `FROM ${baseImage}`,
  'RUN apt-get update && apt-get install -y --no-install-recommends nginx-light && rm -f /etc/nginx/sites-enabled/*' +
    ' && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log',
  'CMD ["nginx", "-g", "daemon off;"]',
];

export function recipeOfNode(): string {
  const certificates = process.env['NODE_EXTRA_CA_CERTS'];
  return digest(
    JSON.stringify(recipes) + (certificates === undefined ? '' : readFileSync(certificates, 'utf8')),
  );
}

/** All that the images are made of: with the same, they are the same. */
export function recipeOfAll(): string {
  const sent = readFileSync(join(repository, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .flatMap((line) => [line.slice(1), `${line.slice(1)}/**/*`]);
  const files = globSync(['Dockerfile', '.dockerignore', ...sent], { cwd: repository, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const contents = files.map((file) => `${file.slice(repository.length)} ${digest(readFileSync(file))}`);
  return digest([recipeOfNode(), revision, ...nginxSteps, ...contents].join('\n'));
}

export function digest(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

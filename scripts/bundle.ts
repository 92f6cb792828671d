import path from 'node:path';
import { build } from 'esbuild';
import { licences } from './licences.ts';
import { billOfMaterials } from './materials.ts';

/** dockerode asks for these at once, and uses them over ssh and to build images, neither of which is asked of it here. */
const unused = ['ssh2', '@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs'];

/** What a build holds, each file by its name: src/ and the packages it uses; their licences, and a list for scanners. */
export async function bundle(root: string): Promise<ReadonlyMap<string, string>> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    // All but the first are loaded by their names, beside what loads them.
    entryPoints: {
      cli: 'src/cli.ts',
      'worker-loop': 'src/scan/worker-loop.ts',
      'summary-thread': 'src/commands/summary-thread.ts',
      're2-engine': 'src/scan/filters/re2-engine.ts',
    },
    outdir: 'dist/build',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24.15',
    alias: Object.fromEntries(unused.map((name) => [name, './scripts/nothing.ts'])),
    // With it, packages in CommonJS load what is Node's own.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    // For NODE_OPTIONS=--enable-source-maps, which by itself costs the daemon 7 MiB.
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    write: false,
  });
  const code = outputFiles.map((file): [string, string] => [path.basename(file.path), file.text]);
  return new Map([
    ...code,
    ['THIRD-PARTY-LICENSES', licences(root, Object.keys(metafile.inputs))],
    ['sbom.cdx.json', billOfMaterials(root, metafile.inputs)],
  ]);
}

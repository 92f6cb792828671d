import { BailiffError } from '../core/errors.ts';
import { readTextFile } from './file.ts';
import { type Layer, readLayer } from './layer.ts';
import { fileVariable } from './option-names.ts';
import { readYaml } from './yaml-document.ts';

/** Read where neither --config nor BAILIFF_CONFIG names another; the only one that may be absent. */
export const usualFile = '/etc/bailiff/bailiff.yaml';

/** The configuration file as a layer, or why it is none. */
export interface FileLayer {
  readonly layer: Layer;
  readonly errors: readonly BailiffError[];
  /** false: its syntax is broken or it is not there, so that nothing of it is known. */
  readonly readable: boolean;
  readonly origin: readonly string[];
}

/** The file that is read, whether it is there or not. */
export function configurationFile(file: string | undefined, environment: NodeJS.ProcessEnv): string {
  return (file ?? environment[fileVariable]) || usualFile;
}

/** Reads the named file, else that of BAILIFF_CONFIG, else the usual one. Never throws for what the file holds. */
export async function readFileLayer(
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<FileLayer> {
  const named = file ?? (environment[fileVariable] || undefined);
  const path = named ?? usualFile;
  try {
    const text = readTextFile(path);
    if (text !== null) return layerOf(text, path);
    if (named === undefined) return { ...noLayer([]), readable: true };
    const remedy = `It was named by ${file === undefined ? fileVariable : '--config'}.`;
    return noLayer([new BailiffError('config-unreadable', 'no such file', { where: path, remedy })]);
  } catch (error) {
    if (!(error instanceof BailiffError)) throw error;
    return noLayer([error]);
  }
}

function layerOf(text: string, path: string): FileLayer {
  const document = readYaml(text, path);
  if (document.values === undefined) return noLayer(document.errors);
  const { layer, errors } = readLayer(document.values, document.where);
  return { layer, errors, readable: true, origin: [path] };
}

function noLayer(errors: readonly BailiffError[]): FileLayer {
  return { layer: readLayer({}, () => usualFile).layer, errors, readable: false, origin: [] };
}

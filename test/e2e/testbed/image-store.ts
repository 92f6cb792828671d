import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { run } from './command.ts';
import { takeLock } from './lock.ts';
import type { Workplace } from './workplace.ts';

const cacheDirectory = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'bailiff-test');
/** The images, costly to make, as an engine has them on disk. No engine runs on it: each has a copy. */
const store = join(cacheDirectory, 'images');
const recipeFile = 'recipe';

/** Keeps everybody else from the store meanwhile. */
export async function withStore(use: () => Promise<void>): Promise<void> {
  mkdirSync(cacheDirectory, { recursive: true });
  const release = await takeLock(`${store}.lock`);
  try {
    await use();
  } finally {
    release();
  }
}

/** What the images in the store were made of; null where there are none. */
export function storedRecipe(): string | null {
  const path = join(store, recipeFile);
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** A new data root, for one engine, with the images of the store. The workplace takes it away. */
export async function addDataRoot(workplace: Workplace): Promise<string> {
  // Beside the store: a link leads to no other file system.
  const path = join(cacheDirectory, 'engines', basename(workplace.directory));
  workplace.note('data-roots', path);
  mkdirSync(path, { recursive: true });
  if (storedRecipe() !== null) await copyImages(store, path);
  return path;
}

/** Puts the images of an engine that has stopped in place of those in the store. */
export async function replaceStore(dataRoot: string, recipe: string): Promise<void> {
  const next = `${store}.next`;
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next);
  await copyImages(dataRoot, next);
  writeFileSync(join(next, recipeFile), recipe);
  rmSync(store, { recursive: true, force: true });
  renameSync(next, store);
}

/** An engine writes what it knows of images, but never to a layer: these are shared, file by file. */
async function copyImages(from: string, to: string): Promise<void> {
  for (const driver of readdirSync(join(from, 'image'))) {
    await run('cp', ['--archive', '--link', join(from, driver), to]);
  }
  await run('cp', ['--archive', join(from, 'image'), to]);
}

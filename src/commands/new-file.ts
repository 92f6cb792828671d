import { open } from 'node:fs/promises';
import { BailiffError, messageOf } from '../core/errors.ts';

/** Never over a file that is there: it may be the owner's only one. @throws BailiffError import-unwritable */
export async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    await using file = await open(path, 'wx', mode);
    await file.writeFile(text);
  } catch (cause) {
    throw new BailiffError('import-unwritable', messageOf(cause), {
      where: path,
      remedy: 'Name a file that is not there yet, in a folder that can be written.',
      cause,
    });
  }
}

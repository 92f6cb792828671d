import { access, readFile, realpath } from 'node:fs/promises';

/** Where this machine says that it is a container, and what is mounted in it; tests put their own here. */
export interface Surroundings {
  readonly containerMarks: readonly string[];
  readonly mountinfo: string;
}

export const surroundings: Surroundings = {
  containerMarks: ['/.dockerenv', '/run/.containerenv'],
  mountinfo: '/proc/self/mountinfo',
};

export async function inContainer({ containerMarks }: Surroundings): Promise<boolean> {
  const marks = await Promise.allSettled(containerMarks.map((path) => access(path)));
  return marks.some(({ status }) => status === 'fulfilled');
}

/**
 * Which file of its file system is mounted at this path, as the kernel names it now; null where the path is no
 * mount of its own. A mounted file that was replaced on the host goes by another name then, or ends in
 * `//deleted`: the mount still holds the old one. See proc(5), mountinfo, fields 4 and 5.
 */
export async function mountedFile(path: string, { mountinfo }: Surroundings): Promise<string | null> {
  const [text, real] = await Promise.all([
    readFile(mountinfo, 'utf8').catch(() => ''),
    realpath(path).catch(() => path),
  ]);
  // Of mounts on the same place the last one is on top.
  for (const line of text.split('\n').reverse()) {
    const [, , , root, point] = line.split(' ');
    if (root !== undefined && point !== undefined && [path, real].includes(decodeField(point))) {
      return decodeField(root);
    }
  }
  return null;
}

/** Blanks and backslashes stand as three octal digits. */
function decodeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

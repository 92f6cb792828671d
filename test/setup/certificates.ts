import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { folderOf } from './folder.ts';

export interface Certificate {
  /** In PEM. */
  readonly key: string;
  readonly cert: string;
  /** The certificate's file: who trusts it trusts that server. */
  readonly file: string;
}

/** A certificate that nobody has signed but itself, for these names (`DNS:mail.example.org,IP:127.0.0.1`). */
export async function selfSigned(names: string): Promise<Certificate> {
  const folder = folderOf({});
  const [key, file] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=test', '-addext', `subjectAltName=${names}`, '-days', '2'];
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await execa('openssl', ['req', '-x509', ...ec, '-keyout', key, '-out', file, ...subject]);
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(file, 'utf8'), file };
}

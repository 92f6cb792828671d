import { BailiffError } from '../core/errors.ts';

/** The mail server's address with the password put in that is set apart from it. */
export function mailServer(address: string, password: string | undefined): string | BailiffError {
  if (password === undefined) return address;
  const url = URL.parse(address);
  if (url === null || url.username === '' || url.password !== '') {
    return new BailiffError('config-invalid', 'mail-password is set, which needs a user in mail-server', {
      remedy: 'Write mail-server as smtp://USER@HOST:587, without a password.',
    });
  }
  url.password = encodeURIComponent(password);
  return url.href;
}

/** The same address for people: what is behind the user is nobody's business. */
export function withoutPassword(address: string): string {
  const url = URL.parse(address);
  if (url === null) return 'smtp://…';
  if (url.password !== '') url.password = '***';
  return url.href;
}

/**
 * Where the service behind a filter writes its log unless told otherwise. Where distributions
 * differ all are watched: a missing file is waited for and costs nothing.
 */
const usual: Readonly<Record<string, readonly string[]>> = {
  // Debian's rsyslog writes the first, Red Hat's the second.
  sshd: ['/var/log/auth.log', '/var/log/secure'],
  'nginx-http-auth': ['/var/log/nginx/error.log'],
};

/** The usual paths of a filter's logs; none where there is no such thing. */
export function usualLogPaths(filter: string): readonly string[] {
  return Object.hasOwn(usual, filter) ? (usual[filter] ?? []) : [];
}

export const filtersWithUsualPaths: readonly string[] = Object.keys(usual);

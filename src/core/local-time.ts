/** `2026-11-22 16:02:01`, in this process's zone, of seconds since the epoch. */
export function localTime(seconds: number): string {
  return localIso(seconds).slice(0, 19).replace('T', ' ');
}

/** As Python's logging writes it: `2026-11-22 16:02:01,042`. */
export function localTimeWithMs(seconds: number): string {
  const [date = '', fraction = ''] = localIso(seconds).split('.');
  return `${date.replace('T', ' ')},${fraction.slice(0, 3)}`;
}

/** ISO 8601 with the zone's own hours, which a Date says only of UTC. */
function localIso(seconds: number): string {
  const date = new Date(Math.round(seconds * 1000));
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString();
}

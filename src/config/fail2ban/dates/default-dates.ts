const clock = '%H:%M:%S';
/** With a space in place of a leading zero. */
const spacedClock = '%k:%M:%S';
const weekday = '(?:%a )?';
const fraction = String.raw`(?:\.%f)?`;
const eitherFraction = '(?:[.,]%f)?';
const spaces = '  ?';
const zoneBehind = String.raw`(?:\s*%z)?`;
const yearBehind = '(?: %ExY)?';
const separated = (first: string, second: string, third: string, by: string): string =>
  `${first}(?P<_sep>[${by}])${second}(?P=_sep)${third}`;
const asctime = `${weekday}%b %d ${spacedClock}${fraction}${yearBehind}`;

/**
 * The dates that fail2ban 1.0 and 1.1 look for by default, in its order, as datepatterns. They are the same as its
 * own to the letter, since one of an owner's that is the same as one of these is dropped.
 */
export const defaultDates: readonly string[] = [
  // 2026-11-22T16:02:01.123+0100, 2026/11/22  6:02:01
  `${separated('%ExY', '%m', '%d', '-/.')}(?:T|${spaces})${clock}${eitherFraction}${zoneBehind}`,
  // Sun Nov 22 16:02:01.123 2026, Nov 22 16:02:01
  asctime,
  // Sun Nov 22 2026 16:02:01
  `${weekday}%b %d %ExY ${spacedClock}${fraction}`,
  // 22/11/2026 16:02:01, 22-11-26 16:02:01
  `${separated('%d', '%m', '(?:%ExY|%Exy)', '-/')} ${spacedClock}`,
  // 22/Nov/2026:16:02:01 +0100, 22-Nov-2026 16:02:01.123
  `${separated('%d', '%b', '%ExY', '-/')}[ :]?${clock}${fraction}(?: %z)?`,
  // 11/22/2026:16:02:01
  `%m/%d/%ExY:${clock}`,
  // 11-22-2026 16:02:01.123
  `%m-%d-%ExY ${spacedClock}${fraction}`,
  'EPOCH',
  // 16:02:01
  `{^LN-BEG}${clock}`,
  // <11/22/26@16:02:01>
  `^<%m/%d/%Exy@${clock}>`,
  // 261122 16:02:01
  `%Exy%Exm%Exd${spaces}${clock}`,
  // Nov 22, 2026 4:02:01 PM
  '%b %d, %ExY %I:%M:%S %p',
  // Nov-22-26 16:02:01
  `^%b-%d-%Exy ${spacedClock}`,
  // 20261122T160201Z
  `%ExY%Exm%Exd(?:T|${spaces})%ExH%ExM%ExS${eitherFraction}${zoneBehind}`,
  // CET Nov 22 16:02:01
  `(?:%Z )?${asctime}`,
  // +01:00 Nov 22 16:02:01
  `(?:%z )?${asctime}`,
  'TAI64N',
];

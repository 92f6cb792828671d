import { type SimpleCommand, simpleCommands } from './shell-commands.ts';

/** Programs that keep an address out, and what they are told to do it. */
const firewalls: readonly (readonly [program: RegExp, shutsOut: RegExp])[] = [
  [/^ip6?tables(?:-nft|-legacy)?$/, /\s(?:-I|-A|--insert|--append)\s/],
  [/^ipset$/, /\s(?:--?)?(?:add|A)\s/],
  [/^nft$/, /\b(?:add|insert)\s+(?:element|rule)\s/],
  [/^firewall-cmd$/, /--add-/],
  [/^ufw$/, /\s(?:deny|reject)\s/],
  [/^shorewall6?(?:-lite)?$/, /\s(?:log)?(?:drop|reject)\s|\sblacklist\s/],
  [/^pfctl$/, /\s-T\s*add\s/],
  [/^ipfw$/, /\sadd\s/],
  [/^npfctl$/, /\sadd\s/],
  [/^ipf$/, /\s-f\s/],
  [/^afctl$/, /\s-a\s/],
  [/^apf$/, /\s(?:--deny|-d)\s/],
  [/^csf$/, /\s(?:--deny|--tempdeny|-d|-td)\s/],
  [/^ip$/, /^\S+(?:\s-[46])?\s+route\s+(?:add|replace)\s+(?:blackhole|unreachable|prohibit)\s/],
  [/^route$/, /\sadd\s.*\s(?:reject|-reject|-blackhole)\b/],
];

/** Files that keep out whom they name. */
const files = />>?\|?\s*"?(?:\/proc\/net\/xt_recent\/|\/etc\/hosts\.deny\b)/;

/** What lets somebody in, or does something else to his packets. */
const otherwise =
  /\b(?:accept|allow\w*|white-?list\w*|trusted)\b|-j\s+(?:RETURN|C?O?N?N?MARK|REDIRECT|[DS]NAT|N?F?LOG|N?F?QUEUE|CLASSIFY)\b|\b(?:apf|csf)\s+(?:-a|-ta)\b/i;

/** Programs that only help: whatever they do beside a firewall's, nobody misses it. */
const helpers = new Set(
  '[ [[ test echo printf sed awk grep fgrep egrep tr cut wc cat head tail sort expr id true false : exit return read rm touch sleep set local shift break continue ss conntrack logger date uname hostname basename dirname mkdir'.split(
    ' ',
  ),
);

export function isHelper({ program }: SimpleCommand): boolean {
  return helpers.has(program);
}

/** What a ban's command does with a firewall. */
export interface FirewallUse {
  /** It keeps the address out. */
  readonly shutsOut: boolean;
  /** The programs that it uses beside. */
  readonly others: readonly string[];
}

export function firewallUse(actionBan: string): FirewallUse {
  const commands = simpleCommands(actionBan);
  const others = commands.filter((command) => !isHelper(command) && firewallOf(command) === undefined);
  const keepsOut =
    files.test(actionBan) || commands.some((command) => firewallOf(command)?.test(`${command.text} `));
  const names = [...new Set(others.map(({ program }) => program))];
  return { shutsOut: actionBan.includes('<ip>') && keepsOut && !otherwise.test(actionBan), others: names };
}

function firewallOf({ program }: SimpleCommand): RegExp | undefined {
  return firewalls.find(([name]) => name.test(program))?.[1];
}

import { ActionCommands } from './action-commands.ts';
import { firewallUse } from './firewall-commands.ts';
import { isReport, type MailUse, mailOfModule, mailUse } from './mail-commands.ts';
import type { Fail2banAction, Fail2banPort } from './types.ts';
import { parsePorts } from './values.ts';

/** What a firewall's action covers. */
export interface EnforcementUse {
  readonly ports: readonly Fail2banPort[] | 'all';
  /** `tcp`, `udp` and the like. */
  readonly protocols: readonly string[] | 'all';
  readonly block: 'drop' | 'reject';
  /** Programs that the ban runs beside the firewall's, which nobody runs where it is enforced here. */
  readonly leftOut: readonly string[];
  /** An action of the owner's own, whose commands are to run as well where they may. */
  readonly runs: boolean;
}

/**
 * What an action is to us: `enforcement` is done by our own enforcer, `mail` by our own mails. `report` tells somebody
 * else of it and `command` does anything, both by running their commands. `python` is a module of fail2ban's that
 * cannot run elsewhere.
 */
export type ActionKind =
  | ({ readonly kind: 'enforcement' } & EnforcementUse)
  | ({ readonly kind: 'mail' } & MailUse)
  | { readonly kind: 'report' | 'command' | 'python' };

/** The names of actions that come with fail2ban, and that shut somebody out. */
const firewallNames =
  /^(?:ip6?tables|ipset|nftables|firewallcmd|ufw|shorewall|pf$|ipfw|ipfilter|bsd-ipfw|npf|hostsdeny|route|osx-|apf|csf|symbiosis)/;

/**
 * Tells by an action's commands what it is. One that uses a firewall and other programs beside, under a name that is
 * none of fail2ban's own, is its owner's idea: it is enforced here, and runs as well where commands may.
 * @throws BailiffError fail2ban-invalid for values that lead back to themselves
 */
export function kindOfAction(action: Fail2banAction): ActionKind {
  if (action.kind === 'python') {
    const mail = mailOfModule(action);
    return mail === null ? { kind: 'python' } : { kind: 'mail', ...mail };
  }
  const commands = new ActionCommands(action);
  const ban = commands.text('actionban', 'inet4');
  const { shutsOut, others } = firewallUse(ban);
  if (shutsOut) {
    const runs = others.length > 0 && !firewallNames.test(action.name);
    return { kind: 'enforcement', ...coverage(commands), leftOut: others, runs };
  }
  const mail = mailUse(commands);
  if (mail !== null) return { kind: 'mail', ...mail };
  return { kind: isReport(action.name, ban) ? 'report' : 'command' };
}

const limitsPorts =
  /--d(?:estination-)?ports?\b|\bdport\b|\bport port=|\bto any port\b|\bipfw\b[^\n;]*\sto\s+\S+\s+[a-z\d]/;
const limitsProtocols = /\s-p\s|\bl4proto\b|\sproto\s|\bprotocol=/;
const rejects = /\b(?:reject|unreach|unreachable|prohibit|return-\w+)\b|\bblock return\b/i;
const oneProtocol = /\b(tcp|udp) from\s/;

/** What the start and the ban together keep out; what cannot be told is everything. */
function coverage(commands: ActionCommands): Omit<EnforcementUse, 'leftOut' | 'runs'> {
  const text = `${commands.text('actionstart', 'inet4')}\n${commands.text('actionban', 'inet4')}`;
  const ports = limitsPorts.test(text) ? parsePorts(commands.value('port') ?? '') : null;
  const protocol = limitsProtocols.test(text)
    ? commands.value('protocol')
    : (oneProtocol.exec(text)?.[1] ?? null);
  const protocols = (protocol ?? 'all').split(/[\s,]+/).filter((name) => name !== '');
  return {
    ports: ports === null || ports.length === 0 || ports.some(isEvery) ? 'all' : ports,
    protocols: protocols.length === 0 || protocols.includes('all') ? 'all' : protocols,
    block: rejects.test(text) ? 'reject' : 'drop',
  };
}

function isEvery(port: Fail2banPort): boolean {
  if ('service' in port) return ['any', 'all'].includes(port.service);
  return port.from <= 1 && port.to === 65_535;
}

import { parsePort } from '../../core/policy.ts';
import { readSshdConfig, type SshdSetting } from '../../host/sshd-config.ts';
import { type Check, type Diagnosis, ok, problem, warning } from '../check.ts';
import { type Machine, statusOf } from '../machine.ts';
import { type SshdRule, sshdRules } from '../sshd-rules.ts';

const reload = 'sshd -t && systemctl reload ssh';
const main = '/etc/ssh/sshd_config';

/** How hard the host's sshd makes it to break in, as its configuration says; nothing is asked of sshd itself. */
export const sshd: Check = {
  name: 'sshd',
  title: 'SSH server',
  async examine(machine) {
    if (machine.hostRoot === null) {
      return {
        notMade: `${main} of the host is not seen here: in compose.yaml, for bailiff, volumes: - /etc/ssh:/host/etc/ssh:ro`,
      };
    }
    const settings = readSshdConfig(machine.hostRoot);
    if (settings === null) return { notMade: `no ${main} can be read` };
    const ports = portsOf(settings);
    const found = [
      ...sshdRules.flatMap((rule) => judge(rule, settings)),
      ...sshdRules.flatMap((rule) => judgeMatches(rule, settings)),
      ...unshutPorts(machine, ports),
    ];
    if (found.length > 0) return found;
    return [ok(`port ${ports.join(', ')}; keys alone; ${penaltiesOf(settings)}`)];
  },
};

const everybodys = ({ match }: SshdSetting): boolean => match === null;

function isOf(rule: SshdRule): (setting: SshdSetting) => boolean {
  const names = [rule.option.toLowerCase(), ...(rule.alsoCalled ?? [])];
  return ({ keyword }) => names.includes(keyword);
}

const valueIn = (setting: SshdSetting | undefined, usual: string): string =>
  (setting?.values[0] ?? usual).toLowerCase();

function isIdle({ onlyWith }: SshdRule, settings: readonly SshdSetting[]): boolean {
  if (onlyWith === undefined) return false;
  const name = onlyWith.option.toLowerCase();
  const other = settings.filter(everybodys).find(({ keyword }) => keyword === name);
  return valueIn(other, onlyWith.usual) !== onlyWith.value;
}

/** The first setting counts. */
function judge(rule: SshdRule, settings: readonly SshdSetting[]): Diagnosis[] {
  const [setting, ...later] = settings.filter(everybodys).filter(isOf(rule));
  if (!rule.isWeak(valueIn(setting, rule.usual)) || isIdle(rule, settings)) return [];
  const heedless = later.find((each) => !rule.isWeak(valueIn(each, rule.usual)));
  const says =
    setting === undefined ? `${rule.option} is not set, which is ${rule.usual}` : written(rule, setting);
  const instead =
    heedless === undefined
      ? ''
      : ` (${placeOf(heedless)} says otherwise, and comes too late: the first line counts)`;
  return [diagnosis(rule, `${says}: ${rule.means}${instead}`, setting)];
}

/** What a Match block loosens for some. */
function judgeMatches(rule: SshdRule, settings: readonly SshdSetting[]): Diagnosis[] {
  const general = settings.filter(everybodys).find(isOf(rule));
  if (rule.isWeak(valueIn(general, rule.usual)) || isIdle(rule, settings)) return [];
  return settings
    .filter((setting) => setting.match !== null && isOf(rule)(setting))
    .filter((setting) => rule.isWeak(valueIn(setting, rule.usual)))
    .map((setting) => {
      const text = `${written(rule, setting)} for Match ${setting.match}: ${rule.means}`;
      return diagnosis(rule, text, setting);
    });
}

function diagnosis(rule: SshdRule, text: string, setting: SshdSetting | undefined): Diagnosis {
  const line = `${rule.option} ${rule.better}`;
  const where =
    setting === undefined
      ? `At the top of ${main}, the line: ${line}`
      : `${placeOf(setting)}, instead: ${line}`;
  const first = rule.first === undefined ? '' : ` (${rule.first})`;
  return (rule.level === 'problem' ? problem : warning)(text, `${where}; then ${reload}${first}`);
}

const placeOf = ({ path, line }: SshdSetting): string => `${path}:${line}`;

const written = ({ option }: SshdRule, { values }: SshdSetting): string => `${option} ${values.join(' ')}`;

/** Those of Port, all of which count, and of ListenAddress. */
function portsOf(settings: readonly SshdSetting[]): number[] {
  const own = settings.flatMap(({ keyword, values: [value = ''] }) =>
    keyword === 'port' ? [Number(value)] : [],
  );
  const addressed = settings.flatMap(({ keyword, values: [value = ''] }) => {
    const port = /^(?:\[[^\]]*\]|[^:]*):(\d+)$/.exec(value)?.[1];
    return keyword === 'listenaddress' && port !== undefined ? [Number(port)] : [];
  });
  const ports = [...new Set([...own, ...addressed])].filter((port) => port >= 1 && port <= 65_535);
  return ports.length === 0 ? [22] : ports;
}

/** Ports of sshd that bans of its jails leave open. */
function unshutPorts(machine: Machine, ports: readonly number[]): Diagnosis[] {
  const jails = statusOf(machine)?.jails ?? [];
  return jails.flatMap(({ name, filter, ports: shut }) => {
    if (!/^sshd\b/.test(filter) || shut === 'all' || shut === 'none') return [];
    const ranges = shut.split(',').flatMap((text) => parsePort(text) ?? []);
    const open = ports.filter(
      (port) =>
        !ranges.some(({ protocol, first, last }) => protocol === 'tcp' && first <= port && port <= last),
    );
    if (open.length === 0) return [];
    return [
      problem(
        `sshd listens on port ${open.join(', ')}, which bans of jail ${name} leave open (they shut ${shut})`,
        `jails.${name}.ports: all in bailiff.yaml (or ports: ${[...ports].join(',')}), and restart Bailiff`,
      ),
    ];
  });
}

function penaltiesOf(settings: readonly SshdSetting[]): string {
  const penalties = settings.filter(everybodys).find(({ keyword }) => keyword === 'persourcepenalties');
  if (penalties === undefined) return 'PerSourcePenalties as its version has it';
  return valueIn(penalties, '') === 'no' ? 'no PerSourcePenalties (Bailiff bans)' : 'PerSourcePenalties on';
}

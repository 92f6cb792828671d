import * as z from 'zod';
import type { RangePrefixes } from '../core/address.ts';
import { type BanIncrement, usualFormula } from '../core/ban-increment.ts';
import type { BailiffError } from '../core/errors.ts';
import type { Fail2banFilterDefinition } from '../core/fail2ban-filter.ts';
import { filterNameForm } from '../core/filter.ts';
import { type JailAction, jailActions, type Ports } from '../core/policy.ts';
import { type Encoding, type EvidenceMode, evidenceModes } from '../core/types.ts';
import type { ApiConfiguration } from './api.ts';
import type { ApiJails } from './api-jails.ts';
import type { Fail2banJail } from './fail2ban/types.ts';
import type { FilterLibrary } from './filter-library.ts';
import type { JournalMatch } from './journal-match.ts';
import type { KubernetesApi } from './kubernetes-api.ts';
import { type NotifierConfiguration, noticeKinds, notifierTypes, webhookShapes } from './notify-options.ts';
import {
  addresses,
  banTime,
  banTimes,
  type ContainerFileWay,
  containerFiles,
  containers,
  duration,
  encoding,
  engine,
  formula,
  ignoreEntries,
  insidePaths,
  jailNames,
  journalMatch,
  kubernetesContainers,
  listener,
  longestSocketPath,
  mailAddresses,
  mailAddressForm,
  multipliers,
  oneOf,
  path,
  paths,
  ports,
  programCall,
  type Reader,
  rangePrefixes,
  type SyslogListener,
  someOf,
  syslogListeners,
  syslogPrograms,
  template,
  text,
  truth,
  webAddress,
  wholeNumber,
} from './readers.ts';

export type { ContainerFileWay, SyslogListener };

/** What labels of containers may do. */
export interface LabelRules {
  readonly heeded: boolean;
  /** Selectors of the containers whose labels are heeded. */
  readonly containers: readonly string[];
  /** Jails that they may ask for; `*` stands for any characters. */
  readonly jails: readonly string[];
  /** Options that they may set, by their names in labels. */
  readonly options: readonly string[];
  /** What their jails shut at most. */
  readonly ports: Ports;
}

/** A jail with everything decided. Times in seconds; a `bantime` of null is for ever. */
export interface JailConfiguration {
  readonly name: string;
  readonly enabled: boolean;
  /** With its mode, where that is not the filter's first: see `nameInMode` in core/filter.ts. */
  readonly filter: string;
  /** Paths and patterns. */
  readonly logpath: readonly string[];
  /** Selectors: see core/container-selector.ts. */
  readonly container: readonly string[];
  /** Files inside those containers, read instead of their output. */
  readonly inside: readonly string[];
  /** Which entries of the journal; none where it is empty. */
  readonly journal: JournalMatch;
  /** Containers of this node's pods: `NAMESPACE/POD/CONTAINER`, with wildcards. */
  readonly kubernetes: readonly string[];
  /** Programs whose syslog messages it reads: see core/syslog-selector.ts. */
  readonly syslog: readonly string[];
  /** Jails whose bans it counts; `*` stands for any characters. */
  readonly bans: readonly string[];
  /** Each of these bans counts for the range of that length around its address; null: for the address itself. */
  readonly ranges: RangePrefixes | null;
  readonly maxretry: number;
  readonly findtime: number;
  readonly bantime: number | null;
  readonly increment: BanIncrement;
  /** See core/ignore-entry.ts; the defaults' and the jail's own. */
  readonly ignoreip: readonly string[];
  /** What becomes of a banned address's packets, and of which. */
  readonly action: JailAction;
  readonly ports: Ports;
  /** Of the files. */
  readonly encoding: Encoding;
  /** Zone of dates in its logs that name none. Absent: the configuration's. */
  readonly timeZone?: string;
}

export type Limits = Pick<
  JailConfiguration,
  'maxretry' | 'findtime' | 'bantime' | 'increment' | 'ignoreip' | 'action' | 'ports' | 'encoding'
>;

/** The whole configuration, checked: what the daemon is built from. */
export interface Configuration {
  /** Each name once; disabled jails too. */
  readonly jails: readonly JailConfiguration[];
  readonly defaults: Limits;
  readonly enforce: 'auto' | 'iptables' | 'nftables' | 'hosts-deny' | 'dry-run';
  /** null: no HTTP listener. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  /** null: the API is on the control socket alone. */
  readonly api: ApiConfiguration | null;
  /** The jails that were added over the API. */
  readonly apiJails: ApiJails;
  readonly stateDir: string;
  readonly socket: string;
  /** Proxies whose addresses stand in logs and packets for those of many; never banned. Canonical. */
  readonly trustedProxies: readonly string[];
  /** Whether peers of established SSH sessions are never banned. */
  readonly protectSshPeers: boolean;
  readonly docker: boolean;
  readonly labels: LabelRules;
  /** The path of a socket, or `tcp://host:port`. */
  readonly dockerSocket: string;
  /** Ways to files inside containers, the first that works; none: such files are not read. */
  readonly containerFiles: readonly ContainerFileWay[];
  /** Where this process sees the host's file system. */
  readonly hostRoot: string;
  /** Absent: journald's own. */
  readonly journalDirectory?: string;
  /** Where the kubelet keeps links to the logs of this node's containers. */
  readonly kubernetesDirectory: string;
  /** Of the cluster's nodes, pods and services; never banned. Canonical. */
  readonly kubernetesNetworks: readonly string[];
  /** null: the Kubernetes API is not asked. */
  readonly kubernetesApi: KubernetesApi | null;
  readonly syslogListen: readonly SyslogListener[];
  /** Whose messages the receiver takes. Canonical. */
  readonly syslogFrom: readonly string[];
  readonly filterDirectory: string;
  /** The filters that a jail may have: the shipped ones and those in `filterDirectory`. */
  readonly filters: FilterLibrary;
  readonly mail: { readonly server: string; readonly from: string };
  /** Those that are on. */
  readonly notifiers: readonly NotifierConfiguration[];
  /** Addresses that one jail counts at a time. */
  readonly maxTracked: number;
  /** What is kept of the lines that lead to bans. */
  readonly evidence: EvidenceMode;
  /** How long (seconds) bans that are over, and these lines, are kept. */
  readonly history: number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'auto' | 'json' | 'pretty';
  /** Whether the configuration is read again when its file has changed. */
  readonly reloadOnChange: boolean;
  /** Zone of dates that name none. Absent: the machine's own. */
  readonly timeZone?: string;
  /** Where to write a log in fail2ban's format, or null. */
  readonly fail2banLog: string | null;
  /** Whether metrics have the names of the fail2ban exporter's, too. */
  readonly fail2banMetrics: boolean;
  /** null: no configuration of fail2ban's is read. */
  readonly fail2ban: Fail2banPart | null;
  /** What the environment says of single jails. It wins over container labels. */
  readonly environmentJails: ReadonlyMap<string, JailOptions>;
  /** Which files and variables were read, for the log. */
  readonly origin: readonly string[];
}

/** What was read from fail2ban's configuration directory beside the jails themselves. */
export interface Fail2banPart {
  readonly dir: string;
  /** One for each jail that has a filter, named by `fail2banFilterName`. */
  readonly filters: readonly Fail2banFilterDefinition[];
  /** By name; those that run. */
  readonly jails: ReadonlyMap<string, Fail2banJail>;
  /** What is wrong: the jail or the file is left out for it. */
  readonly problems: readonly BailiffError[];
  /** What is not honoured, or otherwise than in fail2ban, a sentence each. */
  readonly remarks: readonly string[];
  /** How long bans are remembered after their end, in seconds; null: not said. */
  readonly purgeAge: number | null;
  /** Whether commands of action.d may run. */
  readonly allowActions: boolean;
}

/** What the reference says of one option. The default is text, read like any other value. */
export interface OptionEntry {
  readonly description: string;
  readonly default?: string;
  /** Said in place of a default, where it depends on something else. */
  readonly otherwise?: string;
  /** A container label may set it, under the option's name or this one. */
  readonly label?: true | string;
  /** It may hold a password: it is not shown, and the environment may name a file with it (`…_FILE`). */
  readonly secret?: true;
}

export const optionEntries = z.registry<OptionEntry>();

function option<T>(kind: Reader<T>, entry: OptionEntry): z.ZodOptional<Reader<T>> {
  kind.register(optionEntries, entry);
  return kind.optional();
}

/** Every name is one path segment, one label segment and one metric label. */
export const jailName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** For `defaults`, and for a jail, where `entryOf` makes of an entry that it falls back to these. */
function incrementShape(entryOf: (name: string, entry: OptionEntry) => OptionEntry) {
  const own = <T>(name: string, kind: Reader<T>, entry: OptionEntry) => option(kind, entryOf(name, entry));
  return {
    'bantime.increment': own('bantime.increment', truth(), {
      description: 'Whether bans of an address that comes back grow.',
      otherwise: '`true` where `bantime.times` is set, else `false`',
    }),
    'bantime.times': own('bantime.times', banTimes(), {
      description:
        'How long the first ban of an address is, the second and so on; the last goes on: `10m 1h 1d permanent`. It takes the place of `bantime`, formula and multipliers; where a jail sets `bantime` and no list of its own, that holds, and grows by the formula.',
      default: '',
    }),
    'bantime.factor': own('bantime.factor', formula(), {
      description: 'The `banFactor` of the formula, or what the multipliers are multiplied with.',
      default: '1',
    }),
    'bantime.formula': own('bantime.formula', formula(), {
      description:
        "The ban time of the next ban in seconds, from the jail's own (`ban.Time`) and the number of bans before (`ban.Count`): numbers, `+ - * / // % ** << >>`, comparisons, `a if b else c`, `min`, `max`, `math.exp` and the like, as fail2ban's formulas have them. It never makes a ban shorter.",
      default: usualFormula,
    }),
    'bantime.multipliers': own('bantime.multipliers', multipliers(), {
      description:
        'In place of the formula: what the ban time is multiplied with, by the number of bans before (the first is for none); the last goes on.',
      default: '',
    }),
    'bantime.maxtime': own('bantime.maxtime', duration(), {
      description: 'No ban grows beyond this.',
      otherwise: 'no limit',
    }),
    'bantime.rndtime': own('bantime.rndtime', duration(), {
      description: 'Up to so much is added to a ban that has grown, by chance.',
      otherwise: 'none',
    }),
    'bantime.overalljails': own('bantime.overalljails', truth(), {
      description:
        'Whether bans of the address in other jails count too, those of labels (`NAME@CONTAINER`) aside.',
      default: 'false',
    }),
    'bantime.forget': own('bantime.forget', duration(), {
      description:
        'An address that nobody banned for so long after its last ban was over begins from nothing.',
      otherwise: "`1d`, or the `dbpurgeage` of fail2ban's configuration where one is read",
    }),
  };
}

function asInDefaults(name: string): OptionEntry {
  return { description: 'As in `defaults`, for this jail.', otherwise: `\`defaults.${name}\``, label: true };
}

export const defaultsShape = {
  bantime: option(banTime(), {
    description: 'How long an attacker stays out. `permanent` (or `-1`) is for ever.',
    default: '10m',
  }),
  findtime: option(duration(), {
    description: 'How far back attempts count.',
    default: '10m',
  }),
  maxretry: option(wholeNumber(1, 10_000), {
    description: 'How many attempts within `findtime` lead to a ban.',
    default: '5',
  }),
  ...incrementShape((_name, entry) => entry),
  ignoreip: option(ignoreEntries(), {
    description:
      'Addresses, ranges, host names (their addresses are looked up every minute), domains (`.example.org`: whoever has a name in it that leads back to him), `file:/PATH` (words of that file, `#` begins a comment), `hosts.allow:/PATH` (whom TCP wrappers let in) and `command:/PATH` (whom that program says) that no jail bans: see never-banned.md. Loopback, own addresses, gateways and container networks never are, whatever stands here.',
    default: '',
  }),
  action: option(oneOf(jailActions), {
    description:
      '`drop` drops the packets of who is banned; `reject` answers them (TCP reset, else ICMP port unreachable); `log` lets them pass and has the kernel log them: a trial; `none` shuts nobody out at all, for jails that are only told of.',
    default: 'drop',
  }),
  ports: option(ports(), {
    description:
      'The ports a ban shuts, as the client addresses them: `all`, a list such as `80/tcp, 443/tcp, 1000-2000/udp`, or `published`: those that the containers of the jail publish, followed as they change; all ports while none is known.',
    default: 'all',
  }),
  encoding: option(encoding(), {
    description:
      'How the text of log files is written. `auto` is `utf-8`; bytes that mean nothing in it do not keep a line from being judged.',
    default: 'auto',
  }),
};

export const jailShape = {
  enabled: option(truth(), {
    description:
      '`false` switches the jail off; labels cannot bring it back. A jail named in `BAILIFF_JAILS` is on unless its own variable says otherwise. As a label it takes the jail from its own container.',
    default: 'true',
    label: true,
  }),
  filter: option(text("a filter's name", jailName), {
    description: 'The filter that judges the lines.',
    otherwise: "the jail's name",
    label: true,
  }),
  mode: option(text("a mode's name", filterNameForm), {
    description:
      'The mode of the filter, where it has some: how strict it is, or what it looks for (`bailiff filter show NAME`).',
    otherwise: "the filter's first",
    label: true,
  }),
  logpath: option(paths(), {
    description:
      'Log files to read, as paths or patterns (`*`, `?`, `[a-z]` within one name, `**` for any folders). A missing one is waited for; files that come to match are read too.',
    otherwise:
      "the filter's usual paths, where the jail has no other source either and the journal is not read instead",
  }),
  container: option(containers(), {
    description:
      'Containers whose logs to read, each by name (`web`, `web-*`), by image with or without tag (`image:nginx`, `image:ghcr.io/shop/*`), by compose project or service (`compose:shop`, `compose:shop/web`), by Swarm service (`service:shop_web`) or by label (`label:KEY`, `label:KEY=VALUE`). `*` stands for any characters and `?` for one, in all but labels.',
    otherwise: 'none',
  }),
  inside: option(insidePaths(), {
    description:
      'Log files inside the containers of `container`, read instead of their output, each as the container calls it (`/data/app.log`); its name may hold wildcards (`/data/*.log`: 32 files at most), where the folder is seen through `mounts` or `proc`; `off`: their output. As a label it means the file of the labelled container.',
    otherwise:
      "the filter's usual files inside containers, where its service does not write its log to its output",
    label: 'logpath',
  }),
  journal: option(journalMatch(), {
    description:
      "Which entries of the host's journal to read, as fail2ban's `journalmatch` says it: `FIELD=value` terms, of which those of different fields must all hold, and of those of one field any; `+` between alternatives. Elements of a list are alternatives, too.",
    otherwise: "the filter's usual match, where no source is set and the journal is read",
  }),
  kubernetes: option(kubernetesContainers(), {
    description:
      "Containers of this node's pods whose logs to read, each as `NAMESPACE/POD/CONTAINER`; `*` stands for any characters, `?` for one: `shop/web-*/nginx`.",
    otherwise: 'none',
  }),
  syslog: option(syslogPrograms(), {
    description:
      'Programs whose messages to read from the syslog receiver, by the name in the message: `sshd*`, or `dropbear@router` for those of one host; `*` stands for any characters, `?` for one. The line judged is `HOST PROGRAM[PID]: TEXT`; with `message:` before it, the text alone, as for a service in a container whose log Docker sends by syslog.',
    otherwise: 'none',
  }),
  bans: option(jailNames(), {
    description:
      'Jails whose bans to count like attempts: who is banned `maxretry` times within `findtime` is banned by this jail, too. `*` stands for any characters: `*` are all jails but this one, those that count bans themselves, and those of labels (`NAME@CONTAINER`), which a pattern with an `@` alone means: `* *@*` are all of them, too.',
    otherwise: 'none',
  }),
  ranges: option(rangePrefixes(), {
    description:
      'With `bans`: they count for the range of that prefix length around each address, `/24 /48` (IPv4 and IPv6; one of them: that family alone). When `maxretry` different addresses of a range were banned within `findtime`, the whole range is, unless any part of it is protected or on the ignore list of any jail. `action: log` makes it a trial.',
    otherwise: 'single addresses',
  }),
  bantime: option(banTime(), {
    description: 'As in `defaults`, for this jail.',
    otherwise: '`defaults.bantime`',
    label: true,
  }),
  findtime: option(duration(), {
    description: 'As in `defaults`, for this jail.',
    otherwise: '`defaults.findtime`',
    label: true,
  }),
  maxretry: option(wholeNumber(1, 10_000), {
    description: 'As in `defaults`, for this jail.',
    otherwise: '`defaults.maxretry`',
    label: true,
  }),
  ...incrementShape(asInDefaults),
  ignoreip: option(ignoreEntries(), {
    description:
      'Addresses, ranges, names, domains, files and programs, as in `defaults`, that this jail does not ban, beside those of `defaults`.',
    otherwise: 'none',
  }),
  action: option(oneOf(jailActions), {
    description: 'As in `defaults`, for this jail.',
    otherwise: '`defaults.action`',
    label: true,
  }),
  ports: option(ports(), {
    description:
      'As in `defaults`, for this jail. Of labels it is `label-ports`, which a label can only narrow: to `published`, or to some of its ports.',
    otherwise: '`defaults.ports`',
    label: true,
  }),
  encoding: option(encoding(), {
    description: 'As in `defaults`, for this jail.',
    otherwise: '`defaults.encoding`',
    label: true,
  }),
  'time-zone': option(timeZone(), {
    description:
      'Zone of dates in the logs of this jail that name none, such as `America/New_York` or `-05:00`. Jails that read the same file have the same one.',
    otherwise: 'the `time-zone` of all',
    label: true,
  }),
};

/** The options that a label may set, by their names in labels. */
export const labelOptions: ReadonlyMap<string, string> = new Map(
  Object.entries(jailShape).flatMap(([option, { def }]): [string, string][] => {
    const { label } = optionEntries.get(def.innerType) ?? {};
    return label === undefined ? [] : [[label === true ? option : label, option]];
  }),
);

export const fail2banShape = {
  dir: option(path(), {
    description:
      "fail2ban's configuration directory, such as `/etc/fail2ban`: the jails enabled there run as they are. What this file, labels or the environment say of a jail of the same name wins.",
    otherwise: 'none',
  }),
  log: option(path(), {
    description: "A file to log to in fail2ban's own format, for scripts and filters that read it.",
    otherwise: 'none',
  }),
  metrics: option(truth(), {
    description:
      'Whether `/metrics` has the series of the usual fail2ban exporter as well (`f2b_up`, `f2b_jail_banned_current` …), for dashboards and alerts made for it.',
    default: 'false',
  }),
  'allow-actions': option(truth(), {
    description:
      "Whether commands of fail2ban's `action.d` and `ignorecommand` may run, as root and through a shell, as fail2ban runs them. What shuts somebody out is done by Bailiff itself in any case.",
    default: 'false',
  }),
};

export const globalShape = {
  enforce: option(oneOf(['auto', 'iptables', 'nftables', 'hosts-deny', 'dry-run']), {
    description:
      'How bans are enforced. `auto` takes what fits this machine and its Docker: `iptables` (with ipset, in the variant that Docker uses), else `nftables` (a table of its own), else `hosts-deny` (TCP wrappers: some services only), else `dry-run`, which shuts nobody out and says so.',
    default: 'auto',
  }),
  listen: option(listener(), {
    description:
      'Where `/metrics`, `/healthz`, `/readyz` and `/livez` answer. A port alone listens on 127.0.0.1. `off` (or, in the environment, empty) closes it.',
    default: '127.0.0.1:9798',
  }),
  'state-dir': option(path(), {
    description: 'Directory of the database of bans and positions.',
    default: '/var/lib/bailiff',
  }),
  socket: option(path(longestSocketPath), {
    description: 'Control socket, through which the commands speak with the daemon.',
    default: '/run/bailiff/bailiff.sock',
  }),
  'api-listen': option(listener(), {
    description:
      'Where the HTTP API of the control socket answers over TCP too (docs/api.md), to who brings a token. A port alone listens on 127.0.0.1. It is plain HTTP: put TLS in front of it elsewhere.',
    default: 'off',
  }),
  'api-read-token': option(token(), {
    description: 'Who sends it to `api-listen` may ask for everything, and change nothing.',
    otherwise: 'none',
    secret: true,
  }),
  'api-write-token': option(token(), {
    description:
      'Who sends it to `api-listen` may do all that the commands can: let everybody in, have any file read as a log, shut anybody out.',
    otherwise: 'none',
    secret: true,
  }),
  'trusted-proxies': option(addresses(), {
    description:
      'Reverse proxies and CDNs in front of your services. They are never banned, since behind each of them is everybody.',
    default: '',
  }),
  'protect-ssh-peers': option(truth(), {
    description:
      'Whether the far end of each SSH session that is open (and has logged in) on this host is never banned: you are not shut out while you work on it.',
    default: 'true',
  }),
  docker: option(truth(), {
    description: 'Whether to use the Docker engine at all.',
    default: 'true',
  }),
  'docker-socket': option(engine(), {
    description:
      "The Docker engine's socket: its path, or `tcp://HOST:PORT` of a proxy in front of it (without TLS, on this machine or in a network of its own). Only GET requests are made, and HEAD for files inside containers.",
    otherwise: '`DOCKER_HOST` where that begins with `unix://` or `tcp://`, else `/var/run/docker.sock`',
  }),
  labels: option(truth(), {
    description:
      'Whether the labels of containers (`bailiff.…`), and such annotations of pods, are heeded at all.',
    default: 'true',
  }),
  'label-containers': option(containers(), {
    description:
      'Containers whose labels are heeded, chosen as in `container`; of others that have any, `status` says so. Whoever starts a container chooses its name, image and labels. That of a pod is called `NAMESPACE/WORKLOAD/CONTAINER`, and its namespace nobody chooses freely: `shop/*`.',
    default: '*',
  }),
  'label-jails': option(jailNames(), {
    description: 'Jails that labels may ask for; `*` stands for any characters.',
    default: '*',
  }),
  'label-options': option(someOf([...labelOptions.keys()]), {
    description:
      'Options of jails that labels may set, by their names in labels; `*`: all that the table of jails has a label for; `none`: a container may only ask for jails as the configuration has them.',
    default: '*',
  }),
  'label-ports': option(ports(), {
    description:
      "The ports that jails of labels shut: `published`, those that their own container publishes, or, where it publishes none, those of the containers on its networks (a proxy's, so), but not on Docker's default network; where there are neither, none, which `status` says. `all`, or a list, such as `80/tcp, 443/tcp` where a proxy on the host passes clients on. A label can only narrow it.",
    default: 'published',
  }),
  'container-files': option(containerFiles(), {
    description:
      "Ways to a log file inside a container, of which the first that works is taken: `mounts`, the container's volumes and bind mounts where this process sees them too; `proc`, `/proc/PID/root`, which needs the host's process ids and `SYS_PTRACE`; `archive`, the Docker API, which hands out whole files only (up to 64 MiB, every few seconds). `off`: none.",
    default: 'mounts, archive',
  }),
  'host-root': option(path(), {
    description:
      "Where this process sees the host's file system, for `mounts` and `bailiff doctor`: `/host` if that is what the host's `/` is mounted as.",
    default: '/',
  }),
  'journal-directory': option(path(), {
    description: "Directory of the host's journal, where it is another than journald's own.",
    otherwise: '`/var/log/journal` and `/run/log/journal`, both',
  }),
  'kubernetes-directory': option(path(), {
    description: "Directory in which the kubelet keeps links to the logs of this node's containers.",
    default: '/var/log/containers',
  }),
  'kubernetes-networks': option(addresses(), {
    description:
      'Addresses and ranges of nodes, pods and services of the cluster. They are never banned; where a log names one of them in place of a client, `status` says so.',
    default: '',
  }),
  'kubernetes-node': option(text("a node's name", /^[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?$/), {
    description:
      "The name of this node. With it the Kubernetes API is asked for the annotations (`bailiff.…`) of this node's pods, which are heeded as the labels of containers are, and for the addresses of all nodes and the networks of their pods, which are never banned.",
    otherwise: 'it is not asked',
  }),
  'kubernetes-api': option(text('https://HOST:PORT', /^https:\/\/[^\s/?#]+$/), {
    description: 'Where the Kubernetes API is.',
    otherwise: '`KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`, which every pod has',
  }),
  'kubernetes-service-account': option(path(), {
    description: 'Folder with the `token` and the `ca.crt` to ask it with; both are read anew each time.',
    default: '/var/run/secrets/kubernetes.io/serviceaccount',
  }),
  'syslog-listen': option(syslogListeners(), {
    description:
      'Where to receive syslog messages (RFC 5424 and 3164), each as `udp://ADDRESS:PORT`, `tcp://ADDRESS:PORT` or `unix:PATH` (a stream socket).',
    default: '',
  }),
  'syslog-from': option(addresses(), {
    description:
      'Addresses and ranges whose syslog messages are taken; others are refused. Whoever may send messages can have anybody banned, and over UDP an address is easily forged.',
    default: '127.0.0.0/8, ::1',
  }),
  'filter-directory': option(path(), {
    description: 'Directory of your own filters, one `NAME.yaml` each. It may be absent.',
    default: '/etc/bailiff/filters',
  }),
  'max-tracked': option(wholeNumber(1_000, 10_000_000), {
    description:
      'How many addresses one jail counts at a time; beyond that the stalest are forgotten. A jail of one container, whose labels asked for it, counts a tenth of them.',
    default: '100000',
  }),
  'mail-server': option(text('smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://…', /^smtps?:\/\/\S+$/), {
    description:
      "Where mails go that fail2ban's mail actions would send: `smtp://[USER:PASSWORD@]HOST[:PORT]`, or `smtps://…`. A password goes over TLS alone.",
    default: 'smtp://127.0.0.1',
    secret: true,
  }),
  'mail-password': option(text('a password', /^[^\r\n]+$/), {
    description: 'The password of the user that `mail-server` names, where it does not stand there.',
    otherwise: 'none',
    secret: true,
  }),
  'mail-from': option(text('a mail address', /^[^\s<>]+$/), {
    description: 'Whom mails are from, where the action does not say.',
    default: 'bailiff',
  }),
  evidence: option(oneOf(evidenceModes), {
    description:
      'What `bailiff why` can show of the lines that led to a ban (the last ten): `redacted`, without what users typed, since passwords land in user names: the user, and values of a query or beside a name such as `token=`; `full`, as they are; `off`, none are kept.',
    default: 'redacted',
  }),
  history: option(duration(), {
    description:
      'How long bans that are over, and the lines that led to bans, are kept for `bailiff history` and `bailiff why`; after a flood the newest 100,000 bans and the lines of 20,000.',
    default: '30d',
  }),
  'log-level': option(oneOf(['trace', 'debug', 'info', 'warn', 'error']), {
    description: "The least severe lines of Bailiff's own log that are written.",
    default: 'info',
  }),
  'log-format': option(oneOf(['auto', 'json', 'pretty']), {
    description: '`auto` is `pretty` on a terminal and `json` elsewhere.',
    default: 'auto',
  }),
  'reload-on-change': option(truth(), {
    description:
      'Whether the configuration is read again by itself when `bailiff.yaml` has changed, as with `bailiff reload`.',
    default: 'false',
  }),
  'time-zone': option(timeZone(), {
    description: 'Zone of dates in logs that name none, such as `Europe/Berlin` or `+01:00`.',
    otherwise: "the machine's own",
  }),
};

/** Of one notifier, under `notify: {NAME: {…}}`. */
export const notifyShape = {
  type: option(oneOf(notifierTypes), {
    description: 'How it tells: by `mail`, by a request to a `webhook`, or by a `command` of yours.',
    otherwise: 'must be set',
  }),
  enabled: option(truth(), { description: '`false` switches it off.', default: 'true' }),
  jails: option(jailNames(), {
    description: 'Jails whose bans it tells of; `*` stands for any characters.',
    default: '*',
  }),
  kinds: option(someOf(noticeKinds), {
    description:
      'What it tells of: `ban`, `unban`, and `problem`: something that should hold does not (as `status` has it), or does again.',
    default: 'ban problem',
  }),
  group: option(duration(), {
    description:
      'How far its messages lie apart at least; what comes meanwhile is one message ("1,240 bans in the last minute").',
    default: '1m',
  }),
  dedupe: option(duration(), {
    description: 'For how long the same (the ban of an address by a jail, a problem) is not told again.',
    default: '10m',
  }),
  lines: option(wholeNumber(0, 50), {
    description:
      'How many of the lines of the log that led to a ban are told with it. They hold what clients sent, also passwords typed in the wrong place.',
    default: '3',
  }),
  verify: option(truth(), {
    description:
      "Whether the server's certificate has to be sound. `false` takes any; `true` for mail is TLS or nothing.",
    otherwise: '`true`; for mail without a password, or to this machine, TLS is used as the server offers it',
  }),
  ca: option(path(), {
    description: 'File with the certificates (PEM) of the authorities to trust in place of the usual ones.',
    otherwise: 'those that Node knows',
  }),
  to: option(mailAddresses(), {
    description: '`mail`: whom it goes to.',
    otherwise: 'must be set for `mail`',
  }),
  from: option(text('a mail address', mailAddressForm), {
    description: '`mail`: whom it is from.',
    otherwise: '`mail-from`',
  }),
  server: option(text('smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://…', /^smtps?:\/\/\S+$/), {
    description: '`mail`: the server, written as `mail-server` is.',
    otherwise: '`mail-server`',
    secret: true,
  }),
  password: option(text('a password', /^[^\r\n]+$/), {
    description: '`mail`: the password of the user that `server` names, where it does not stand there.',
    otherwise: 'none',
    secret: true,
  }),
  sendmail: option(path(), {
    description:
      '`mail`: a program that takes mails as sendmail does (`/usr/sbin/sendmail`), in place of a server.',
    otherwise: 'none',
  }),
  url: option(webAddress(), {
    description:
      '`webhook`: where to send (POST), an `http://` or `https://` address. Redirects are not followed.',
    otherwise: 'must be set for `webhook`',
    secret: true,
  }),
  shape: option(oneOf(webhookShapes), {
    description: '`webhook`: what the receiver wants to have.',
    default: 'json',
  }),
  body: option(template(), {
    description:
      '`webhook`: the body of the request in place of a shape; `{{title}}`, `{{text}}`, `{{host}}`, `{{kind}}`, `{{count}}`, `{{jail}}`, `{{address}}`, `{{time}}` and `{{id}}` stand for values. One that begins with `{` or `[` is JSON, and the values stand within its quotes.',
    otherwise: 'that of `shape`',
  }),
  secret: option(text('a secret of at least 8 characters', /^[^\r\n]{8,}$/), {
    description:
      '`webhook`: the key with which requests are signed (HMAC-SHA256, the headers of standardwebhooks.com).',
    otherwise: 'they are not signed',
    secret: true,
  }),
  token: option(text('a token', /^[\x21-\x7e]+$/), {
    description: '`webhook`: sent as `Authorization: Bearer TOKEN`.',
    otherwise: 'none',
    secret: true,
  }),
  command: option(programCall(), {
    description:
      '`command`: a program by its path, with its arguments, as a list. It is run without a shell; `{{title}}` and the like stand for values in its arguments.',
    otherwise: 'must be set for `command`',
  }),
};
const notifyOptions = z.strictObject(notifyShape);
export type NotifyOptions = z.output<typeof notifyOptions>;

/** Long enough that nobody comes upon it by trying. */
function token(): Reader<string> {
  return text(
    'a token of 32 to 256 characters without spaces, such as `openssl rand -hex 32` makes',
    /^[\x21-\x7e]{32,256}$/,
  );
}

function timeZone(): Reader<string> {
  const expected = "a time zone's name such as Europe/Berlin or UTC, or its offset such as +01:00";
  return text(expected, /^(?:[A-Za-z][\w+/-]{0,63}|[+-]\d\d:\d\d)$/).refine(isTimeZone, expected);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** A key with nothing behind it (`sshd:`) is an empty map, as people write it. */
function map<T extends z.ZodType>(content: T) {
  return z.preprocess((value) => value ?? {}, content);
}

export const jailOptions = z.strictObject(jailShape);
export type JailOptions = z.output<typeof jailOptions>;

/** One layer (the built-in defaults, the file, the environment): every option may be absent. */
export const layerSchema = map(
  z.strictObject({
    defaults: map(z.strictObject(defaultsShape)).optional(),
    fail2ban: map(z.strictObject(fail2banShape)).optional(),
    jails: map(z.record(z.string().regex(jailName), map(jailOptions))).optional(),
    notify: map(z.record(z.string().regex(jailName), map(notifyOptions))).optional(),
    ...globalShape,
  }),
);
export type LayerValues = z.output<typeof layerSchema>;

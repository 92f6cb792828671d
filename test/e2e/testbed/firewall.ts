import { inside, run } from './command.ts';

/** What shows all rules and sets. */
const listings = [
  ['iptables-nft-save'],
  ['ip6tables-nft-save'],
  ['ipset', 'save'],
  ['nft', 'list', 'ruleset'],
] as const;

/** What stands in the kernel of a namespace, read by the machine's own tools. */
export class Firewall {
  readonly #namespace: string;

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** Runs one of the packet filter's programs there. */
  do(file: string, ...args: string[]): Promise<string> {
    return run(...inside(this.#namespace, file, args));
  }

  /** As `do`; that it fails is no matter, for what may not be there. */
  async attempt(file: string, ...args: string[]): Promise<void> {
    await this.do(file, ...args).catch(() => undefined);
  }

  /** Names of the programs that show something of ours there. */
  async whoShowsOurs(): Promise<string[]> {
    const showing: string[] = [];
    for (const [program, ...args] of listings)
      if (/bailiff/i.test(await this.do(program, ...args))) showing.push(program);
    return showing;
  }

  /** Address to remaining seconds, of both of ipset's plain sets. */
  async elementsOfSets(): Promise<Map<string, number>> {
    const elements = new Map<string, number>();
    for (const set of ['bailiff4', 'bailiff6']) {
      const saved = await this.do('ipset', 'save', set);
      for (const [, address = '', timeout] of saved.matchAll(/^add \S+ (\S+) timeout (\d+)(?: .*)?$/gm)) {
        elements.set(address, Number(timeout));
      }
    }
    return elements;
  }

  /** Address to remaining seconds, of the plain sets of our nftables table; each is named by its prefix length. */
  async elementsOfTable(): Promise<Map<string, number>> {
    const elements = new Map<string, number>();
    const listed = await this.do('nft', 'list', 'table', 'inet', 'bailiff');
    for (const [, family, bits, body = ''] of listed.matchAll(
      /^\tset ban([46])_(\d+) \{\n([\s\S]*?)^\t\}/gm,
    )) {
      const suffix = bits === (family === '4' ? '32' : '128') ? '' : `/${bits}`;
      for (const [, key, , expires] of body.matchAll(
        /([\da-f.:]+)( timeout \w+ expires (\w+))?(?=[,\s]|$)/g,
      )) {
        if (key?.includes(family === '4' ? '.' : ':') !== true || !/\d/.test(key)) continue;
        elements.set(`${key}${suffix}`, expires === undefined ? Number.NaN : secondsOf(expires));
      }
    }
    return elements;
  }

  /** The rules of everybody else, as iptables-save and nft print them, without counters. */
  async othersRules(): Promise<string[]> {
    const all: string[] = [];
    for (const program of ['iptables-nft-save', 'ip6tables-nft-save']) {
      let table = '';
      for (const line of (await this.do(program)).split('\n')) {
        if (line.startsWith('*')) table = line;
        // FORWARD to DOCKER-USER is the one jump of somebody else's that Bailiff keeps in its place.
        const ours = /BAILIFF|^-A FORWARD -j DOCKER-USER$|^:DOCKER-USER /.test(line);
        if (/^(-A|:\S+ -)/.test(line) && !ours)
          all.push(`${program} ${table} ${line.replace(/ \[\d+:\d+\]$/, '')}`);
      }
    }
    const tables = await this.do('nft', 'list', 'table', 'inet', 'somebodys');
    return [...all, ...tables.split('\n'), await this.do('ipset', 'save', 'somebodys')];
  }

  /** What is wrong with our rules in iptables; empty where all is right. */
  async wrongRules(): Promise<string[]> {
    const wrong: string[] = [];
    for (const [family, program] of [
      [4, 'iptables-nft-save'],
      [6, 'ip6tables-nft-save'],
    ] as const) {
      const saved = (await this.do(program)).split('\n');
      for (const [chain, first] of [
        ['INPUT', 'BAILIFF'],
        ['FORWARD', 'DOCKER-USER'],
        ['DOCKER-USER', 'BAILIFF'],
        ['PREROUTING', 'BAILIFF'],
      ] as const) {
        // Of PREROUTING's tables, raw is the one that has ours.
        const rules = saved.filter((line) => line.startsWith(`-A ${chain} `));
        const right = `-A ${chain} -j ${first}`;
        const isFirst = chain === 'PREROUTING' ? rules.includes(right) : rules[0] === right;
        if (!isFirst) wrong.push(`${program}: ${chain} begins with ${rules[0] ?? 'nothing'}`);
      }
      const drops = saved.filter(
        (line) => line === `-A BAILIFF -m set --match-set bailiff${family} src -j DROP`,
      );
      if (drops.length !== 2) wrong.push(`${program}: ${drops.length} rules drop`);
    }
    return wrong;
  }
}

/** Reads `1h59m58s`, `9m58s500ms`. */
function secondsOf(text: string): number {
  const units: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1, ms: 0.001 };
  let seconds = 0;
  for (const [, amount, unit = ''] of text.matchAll(/(\d+)(ms|[dhms])/g)) {
    seconds += Number(amount) * (units[unit] ?? Number.NaN);
  }
  return seconds;
}

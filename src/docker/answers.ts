import { posix } from 'node:path';
import { normalizePorts, type PortRange, parsePort } from '../core/policy.ts';
import type {
  Container,
  ContainerDetails,
  DockerEvent,
  EngineInfo,
  Mount,
  Network,
  PublishingContainer,
} from './engine.ts';

/** Docker's answers, checked: what is not as documented is left out, nothing here throws. */
type Json = Readonly<Record<string, unknown>>;

const asJson = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function asLabels(value: unknown): Record<string, string> {
  const pairs = Object.entries(asJson(value)).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return Object.fromEntries(pairs);
}

const withoutSlash = (name: string): string => name.replace(/^\//, '');

export function* parsedEvent(line: string): Generator<DockerEvent> {
  const event = asJson(safeParse(line));
  const actor = asJson(event['Actor']);
  const [type, action, id] = [event['Type'], event['Action'], actor['ID']];
  if (typeof type !== 'string' || typeof action !== 'string' || typeof id !== 'string') return;
  yield { type, action, id, container: asText(asJson(actor['Attributes'])['container']) };
}

function safeParse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

export function listedContainer(raw: unknown): Container[] {
  const container = asJson(raw);
  const names = asList(container['Names']);
  const id = container['Id'];
  const name = names.find((one) => typeof one === 'string');
  if (typeof id !== 'string' || name === undefined) return [];
  return [
    {
      id,
      name: withoutSlash(name),
      image: asText(container['Image']),
      labels: asLabels(container['Labels']),
      running: container['State'] === 'running',
    },
  ];
}

/** Of the list of containers; none where it publishes nothing. */
export function publishingContainer(raw: unknown): PublishingContainer[] {
  const container = asJson(raw);
  const id = container['Id'];
  const ports = asList(container['Ports']).flatMap((each) => {
    const { IP: address, PublicPort: port, Type: protocol } = asJson(each);
    return isLoopback(asText(address)) ? [] : (parsePort(`${String(port)}/${asText(protocol)}`) ?? []);
  });
  if (typeof id !== 'string' || ports.length === 0) return [];
  const networks = Object.keys(asJson(asJson(container['NetworkSettings'])['Networks']));
  return [{ id, networks, ports: normalizePorts(ports) }];
}

export function inspectedContainer(id: string, raw: unknown): ContainerDetails {
  const container = asJson(raw);
  const config = asJson(container['Config']);
  const settings = asJson(container['NetworkSettings']);
  const state = asJson(container['State']);
  const hostConfig = asJson(container['HostConfig']);
  const networkMode = asText(hostConfig['NetworkMode']);
  const subpaths = subpathsOf(hostConfig['Mounts']);
  return {
    id: asText(container['Id']) || id,
    name: withoutSlash(asText(container['Name']) || id),
    image: asText(config['Image']),
    labels: asLabels(config['Labels']),
    running: state['Running'] === true && state['Restarting'] !== true,
    pid: Number.isSafeInteger(state['Pid']) ? Number(state['Pid']) : 0,
    mounts: asList(container['Mounts']).flatMap((mount) => mountOf(mount, subpaths)),
    tty: config['Tty'] === true,
    finished: Math.max(0, Date.parse(asText(state['FinishedAt'])) / 1_000 || 0),
    networkMode,
    networks: Object.keys(asJson(settings['Networks'])),
    ports: networkMode === 'host' ? exposedPorts(config['ExposedPorts']) : publishedPorts(settings['Ports']),
    overIpv6: isOverIpv6(settings['Ports']),
  };
}

function mountOf(raw: unknown, subpaths: ReadonlyMap<string, string>): Mount[] {
  const { Source: source, Destination: destination } = asJson(raw);
  if (typeof destination !== 'string' || !isPlainPath(destination)) return [];
  if (typeof source !== 'string' || !isPlainPath(source)) return [{ source: null, destination }];
  const subpath = subpaths.get(posix.resolve(destination));
  return [{ source: subpath === undefined ? source : posix.join(source, subpath), destination }];
}

/** By where it stands: which part of its volume a mount is (Docker 26). Its source is told as that of the whole. */
function subpathsOf(mounts: unknown): Map<string, string> {
  const parts = asList(mounts).flatMap((raw): [string, string][] => {
    const mount = asJson(raw);
    const part = asText(asJson(mount['VolumeOptions'])['Subpath']);
    return part === '' ? [] : [[posix.resolve('/', asText(mount['Target'])), posix.resolve('/', part)]];
  });
  return new Map(parts);
}

/** Absolute, and without anything that leads somewhere else than it reads. */
const isPlainPath = (path: string): boolean =>
  path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..');

/** Of a container in the host's network: the ports its image says it listens on are the host's. */
function exposedPorts(raw: unknown): PortRange[] | null {
  const ports = Object.keys(asJson(raw)).flatMap((text) => parsePort(text) ?? []);
  return ports.length === 0 ? null : normalizePorts(ports);
}

/** Nobody comes from outside to a port there: a server of the host's passes its clients on. */
const isLoopback = (address: string): boolean => /^(127\.|::1$)/.test(address);

/** `{"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "81/tcp": null}`. */
function publishedPorts(raw: unknown): PortRange[] {
  const ports = Object.entries(asJson(raw)).flatMap(([inside, bindings]) => {
    const protocol = inside.split('/')[1] ?? 'tcp';
    return asList(bindings).flatMap((binding) => {
      const { HostIp: address, HostPort: port } = asJson(binding);
      if (isLoopback(asText(address))) return [];
      return parsePort(`${asText(port)}/${protocol}`) ?? [];
    });
  });
  return normalizePorts(ports);
}

/** Engines before 20.10 name no address where a port is published on all of them. */
function isOverIpv6(raw: unknown): boolean {
  const bindings = Object.values(asJson(raw)).flatMap(asList);
  return bindings
    .map((binding) => asText(asJson(binding)['HostIp']))
    .some((at) => at === '' || (/:/.test(at) && at !== '::1'));
}

export function listedNetwork(raw: unknown): Network {
  const network = asJson(raw);
  const name = asText(network['Name']);
  return {
    id: asText(network['Id']),
    name,
    driver: asText(network['Driver']),
    ingress: network['Ingress'] === true,
    options: asLabels(network['Options']),
    ranges: asList(asJson(network['IPAM'])['Config']).map((entry) => ({
      network: name,
      subnet: asText(asJson(entry)['Subnet']),
      gateway: asText(asJson(entry)['Gateway']),
    })),
  };
}

export function engineInfo(raw: unknown): EngineInfo {
  const info = asJson(raw);
  return {
    version: asText(info['ServerVersion']),
    firewallDriver: asText(asJson(info['FirewallBackend'])['Driver']) || null,
    rootless: asList(info['SecurityOptions']).some((option) => /^name=rootless\b/.test(asText(option))),
    swarm: asJson(info['Swarm'])['LocalNodeState'] === 'active',
  };
}

/** Of the first message in an answer of the log API, be it behind a frame's header or not. */
export function messageTimestamp(log: Uint8Array): string | null {
  const beginning = Buffer.from(log.subarray(0, 64)).toString('latin1');
  return /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z/.exec(beginning)?.[0] ?? null;
}

/** The JSON Schema of the chart's values: what they may be. What each is for stands in values.yaml. */
import { configurationSchema } from '../src/config/json-schema.ts';

type Schema = Readonly<Record<string, unknown>>;

const bool: Schema = { type: 'boolean' };
const text: Schema = { type: 'string' };
const name: Schema = { type: 'string', pattern: '^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$' };
const path: Schema = { type: 'string', pattern: '^/[^:]*[^:/]$' };
const texts: Schema = { type: 'object', additionalProperties: text };
/** What the API server itself checks. */
const anyObject: Schema = { type: 'object' };
const listOfObjects: Schema = { type: 'array', items: anyObject };
const variable = '^BAILIFF_[A-Z0-9_]+$';
/** Of Prometheus: `30s`, `1m`. */
const interval: Schema = { type: 'string', pattern: '^(([0-9]+(ms|s|m|h))+)?$' };
/** Of IPv4 or IPv6: what is none would keep every pod from starting. */
const network: Schema = {
  type: 'string',
  pattern:
    '^([0-9]{1,3}([.][0-9]{1,3}){3}(/([12]?[0-9]|3[0-2]))?|[0-9a-fA-F:]*:[0-9a-fA-F:.]*(/([1-9]?[0-9]|1[01][0-9]|12[0-8]))?)$',
};
/** Of a Service, too, which takes less than other objects do (RFC 1035). */
const label: Schema = { type: 'string', pattern: '^([a-z]([-a-z0-9]{0,61}[a-z0-9])?)?$' };

/** An object of these keys and no others. */
function object(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', additionalProperties: false, properties };
}

/** An object whose keys are like this: a key that is not is named in the error, which `propertyNames` would not do. */
function named(pattern: string, value: Schema): Schema {
  return { type: 'object', additionalProperties: false, patternProperties: { [pattern]: value } };
}

export function valuesSchema(): Schema {
  const { $schema: draft, ...config } = configurationSchema();
  const values = object({
    image: object({
      repository: { type: 'string', minLength: 1 },
      tag: text,
      digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
      pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] },
    }),
    imagePullSecrets: listOfObjects,
    nameOverride: label,
    fullnameOverride: label,
    config,
    filters: named('^[A-Za-z0-9][A-Za-z0-9._-]*\\.yaml$', { type: 'string', minLength: 1 }),
    env: named(variable, { type: ['string', 'number', 'boolean'] }),
    secrets: object({
      existingSecret: name,
      files: named(variable, { type: 'string', pattern: '^[A-Za-z0-9._-]+$' }),
    }),
    api: object({ enabled: bool }),
    rbac: object({ create: bool }),
    clusterNetworks: { type: 'array', items: network },
    metrics: object({
      address: { enum: ['local', 'node', 'node-ipv6'] },
      port: { type: 'integer', minimum: 1, maximum: 65_535 },
      podMonitor: object({ enabled: bool, interval, labels: texts }),
      serviceMonitor: object({ enabled: bool, interval, labels: texts }),
      rules: object({ enabled: bool, labels: texts }),
      dashboard: object({ enabled: bool, labels: texts }),
    }),
    host: object({ logs: path, journal: path, state: path, xtablesLock: path, localtime: bool }),
    docker: object({ enabled: bool, socket: path }),
    serviceAccount: object({ create: bool, name, annotations: texts }),
    updateStrategy: object({
      maxUnavailable: {
        anyOf: [
          { type: 'integer', minimum: 1 },
          { type: 'string', pattern: '^[1-9][0-9]?%$|^100%$' },
        ],
      },
      minReadySeconds: { type: 'integer', minimum: 0 },
    }),
    priorityClassName: name,
    tolerations: listOfObjects,
    nodeSelector: texts,
    affinity: anyObject,
    resources: anyObject,
    seLinuxOptions: object({ user: text, role: text, type: text, level: text }),
    podAnnotations: texts,
    podLabels: texts,
    extraVolumes: listOfObjects,
    extraVolumeMounts: listOfObjects,
  });
  const { properties, ...rest } = values as { properties: Schema };
  // A parent chart passes `global` to each of its own, and what its `condition` asks for, which holds where this is rendered.
  const fromParent = { global: anyObject, enabled: { const: true } };
  return { $schema: draft, title: 'values.yaml', ...rest, properties: { ...properties, ...fromParent } };
}

import { BailiffError } from '../core/errors.ts';
import { readLayer } from './layer.ts';
import { defaultsShape, fail2banShape, globalShape, type LayerValues, optionEntries } from './schema.ts';

/** The defaults, read by the schema like any other layer, out of the text that the reference prints. */
export function builtInLayer(): LayerValues {
  const { layer, errors } = readLayer(
    {
      ...defaultsOf(globalShape),
      defaults: defaultsOf(defaultsShape),
      fail2ban: defaultsOf(fail2banShape),
    },
    () => 'built in',
  );
  if (errors[0] !== undefined) throw errors[0];
  return layer.values;
}

function defaultsOf(
  shape: typeof globalShape | typeof defaultsShape | typeof fail2banShape,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(shape).flatMap(([key, { def }]) => {
      const text = optionEntries.get(def.innerType)?.default;
      return text === undefined ? [] : [[key, text]];
    }),
  );
}

type GlobalOption = keyof typeof globalShape;
type DefaultsOption = keyof typeof defaultsShape;
type Fail2banOption = keyof typeof fail2banShape;
type Present<T> = Exclude<T, undefined>;

/** Looks options up in layers, the first that sets one winning. null is a value. */
export function picker(layers: readonly LayerValues[]) {
  const anywhere = <Key extends GlobalOption>(key: Key) =>
    layers.find((layer) => layer[key] !== undefined)?.[key];
  return {
    anywhere,
    option<Key extends GlobalOption>(key: Key) {
      return present(anywhere(key), key) as Present<LayerValues[Key]>;
    },
    fail2ban<Key extends Fail2banOption>(key: Key) {
      return layers.find(({ fail2ban }) => fail2ban?.[key] !== undefined)?.fail2ban?.[key];
    },
    /** One that may have no value anywhere. */
    anyDefault<Key extends DefaultsOption>(key: Key) {
      return layers.find(({ defaults }) => defaults?.[key] !== undefined)?.defaults?.[key];
    },
    fallback<Key extends DefaultsOption>(key: Key) {
      const layer = layers.find(({ defaults }) => defaults?.[key] !== undefined);
      return present(layer?.defaults?.[key], key) as Present<NonNullable<LayerValues['defaults']>[Key]>;
    },
  };
}

function present<T>(value: T, key: string): T {
  if (value === undefined) throw new BailiffError('internal', `the option ${key} has no default`);
  return value;
}

/** The chart's values as its README has them: key, default, and the comment that stands above it in values.yaml. */
import { isMap, isScalar, type Pair, parseDocument, stringify, type YAMLMap } from 'yaml';

export interface ChartValue {
  /** `metrics.podMonitor.enabled`. */
  readonly key: string;
  /** As JSON. */
  readonly value: string;
  readonly description: string;
}

export function chartValues(yaml: string): ChartValue[] {
  const { contents, commentBefore } = parseDocument(yaml);
  return isMap(contents) ? valuesOf(contents, '', commentBefore ?? '') : [];
}

/** `first`: the comment above the first key, which the parser gives to the map. */
function valuesOf(map: YAMLMap, prefix: string, first: string): ChartValue[] {
  return map.items.flatMap((pair, index) => {
    const key = `${prefix}${keyOf(pair)}`;
    const { value } = pair;
    const comment = commentOf(pair.key) || (index === 0 ? first : '');
    const described = comment !== '' || !isMap(value) || value.items.length === 0;
    if (!described && isMap(value)) return valuesOf(value, `${key}.`, value.commentBefore ?? '');
    const shown = JSON.stringify(isScalar(value) ? value.value : (value as YAMLMap).toJSON());
    return [{ key, value: shown, description: comment.trim().replace(/\s*\n\s*/g, ' ') }];
  });
}

const keyOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : stringify(key).trim());

function commentOf(node: unknown): string {
  const { commentBefore = '' } = (node ?? {}) as { commentBefore?: string | null };
  return commentBefore ?? '';
}

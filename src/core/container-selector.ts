import type { PodContainer } from './pod-selector.ts';
import { matchesWildcard } from './wildcard.ts';

/** What a container is chosen by. */
export interface ContainerTraits {
  readonly name: string;
  /** As it was asked for: `nginx`, `nginx:1.27`, `ghcr.io/foo/bar@sha256:…`; '' where it is not known. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where it is one of a pod, whose annotations stand in `labels`. */
  readonly pod?: PodContainer;
}

interface SelectorKind {
  /** What may stand behind the prefix; the first group of parentheses is a key that must be there. */
  readonly form: RegExp;
  readonly expected: string;
  selects(wanted: string, container: ContainerTraits): boolean;
}

const projectLabel = 'com.docker.compose.project';
const serviceLabel = 'com.docker.compose.service';
const swarmServiceLabel = 'com.docker.swarm.service.name';

/** By the word before the colon. A name has no colon. */
const kinds: Readonly<Record<string, SelectorKind>> = {
  label: {
    form: /^[^\s=]{1,255}(?:=.{0,1024})?$/u,
    expected: 'label:KEY or label:KEY=VALUE',
    selects(wanted, { labels }) {
      const [, key = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(wanted) ?? [];
      return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
    },
  },
  image: {
    form: /^[\w.*?:@/-]{1,512}$/,
    expected: 'image:REPOSITORY such as image:nginx, image:nginx:1.27 or image:ghcr.io/shop/*',
    selects: (wanted, { image }) =>
      imageNames(image).some((name) => matchesWildcard(shortImage(wanted), name)),
  },
  compose: {
    form: /^[\w.*?-]{1,255}(?:\/[\w.*?-]{1,255})?$/,
    expected: 'compose:PROJECT or compose:PROJECT/SERVICE',
    selects(wanted, { labels }) {
      const [project = '', service] = wanted.split('/');
      if (!matchesLabel(project, labels, projectLabel)) return false;
      return service === undefined || matchesLabel(service, labels, serviceLabel);
    },
  },
  service: {
    form: /^[\w.*?-]{1,255}$/,
    expected: 'service:NAME, the name of a Swarm service',
    selects: (wanted, { labels }) => matchesLabel(wanted, labels, swarmServiceLabel),
  },
};

/** Of a container of a pod: `NAMESPACE/WORKLOAD/CONTAINER`. */
const nameForm = /^[a-z0-9*?][\w.*?/-]{0,254}$/i;

export const expectedSelector =
  "a container's name (with * and ? as wildcards), label:…, image:…, compose:… or service:…";

/** Why a text is no selector of containers, as what was expected in its place; null: it is one. */
export function selectorProblem(selector: string): string | null {
  const { prefix, wanted } = split(selector);
  if (prefix === null) return nameForm.test(wanted) ? null : expectedSelector;
  const kind = kindOf(prefix);
  if (kind === undefined) return expectedSelector;
  return kind.form.test(wanted) ? null : kind.expected;
}

/** Whether a selector means a container: its name, or what stands behind `label:`, `image:`, `compose:`, `service:`. */
export function selects(selector: string, container: ContainerTraits): boolean {
  const { prefix, wanted } = split(selector);
  if (prefix === null) return matchesWildcard(wanted, container.name);
  return kindOf(prefix)?.selects(wanted, container) === true;
}

const kindOf = (prefix: string): SelectorKind | undefined =>
  Object.hasOwn(kinds, prefix) ? kinds[prefix] : undefined;

function split(selector: string): { prefix: string | null; wanted: string } {
  const colon = selector.indexOf(':');
  if (colon < 0) return { prefix: null, wanted: selector };
  return { prefix: selector.slice(0, colon), wanted: selector.slice(colon + 1) };
}

function matchesLabel(wanted: string, labels: ContainerTraits['labels'], key: string): boolean {
  return Object.hasOwn(labels, key) && matchesWildcard(wanted, labels[key] ?? '');
}

/** The names under which an image may be asked for: whole, without its digest, without its tag too. */
function imageNames(image: string): string[] {
  if (image === '') return [];
  const whole = shortImage(image);
  return [whole, whole.replace(/@.*$/s, ''), repositoryOf(image)];
}

/** An image's name without tag and digest, and without Docker's own registry before it. */
export function repositoryOf(image: string): string {
  const undigested = shortImage(image).replace(/@.*$/s, '');
  // A colon before the last slash belongs to a registry's port.
  return undigested.replace(/:[^/:]*$/, '');
}

/** `docker.io/library/nginx` and `nginx` are one image (the reference grammar of distribution/reference). */
function shortImage(image: string): string {
  return image.replace(/^(?:index\.)?docker\.io\/(?:library\/)?|^library\//, '');
}

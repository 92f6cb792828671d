import { isAscii } from 'node:buffer';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Groups } from './guarded.ts';
import { type LinearForm, linearForm } from './linear-form.ts';

const load = createRequire(import.meta.url);
/** `./re2-engine.ts`, or `./re2-engine.js` in a build. */
const engineFile = `./re2-engine${path.extname(import.meta.filename)}`;

type Engine = typeof import('./re2-engine.ts');
type Program = ReturnType<Engine['RE2JS']['compile']>;

/**
 * The same expression in RE2's engine, whose time grows with the text's length alone, at some forty times the cost
 * of an ordinary match. Null: it cannot be expressed there.
 */
export function linearExpression(source: string, ignoreCase: boolean): LinearExpression | null {
  const form = linearForm(source, ignoreCase);
  if (form === null) return null;
  // Loaded only where it is needed, since it takes megabytes, and at once, since it is in the middle of a chunk.
  const { RE2JS } = load(engineFile) as Engine;
  try {
    const program = RE2JS.compile(form.pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    return new LinearExpression(program, form, ignoreCase);
  } catch {
    // Counts beyond a thousand, names of Unicode's that it does not know.
    return null;
  }
}

export class LinearExpression {
  readonly #program: Program;
  readonly #form: LinearForm;
  readonly #ignoreCase: boolean;

  constructor(program: Program, form: LinearForm, ignoreCase: boolean) {
    this.#program = program;
    this.#form = form;
    this.#ignoreCase = ignoreCase;
  }

  /**
   * What JavaScript would find, or 'unsure': the first match without the look-arounds does not hold with them, and
   * another may; or letters stand there that the engines fold differently.
   */
  exec(text: string): Groups | null | 'unsure' {
    if (this.#ignoreCase && !isAscii(Buffer.from(text))) return 'unsure';
    const matcher = this.#program.matcher(text);
    if (!matcher.find()) return null;
    for (const { group, regexp } of this.#form.assertions) {
      const at = matcher.start(group);
      if (at < 0) continue;
      regexp.lastIndex = at;
      if (!regexp.test(text)) return 'unsure';
    }
    const groups: (string | undefined)[] = [matcher.group() ?? ''];
    for (const [number, written] of this.#form.groups) groups[number] = matcher.group(written) ?? undefined;
    return groups;
  }
}

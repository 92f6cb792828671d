/** One command of a shell's text: the program's name without its folder, and all of it, quoted parts as `""`. */
export interface SimpleCommand {
  readonly program: string;
  readonly text: string;
}

/** Words that stand before a command, and assignments. */
const before = /^(?:(?:if|then|else|elif|do|while|until|!|time|exec|command)(?:\s+|$)|\w+=\S*\s*)+/;
/** Words that are no command, or begin something that is none. */
const noCommand = /^(?:for|case|fi|done|esac|in)\b/;
/** Nobody writes more within each other. */
const deepest = 20;

/**
 * The commands that a text for the shell runs, as far as they can be told without running it: enough to know what
 * programs somebody's action uses. What stands within quotes is none, but for what the shell runs there, too.
 */
export function simpleCommands(text: string): SimpleCommand[] {
  return new ShellScan(text).commands();
}

class ShellScan {
  readonly #text: string;
  readonly #found: SimpleCommand[] = [];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  commands(): SimpleCommand[] {
    while (this.#at < this.#text.length) this.#list('');
    return this.#found;
  }

  /** Commands up to what closes them, one behind another. */
  #list(closing: string): void {
    this.#depth += 1;
    let command = '';
    while (this.#at < this.#text.length) {
      const character = this.#text.charAt(this.#at);
      if (character === closing || this.#depth > deepest) break;
      const redirects = command.endsWith('>') && (character === '|' || character === '&');
      if (!redirects && /[\n;|&{}()]/.test(character)) {
        this.#end(command);
        command = '';
        this.#at += 1;
        if (character === '(') this.#list(')');
      } else command += this.#piece();
    }
    this.#end(command);
    this.#at += 1;
    this.#depth -= 1;
  }

  /** A character, or what stands for what is quoted or is put in here. */
  #piece(): string {
    const character = this.#text.charAt(this.#at);
    this.#at += 1;
    if (character === "'") this.#skipTo("'");
    else if (character === '"') this.#doubleQuoted();
    else if (character === '\\') this.#at += 1;
    else if (!this.#substitution(character)) return character;
    return '""';
  }

  #doubleQuoted(): void {
    while (this.#at < this.#text.length) {
      const character = this.#text.charAt(this.#at);
      this.#at += 1;
      if (character === '"') return;
      if (character === '\\') this.#at += 1;
      else this.#substitution(character);
    }
  }

  /** Whether the shell puts something in behind this character, which then is read. */
  #substitution(character: string): boolean {
    const next = this.#text.charAt(this.#at);
    if (character === '`') this.#list('`');
    else if (character === '$' && next === '{') this.#skipTo('}');
    else if (character === '$' && this.#text.startsWith('((', this.#at)) this.#skipTo('))');
    else if (character === '$' && next === '(') {
      this.#at += 1;
      this.#list(')');
    } else return false;
    return true;
  }

  #skipTo(mark: string): void {
    const end = this.#text.indexOf(mark, this.#at);
    this.#at = end < 0 ? this.#text.length : end + mark.length;
  }

  #end(text: string): void {
    const command = text.trim().replace(before, '').trim();
    const word = /^\S+/.exec(command)?.[0] ?? '';
    if (word === '' || /^["<>$\d]/.test(word) || noCommand.test(command)) return;
    this.#found.push({ program: word.replace(/^.*\//, ''), text: command });
  }
}

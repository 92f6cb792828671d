import type { ActionFamily } from '../config/fail2ban/action-commands.ts';

interface State {
  started: boolean;
  /** Whether something was banned since it was started or flushed. */
  holdsBans: boolean;
}

/** For which families an action was started, and which of its commands were run that do the same for both. */
export class StartedFamilies {
  readonly #states = new Map<ActionFamily, State>();
  /** By the command's name, then the family: the text that was run. */
  readonly #run = new Map<string, Map<ActionFamily, string>>();

  isStarted(family: ActionFamily): boolean {
    return this.#states.get(family)?.started === true;
  }

  holdsBans(family: ActionFamily): boolean {
    return this.#states.get(family)?.holdsBans === true;
  }

  get started(): ActionFamily[] {
    return [...this.#states].filter(([, { started }]) => started).map(([family]) => family);
  }

  get withBans(): ActionFamily[] {
    return this.started.filter((family) => this.holdsBans(family));
  }

  setStarted(family: ActionFamily, started: boolean): void {
    this.#states.set(family, { started, holdsBans: false });
  }

  banned(family: ActionFamily): void {
    this.#states.set(family, { started: true, holdsBans: true });
  }

  flushed(family: ActionFamily): void {
    const state = this.#states.get(family);
    if (state !== undefined) state.holdsBans = false;
  }

  /** Whether this very text has been run for another family, and has done that of this one with it. */
  wasRunForAnother(command: string, family: ActionFamily, text: string): boolean {
    return [...(this.#run.get(command) ?? [])].some(([other, ran]) => other !== family && ran === text);
  }

  ran(command: string, family: ActionFamily, text: string): void {
    const texts = this.#run.get(command) ?? new Map<ActionFamily, string>();
    this.#run.set(command, texts.set(family, text));
  }

  /** It has to be run again, for whichever family: what it did was undone. */
  forgetRuns(command: string): void {
    this.#run.delete(command);
  }
}

import { ActionCommands, type ActionFamily } from '../config/fail2ban/action-commands.ts';
import type { Fail2banAction } from '../config/fail2ban/types.ts';
import { type Clock, systemClock } from '../core/types.ts';
import { banTags, familyTag, noBanTags, type TagSources } from './ban-tags.ts';
import { KeptBans } from './kept-bans.ts';
import type { BanEvent, Reaction } from './notifier.ts';
import type { Outcome } from './program.ts';
import type { Shell } from './shell.ts';
import { type Lookup, shellCommand } from './shell-command.ts';
import { StartedFamilies } from './started-families.ts';

export interface CommandActionOptions extends TagSources {
  readonly jail: string;
  readonly shell: Shell;
  readonly clock?: Clock;
}

/** Commands that are run for no ban. */
type Operation = 'actionstart' | 'actionstop' | 'actionflush' | 'actioncheck' | 'actionrepair';
type BanCommand = 'actionban' | 'actionreban' | 'actionprolong' | 'actionunban';

/** A ban that has stood for less (s) may have been seen again only since lines were read late; fail2ban's number. */
const settled = 3;

/**
 * Runs the commands of an action of fail2ban's as fail2ban does (jail.conf(5), and its server/action.py for what that does not
 * say): the start with the jail or at the first ban of a family; where a ban's command fails the check, where that
 * fails the repair or a stop and a start, and then the command once more; at the stop the flush or each unban, then
 * the stop's own. What goes wrong is thrown.
 */
export class CommandAction implements Reaction {
  readonly #action: Fail2banAction;
  readonly #commands: ActionCommands;
  readonly #options: CommandActionOptions;
  readonly #clock: Clock;
  readonly #families = new StartedFamilies();
  readonly #bans = new KeptBans();

  constructor(action: Fail2banAction, options: CommandActionOptions) {
    this.#action = action;
    this.#commands = new ActionCommands(action);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async start(signal: AbortSignal): Promise<void> {
    if (!this.#options.shell.allowed) throw new Error(this.#leftOut());
    if (!this.#commands.startsOnDemand) await this.#start(this.#commands.families, signal);
  }

  async ban(event: BanEvent, signal: AbortSignal): Promise<void> {
    if (event.restored && this.#commands.flag('norestored')) return;
    await this.#ban('actionban', event, signal);
  }

  async prolong(event: BanEvent, signal: AbortSignal): Promise<void> {
    if (event.restored && this.#commands.flag('norestored')) return;
    await this.#runForBan('actionprolong', this.#bans.sameAs(event), signal);
  }

  async unban(given: BanEvent, signal: AbortSignal): Promise<void> {
    const event = this.#bans.sameAs(given);
    this.#bans.forget(given);
    const family = familyTag(event.host);
    if (this.#families.holdsBans(family)) await this.#runForBan('actionunban', event, signal);
  }

  /** Checks what is started, repairs it, and bans again what was banned before a repair. */
  async recheck(given: BanEvent, signal: AbortSignal): Promise<void> {
    const event = this.#bans.sameAs(given);
    if (!this.#commands.text('actioncheck', familyTag(event.host))) return;
    if (this.#clock.now() - event.since > settled && this.#bans.isSound(event)) await this.#checkAll(signal);
    if (this.#bans.isSound(event)) return;
    const family = familyTag(event.host);
    const command = this.#commands.text('actionreban', family) === '' ? 'actionban' : 'actionreban';
    await this.#ban(command, event, signal);
  }

  async stop(signal: AbortSignal): Promise<void> {
    if (!this.#options.shell.allowed) return;
    const thrown: unknown[] = [];
    const attempt = (action: Promise<void>) => action.catch((error: unknown) => thrown.push(error));
    await attempt(this.#takeBack(signal));
    await attempt(this.#operate('actionstop', this.#families.started, signal));
    if (thrown.length > 0) throw thrown[0];
  }

  async #ban(command: BanCommand, event: BanEvent, signal: AbortSignal): Promise<void> {
    if (!this.#options.shell.allowed) return;
    const family = familyTag(event.host);
    if (this.#commands.startsOnDemand && !this.#families.isStarted(family))
      await this.#start([family], signal);
    if (
      this.#commands.text('actionunban', family) !== '' ||
      this.#commands.text('actioncheck', family) !== ''
    )
      this.#bans.keep(event);
    await this.#runForBan(command, event, signal);
    this.#families.banned(family);
  }

  /** Runs a command, and where it fails once more after a repair. */
  async #runForBan(command: BanCommand, event: BanEvent, signal: AbortSignal): Promise<void> {
    const family = familyTag(event.host);
    const text = this.#commands.text(command, family);
    if (text === '' || !this.#options.shell.allowed) return;
    const tags = banTags(event, this.#options);
    const first = await this.#run(text, tags, signal);
    if (first.ok) return;
    if (signal.aborted) throw failed(command, first);
    if (this.#commands.text('actioncheck', family) !== '') {
      const mayRepair = command !== 'actionunban' || this.#commands.flag('actionrepair_on_unban');
      await this.#check(family, mayRepair, signal);
    }
    const second = await this.#run(text, tags, signal);
    if (!second.ok) throw failed(command, second);
  }

  async #checkAll(signal: AbortSignal): Promise<void> {
    for (const family of this.#families.started) {
      try {
        await this.#check(family, true, signal);
      } catch (error) {
        this.#families.setStarted(family, false);
        this.#families.forgetRuns('actionstart');
        throw error;
      }
    }
  }

  /** Throws where the check fails and nothing repairs it. */
  async #check(family: ActionFamily, mayRepair: boolean, signal: AbortSignal): Promise<void> {
    const first = await this.#operation('actioncheck', family, signal);
    if (first.ok) return;
    if (!mayRepair) throw failed('actioncheck', first);
    this.#bans.doubt();
    await this.#repair(family, signal);
    const second = await this.#operation('actioncheck', family, signal);
    if (!second.ok) throw failed('actioncheck after the repair', second);
  }

  async #repair(family: ActionFamily, signal: AbortSignal): Promise<void> {
    if (this.#commands.text('actionrepair', family) !== '') {
      const outcome = await this.#operation('actionrepair', family, signal);
      this.#families.setStarted(family, outcome.ok);
      if (!outcome.ok) throw failed('actionrepair', outcome);
      return;
    }
    // A stop that fails is no harm where the start does well.
    await this.#operate('actionstop', [family], signal).catch(() => undefined);
    await this.#start([family], signal);
  }

  /** Takes back all bans: by the flush where there is one. */
  async #takeBack(signal: AbortSignal): Promise<void> {
    const families = this.#families.withBans;
    const flushes = families.some((family) => this.#commands.text('actionflush', family) !== '');
    if (flushes) {
      await this.#operate('actionflush', families, signal);
      for (const family of families) this.#families.flushed(family);
      return;
    }
    let failures = 0;
    let left = 0;
    for (const event of this.#bans.all()) {
      if (signal.aborted) left += 1;
      else await this.unban(event, signal).catch(() => (failures += 1));
    }
    if (failures + left > 0) throw new Error(`${failures} unbans failed, for ${left} there was no time`);
  }

  async #start(families: readonly ActionFamily[], signal: AbortSignal): Promise<void> {
    await this.#operate('actionstart', families, signal, (family) => {
      this.#families.forgetRuns('actionstop');
      this.#families.setStarted(family, true);
    });
  }

  /** Runs a command for families, once where it is the same for both. Throws after the last where one failed. */
  async #operate(
    command: Operation,
    families: readonly ActionFamily[],
    signal: AbortSignal,
    done: (family: ActionFamily) => void = () => undefined,
  ): Promise<void> {
    let failure: Error | null = null;
    for (const family of families) {
      const text = this.#commands.text(command, family).replaceAll('<family>', family);
      if (command === 'actionstop') {
        this.#families.setStarted(family, false);
        // fail2ban forgets it for this family alone, and then does not start what it has stopped.
        this.#families.forgetRuns('actionstart');
      }
      const again = text !== '' && this.#families.wasRunForAnother(command, family, text);
      const outcome = again || text === '' ? well : await this.#operation(command, family, signal);
      if (!outcome.ok) {
        failure = failed(command, outcome);
        continue;
      }
      this.#families.ran(command, family, text);
      done(family);
    }
    if (failure !== null) throw failure;
  }

  async #operation(command: Operation, family: ActionFamily, signal: AbortSignal): Promise<Outcome> {
    const tags = noBanTags(this.#options.jail, family, this.#clock.now(), this.#options);
    return this.#run(this.#commands.text(command, family), tags, signal);
  }

  async #run(text: string, tags: Lookup, signal: AbortSignal): Promise<Outcome> {
    if (text === '') return well;
    const command = await shellCommand(text, tags);
    return this.#options.shell.run(command, { timeoutMs: this.#commands.timeout * 1000, signal });
  }

  #leftOut(): string {
    const names = [...this.#action.commands]
      .filter(([, { text }]) => text.trim() !== '')
      .map(([name]) => name);
    return `${names.join(', ') || 'its commands'} are not run, as commands of actions are not allowed`;
  }
}

const well: Outcome = { ok: true, exitCode: 0, complaint: '' };

function failed(command: string, { complaint }: Outcome): Error {
  return new Error(`${command} failed: ${complaint}`);
}

import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** How the first picture of a screen ends (ctlseqs, "Erase in Display"): keys are read by then. */
const drawn = '\u001b[J';
const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export interface CommandResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** The commands of the socket at BAILIFF_SOCKET, each a process of its own. */
export class Commands {
  readonly environment: Readonly<Record<string, string>>;

  constructor(environment: Readonly<Record<string, string>>) {
    this.environment = { BAILIFF_FILTER_DIRECTORY: '/nonexistent/filters', ...environment };
  }

  /** In a pipe. Never rejects. */
  async run(args: readonly string[], input = ''): Promise<CommandResult> {
    const { exitCode, stdout, stderr } = await execa(process.execPath, [cli, ...args], {
      env: this.environment,
      input,
      reject: false,
    });
    return { exitCode, stdout, stderr };
  }

  /** What it printed as JSON. */
  async json(...args: string[]): Promise<unknown> {
    return JSON.parse((await this.run([...args, '--json'])).stdout);
  }

  /**
   * On a terminal of so many columns (by script(1)), where a person types `keys` once a screen is drawn. Standard error is
   * the terminal, too.
   */
  async onTerminal(
    args: readonly string[],
    { columns = 100, keys = '', environment = {} }: TerminalOptions = {},
  ): Promise<CommandResult> {
    // Arguments of tests hold nothing that a shell would act upon, but quotes do no harm.
    const words = [process.execPath, cli, ...args].map((word) => `'${word}'`).join(' ');
    const child = execa('script', ['-qec', `stty cols ${columns} rows 30; ${words}`, '/dev/null'], {
      env: { ...this.environment, TERM: 'xterm', NO_COLOR: '', ...environment },
      reject: false,
    });
    if (keys !== '') {
      await untilWritten(child.stdout, drawn);
      child.stdin?.write(keys);
    }
    const { exitCode, stdout, stderr } = await child;
    return { exitCode, stdout: stdout.replaceAll('\r\n', '\n'), stderr };
  }
}

async function untilWritten(stream: Readable, wanted: string): Promise<void> {
  let written = '';
  await new Promise<void>((resolve) => {
    stream.on('data', (bytes: Buffer) => {
      written += bytes.toString();
      if (written.includes(wanted)) resolve();
    });
    stream.once('end', resolve);
  });
}

interface TerminalOptions {
  readonly columns?: number;
  readonly keys?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

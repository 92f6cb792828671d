import type { IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { BailiffError, type ErrorCode, errorCodes } from '../core/errors.ts';
import type { AllowedAddress, Ban } from '../core/types.ts';
import { eventStream } from './event-stream.ts';
import { request } from './http.ts';
import type {
  AllowAnswer,
  AllowCommand,
  BanAnswer,
  BanCommand,
  DaemonEvent,
  DisallowAnswer,
  ErrorAnswer,
  HistoryAnswer,
  HistoryQuery,
  ImportAnswer,
  ImportCommand,
  ListedJail,
  NeverBanned,
  NotifyTestAnswer,
  NotifyTestCommand,
  ReloadAnswer,
  Status,
  TeardownAnswer,
  UnbanAnswer,
  UnbanCommand,
  WhyAnswer,
} from './protocol.ts';

/** A daemon that does not answer in this time (ms) is taken as dead. */
const patienceMs = 30_000;

const notRunning =
  'Start it with `docker compose up -d` or `bailiff run`, as root. In compose, ask it inside its container: `docker compose exec bailiff bailiff status`. Another socket is named in BAILIFF_SOCKET.';

/** By what the system said of the socket: what is so, and what to do. */
const reasons: Readonly<Record<string, readonly [message: string, remedy: string]>> = {
  ENOENT: ['the daemon does not answer: there is no such socket (ENOENT)', notRunning],
  ECONNREFUSED: [
    'the daemon does not answer: it has ended and left its socket behind (ECONNREFUSED)',
    notRunning,
  ],
  EACCES: [
    'the daemon does not answer: only root may open its socket (EACCES)',
    'Run the command as root (`sudo bailiff …`), or in compose inside the container: `docker compose exec bailiff bailiff status`.',
  ],
};

/** The daemon, as the commands see it. Every method throws the daemon's own BailiffError, or daemon-unreachable. */
export class ControlClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  status(): Promise<Status> {
    return this.#ask('GET', '/status') as Promise<Status>;
  }

  bans(): Promise<readonly Ban[]> {
    return this.#ask('GET', '/bans') as Promise<readonly Ban[]>;
  }

  ban(command: BanCommand): Promise<BanAnswer> {
    return this.#ask('POST', '/bans', command) as Promise<BanAnswer>;
  }

  unban(command: UnbanCommand): Promise<UnbanAnswer> {
    return this.#ask('DELETE', '/bans', command) as Promise<UnbanAnswer>;
  }

  importBans(command: ImportCommand): Promise<ImportAnswer> {
    return this.#ask('POST', '/bans/import', command) as Promise<ImportAnswer>;
  }

  allowed(): Promise<readonly AllowedAddress[]> {
    return this.#ask('GET', '/allowed') as Promise<readonly AllowedAddress[]>;
  }

  neverBanned(): Promise<readonly NeverBanned[]> {
    return this.#ask('GET', '/never-banned') as Promise<readonly NeverBanned[]>;
  }

  allow(command: AllowCommand): Promise<AllowAnswer> {
    return this.#ask('POST', '/allowed', command) as Promise<AllowAnswer>;
  }

  disallow(address: string): Promise<DisallowAnswer> {
    return this.#ask('DELETE', '/allowed', { address }) as Promise<DisallowAnswer>;
  }

  teardown(): Promise<TeardownAnswer> {
    return this.#ask('POST', '/teardown') as Promise<TeardownAnswer>;
  }

  jails(): Promise<readonly ListedJail[]> {
    return this.#ask('GET', '/jails') as Promise<readonly ListedJail[]>;
  }

  notifyTest(command: NotifyTestCommand): Promise<NotifyTestAnswer> {
    return this.#ask('POST', '/notify/test', command) as Promise<NotifyTestAnswer>;
  }

  reload(): Promise<ReloadAnswer> {
    return this.#ask('POST', '/reload') as Promise<ReloadAnswer>;
  }

  why(address: string): Promise<WhyAnswer> {
    return this.#ask('GET', `/why?${new URLSearchParams({ address })}`) as Promise<WhyAnswer>;
  }

  history(query: HistoryQuery): Promise<HistoryAnswer> {
    const parameters = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
    return this.#ask('GET', `/history?${new URLSearchParams(parameters)}`) as Promise<HistoryAnswer>;
  }

  recentEvents(): Promise<readonly DaemonEvent[]> {
    return this.#ask('GET', '/events') as Promise<readonly DaemonEvent[]>;
  }

  /** What happens from now on, until whoever asks stops. @throws BailiffError daemon-unreachable once the daemon ends */
  async *events(): AsyncGenerator<DaemonEvent, void> {
    const response = await this.#stream();
    let rest = '';
    try {
      for await (const chunk of response.setEncoding('utf8')) {
        const lines = `${rest}${chunk}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) yield JSON.parse(line) as DaemonEvent;
      }
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #stream(): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: this.#socketPath, path: eventStream }, (response) => {
        if (response.statusCode === 200) return resolve(response);
        textOf(response)
          .then((received) => answerOf(false, received))
          .then(() => undefined, reject);
      });
      asked.on('error', (error) => reject(this.#unreachable(error)));
      asked.end();
    });
  }

  #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      // Node sends no length of its own with DELETE, and the body would be taken for a next request.
      const headers = { 'content-length': Buffer.byteLength(text), 'content-type': 'application/json' };
      const options = { socketPath: this.#socketPath, method, path, headers, timeout: patienceMs };
      const asked = request(options, (response) => {
        textOf(response).then(
          (received) => answerOf(response.statusCode === 200, received).then(resolve, reject),
          (error) => reject(this.#unreachable(error)),
        );
      });
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${patienceMs / 1000} s`)));
      asked.on('error', (error) => reject(this.#unreachable(error)));
      asked.end(text);
    });
  }

  #unreachable(cause: unknown): BailiffError {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const [message = `the daemon does not answer (${code})`, remedy = notRunning] = reasons[code] ?? [];
    return new BailiffError('daemon-unreachable', message, { where: this.#socketPath, remedy, cause });
  }
}

async function answerOf(done: boolean, text: string): Promise<unknown> {
  const answer: unknown = JSON.parse(text);
  if (done) return answer;
  throw told(answer as ErrorAnswer);
}

function told({ error }: ErrorAnswer): BailiffError {
  const code: ErrorCode = error.code in errorCodes ? (error.code as ErrorCode) : 'internal';
  return new BailiffError(code, error.message, {
    ...(error.where === undefined ? {} : { where: error.where }),
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  });
}

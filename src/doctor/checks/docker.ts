import { type Check, type Diagnosis, ok, problem, warning } from '../check.ts';
import type { Engine, Settings } from '../machine.ts';

/** Whether Docker answers, which one it is, and what of its ways hides clients. */
export const docker: Check = {
  name: 'docker',
  title: 'Docker',
  async examine(machine) {
    if (machine.settings === null) return { notMade: 'the configuration is not valid' };
    const engine = await machine.docker();
    if (engine === null) return [none(machine.settings, machine.container)];
    if (engine instanceof Error) {
      const { message, where, remedy } = engine;
      return [problem(`${where ?? 'Docker'} does not answer: ${message}`, ...(remedy ? [remedy] : []))];
    }
    return [ok(describe(engine)), ...limitsOf(engine)];
  },
};

function none({ docker: wanted, dockerSocket: socket }: Settings, container: boolean): Diagnosis {
  if (!wanted) return ok('not asked (docker: off)');
  if (!container) return ok(`no engine at ${socket}`);
  return warning(
    `no engine at ${socket} in this container, so that no container is watched`,
    'In compose.yaml, for bailiff, volumes: - /run:/run (or the socket itself)',
    'docker: off in bailiff.yaml (BAILIFF_DOCKER=off), where there is none',
  );
}

function describe({ info: { version, firewallDriver }, published }: Engine): string {
  const filter = firewallDriver === null ? '' : `, filters with ${firewallDriver}`;
  return `${version || 'an unknown version'}${filter}, ${published.length} containers with published ports`;
}

function limitsOf({ info: { rootless, swarm, version } }: Engine): Diagnosis[] {
  const found: Diagnosis[] = [];
  if (rootless) {
    found.push(
      warning(
        'the engine runs rootless: containers see the address of its proxy instead of the client',
        'In ~/.config/systemd/user/docker.service.d/override.conf: [Service] Environment=DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER=slirp4netns',
      ),
    );
  }
  if (swarm) {
    found.push(
      warning(
        'Swarm publishes ports by its ingress network, whose services see a gateway instead of the client',
        'In the stack file, for each port: mode: host (with published and target), so that it goes round ingress',
      ),
    );
  }
  if (isOld(version)) {
    found.push(
      warning(`Docker ${version} is older than what Bailiff is tried with`, 'Upgrade to 20.10 or later'),
    );
  }
  return found;
}

function isOld(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return major !== undefined && (Number(major) < 20 || (Number(major) === 20 && Number(minor) < 10));
}

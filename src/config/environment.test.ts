import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEnvironment } from './environment.ts';

const filters = ['sshd', 'nginx-http-auth'];

function read(environment: NodeJS.ProcessEnv, jails: readonly string[] = []) {
  const { layer, named, errors, variables } = readEnvironment(environment, jails, filters);
  return { values: layer.values, named, variables, errors: errors.map((error) => error.describe()) };
}

test('variables of others are not read', () => {
  const { values, variables, errors } = read({
    PATH: '/bin',
    bailiff_bantime: '1',
    BAILIFF_NODE_CACHE: '/c',
  });
  assert.deepEqual([values, variables, errors], [{}, [], []]);
});

test('capitals stand for the jail of that name, then for the filter', () => {
  const environment = { BAILIFF_JAIL_NGINX_HTTP_AUTH_MAXRETRY: '3' };
  assert.deepEqual(Object.keys(read(environment).values.jails ?? {}), ['nginx-http-auth']);
  assert.deepEqual(Object.keys(read(environment, ['nginx_http.auth']).values.jails ?? {}), [
    'nginx_http.auth',
  ]);
  const named = read({ ...environment, BAILIFF_JAILS: 'Nginx-Http-Auth' });
  assert.deepEqual(named.named, ['Nginx-Http-Auth']);
  assert.deepEqual(Object.keys(named.values.jails ?? {}), ['Nginx-Http-Auth']);
});

test('capitals that stand for two jails are refused', () => {
  const { errors } = read({ BAILIFF_JAIL_WEB_1_MAXRETRY: '3' }, ['web-1', 'web.1']);
  assert.match(errors.join(), /^BAILIFF_JAIL_WEB_1_MAXRETRY: stands for more than one jail: web-1, web\.1/);
});

test('lists take spaces and commas', () => {
  const { values } = read({ BAILIFF_IGNOREIP: ' 192.0.2.1,198.51.100.0/24\t2001:db8::1 ' });
  assert.deepEqual(values.defaults?.ignoreip, ['192.0.2.1', '198.51.100.0/24', '2001:db8::1']);
});

test('an unknown variable is an error with a suggestion', () => {
  assert.deepEqual(read({ BAILIFF_BAN_TIME: '1h', BAILIFF_JAIL_SSHD_MAX_RETRY: '3' }).errors, [
    'BAILIFF_BAN_TIME: no option has this variable [config-unknown-key]\n  Did you mean BAILIFF_BANTIME?',
    'BAILIFF_JAIL_SSHD_MAX_RETRY: no option has this variable [config-unknown-key]\n  Did you mean BAILIFF_JAIL_SSHD_MAXRETRY?',
  ]);
});

test('a jail that nothing knows is an error with a suggestion', () => {
  assert.deepEqual(read({ BAILIFF_JAIL_SSDH_MAXRETRY: '3' }).errors, [
    'BAILIFF_JAIL_SSDH_MAXRETRY: no jail and no filter is called "SSDH" [config-unknown-jail]\n' +
      '  Name the jail in BAILIFF_JAILS, or give it BAILIFF_JAIL_SSDH_FILTER. Did you mean BAILIFF_JAIL_SSHD_…?',
  ]);
});

test("Kubernetes' service variables are passed over, a slip that looks like one is not", () => {
  const links = {
    BAILIFF_SERVICE_HOST: '10.96.0.9',
    BAILIFF_SERVICE_PORT: '9798',
    BAILIFF_SERVICE_PORT_METRICS: '9798',
    BAILIFF_PORT: 'tcp://10.96.0.9:9798',
    BAILIFF_PORT_9798_TCP: 'tcp://10.96.0.9:9798',
    BAILIFF_PORT_9798_TCP_ADDR: '10.96.0.9',
    BAILIFF_METRICS_SERVICE_HOST: '10.96.0.9',
  };
  assert.deepEqual(read(links).errors, []);
  assert.equal(read({ BAILIFF_LISTEN_PORT: '9798' }).errors.length, 1);
});

test('an empty variable counts as not set', () => {
  const { values, named, variables } = read({
    BAILIFF_JAILS: ' ',
    BAILIFF_BANTIME: '',
    BAILIFF_JAIL_X_MAXRETRY: '',
  });
  assert.deepEqual([values, named, variables], [{}, null, []]);
});

test('a bad name in BAILIFF_JAILS is refused, the others stand', () => {
  const { named, errors } = read({ BAILIFF_JAILS: 'sshd,../x' });
  assert.deepEqual(named, ['sshd']);
  assert.deepEqual(errors, ['BAILIFF_JAILS: "../x" cannot name a jail [config-invalid]']);
});

/** An API server in the namespace it is started in. Arguments: a file for how it is reached, and objects as JSON. */
import { renameSync, writeFileSync } from 'node:fs';
import { FakeKubernetes, type FakeObject } from '../../setup/kubernetes-api.ts';

const [, , file = '', objects = ''] = process.argv;
const server = await FakeKubernetes.start();
const { nodes, pods } = JSON.parse(objects) as Record<'nodes' | 'pods', FakeObject[]>;
for (const node of nodes) server.put('nodes', node);
for (const pod of pods) server.put('pods', pod);
writeFileSync(`${file}.new`, JSON.stringify(server.access));
renameSync(`${file}.new`, file);
// With its folders.
process.once('SIGTERM', () => process.exit());

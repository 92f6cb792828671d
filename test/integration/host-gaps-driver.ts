/** Prints what of the network namespace it is started in goes past netfilter, as JSON. */
import { hostGaps } from '../../src/app/host-gaps.ts';

process.stdout.write(JSON.stringify(await hostGaps()));

/**
 * Entry of the scanner's worker thread. The compile cache must be on before anything else is loaded: it
 * halves the memory of a thread that runs TypeScript as it is.
 */
import { enableCompileCache } from 'node:module';

enableCompileCache();
await import('./worker-loop.ts');

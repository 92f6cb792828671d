import { runTestFolder } from '../setup/test-folder.ts';

runTestFolder('enforce');

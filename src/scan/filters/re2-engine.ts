/** RE2's engine alone: a file of its own, also in a build, so that it is loaded only where it is needed. */
export { RE2JS } from 're2js';

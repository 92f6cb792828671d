// Commands print what they got from a log, a label or a client through these.
export { jsonText, printable } from '../core/printable.ts';

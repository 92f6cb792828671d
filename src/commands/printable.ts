export { jsonText, printable } from '../core/printable.ts';

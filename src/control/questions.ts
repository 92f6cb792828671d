import * as z from 'zod';
import { BailiffError } from '../core/errors.ts';
import type { Control } from './protocol.ts';

const whyQuery = z.strictObject({ address: z.string().max(100) });
const historyQuery = z.strictObject({
  since: z.coerce.number().optional(),
  jail: z.string().max(64).optional(),
  before: z.coerce.number().int().optional(),
});

/** Answers a question with parameters, `/why?address=203.0.113.7`. @throws BailiffError request-invalid for what is none */
export function answerQuestion(control: Control, method: string, target: string): unknown {
  const url = new URL(target, 'http://bailiff');
  const query = Object.fromEntries(url.searchParams);
  switch (`${method} ${url.pathname}`) {
    case 'GET /why':
      return control.why(checked(whyQuery, query).address);
    case 'GET /history': {
      const { since, jail, before } = checked(historyQuery, query);
      return control.history({
        ...(since === undefined ? {} : { since }),
        ...(jail === undefined ? {} : { jail }),
        ...(before === undefined ? {} : { before }),
      });
    }
    case 'GET /events':
      return control.recentEvents();
    default:
      throw new BailiffError('request-invalid', `unknown request ${method} ${target}`);
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BailiffError('request-invalid', result.error.issues.map((issue) => issue.message).join('; '));
}

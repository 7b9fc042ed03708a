import type { Answer, Sent } from '../support/session.ts';

/** Business refusals are expected; anything else is a bug. */
export function outcome({ status, location }: Answer): 'acknowledged' | 'refused' | 'unexpected' {
  if (status === 200 || (status === 303 && location.startsWith('/products'))) return 'acknowledged';
  return [404, 409, 410, 422].includes(status) ? 'refused' : 'unexpected';
}

export const describe = ({ method, path, json, form }: Sent) =>
  `${method} ${path} ${JSON.stringify(json ?? form)}`;
export const brief = ({ status, location, text }: Answer) =>
  `${status} ${location || (/<title>([^<]*)/.exec(text)?.[1] ?? text.slice(0, 200))}`;

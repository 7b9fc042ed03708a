import type { Request, RequestHandler } from 'express';
import { Messenger } from './messenger.ts';

/** What each simulated gateway has. */
export interface Simulated {
  messenger: Messenger;
  /** Where our own pages are, without a slash at the end. */
  base: () => string;
  /** Where the shop takes messages. */
  webhookUrl: (provider: string) => string;
}

/** A gateway that hangs keeps the connection and says nothing. */
export function answering({ messenger }: Simulated): RequestHandler {
  return (_req, _res, next) => {
    if (!messenger.behaviour.hangs) next();
  };
}

export function bearerOf(req: Request): string {
  return /^Bearer (.+)$/.exec(req.get('authorization') ?? '')?.[1] ?? '';
}

export function formattedAmount(minor: number, decimals: number, currency: string): string {
  return `${(minor / 10 ** decimals).toFixed(decimals)} ${currency.toUpperCase()}`;
}

/** With more in its query. */
export function withQuery(url: string, more: Record<string, string>): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(more)) target.searchParams.set(name, value);
  return target.href;
}

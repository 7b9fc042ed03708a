import { AsyncLocalStorage } from 'node:async_hooks';

/** What is known of the request that is being answered, wherever in its course. */
export interface RequestContext {
  /** NGINX's, or one of our own: in the response, every line of the log and every SQL statement. */
  id: string;
  /** Where it comes from, as the proxies in front report it. */
  address: string;
  /** The names of the database servers that took part in the answer. */
  servers: Set<string>;
}

/** The request that the running code works for; nothing in what runs by itself. */
export const requestContext = new AsyncLocalStorage<RequestContext>();

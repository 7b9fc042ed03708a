import { AsyncLocalStorage } from 'node:async_hooks';

export interface RequestContext {
  /** From NGINX or generated; also in the response, log lines and SQL comments. */
  id: string;
  address: string;
  servers: Set<string>;
}

/** Empty in background work. */
export const requestContext = new AsyncLocalStorage<RequestContext>();

import { setTimeout as sleep } from 'node:timers/promises';

/** What a simulated gateway can be told to do. */
export interface Behaviour {
  /** Its API takes requests and never answers. */
  hangs: boolean;
  /** It refuses every payment. */
  refuses: boolean;
  /** Before each message. */
  delayMs: number;
  /** Messages get lost. */
  drops: boolean;
  /** How often each message is sent besides. */
  repeats: number;
  /** Messages wait for `flush`, which sends the last one first. */
  reorders: boolean;
}

export const ORDINARY: Behaviour = {
  ...{ hangs: false, refuses: false, delayMs: 0, drops: false, repeats: 0, reorders: false },
};

export interface Message {
  url: string;
  headers: Record<string, string>;
  body: string;
}

const TRIES = 5;
const TIME_LIMIT_MS = 20_000;

/** Sends webhooks as gateways do: again while the answer is not 2xx. */
export class Messenger {
  behaviour: Behaviour = { ...ORDINARY };
  /** For tests, which send them again or change them. */
  readonly sent: Message[] = [];
  readonly statuses: number[] = [];
  #held: Message[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  send(message: Message): void {
    this.sent.push(message);
    const { drops, reorders } = this.behaviour;
    if (drops) return;
    if (reorders) this.#held.push(message);
    else this.#begin(message);
  }

  /** The last one first. */
  flush(): void {
    for (const message of this.#held.toReversed()) this.#begin(message);
    this.#held = [];
  }

  /** Once all messages have been taken, or tried often enough. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  stop(): void {
    this.#stopping.abort();
  }

  #begin(message: Message): void {
    const { delayMs, repeats } = this.behaviour;
    const deliveries = Array.from({ length: 1 + repeats }, () => this.#deliver(message, delayMs));
    const all = Promise.all(deliveries)
      .then(() => undefined)
      .catch(() => undefined)
      .finally(() => this.#running.delete(all));
    this.#running.add(all);
  }

  async #deliver(message: Message, delayMs: number): Promise<void> {
    const { signal } = this.#stopping;
    await sleep(delayMs, undefined, { signal });
    for (let tries = 0; tries < TRIES; tries++) {
      const status = await post(message, signal);
      this.statuses.push(status);
      if (status >= 200 && status < 300) return;
      await sleep(500 * 2 ** tries, undefined, { signal });
    }
  }
}

/** @returns 0 without an answer */
async function post({ url, headers, body }: Message, signal: AbortSignal): Promise<number> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]);
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: limit });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}

import { rateOf, type Visitor } from './rate.ts';
import { median, TimedClient } from './timing.ts';

/** Times one request at a time, and the rate with all visitors at once. */
export class MeasuredRoute {
  readonly times: number[] = [];
  readonly timesUnderLoad: number[] = [];
  readonly #rates: number[] = [];
  readonly #url: string;
  readonly #visitors: Visitor[];
  readonly #client: TimedClient;

  constructor(url: string, visitors: Visitor[]) {
    this.#url = url;
    this.#visitors = visitors;
    this.#client = new TimedClient(url);
  }

  /** Takes turns between visitors, each going through their pages. */
  async requestOnce(): Promise<void> {
    const turn = this.times.length;
    const { headers, paths } = this.#visitors[turn % this.#visitors.length]!;
    const path = paths[Math.floor(turn / this.#visitors.length) % paths.length]!;
    const { status, ms } = await this.#client.send(path, { headers });
    if (status !== 200) throw new Error(`${path}: ${status}`);
    this.times.push(ms);
  }

  async loadFor(seconds: number): Promise<void> {
    const { rate, times } = await rateOf(this.#url, this.#visitors, seconds);
    this.#rates.push(rate);
    for (const ms of times) this.timesUnderLoad.push(ms);
  }

  get rate(): number {
    return median(this.#rates);
  }

  get rounds(): string {
    return `rounds ${this.#rates.map(Math.round).join()}`;
  }

  close(): void {
    this.#client.close();
  }
}

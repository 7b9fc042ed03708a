import { Person } from './person.ts';

const PRODUCTS = 1000;

/** Somebody who counts, and somebody who searches, one request after the other. */
export class WorkingPeople {
  /** Of all requests, in milliseconds. */
  readonly times: number[] = [];
  readonly failures: string[] = [];
  /** Sum of the changes that were acknowledged. */
  counted = 0;
  readonly #person: Person;
  readonly #work: Promise<unknown>;
  #isStopped = false;

  private constructor(person: Person) {
    this.#person = person;
    this.#work = this.#repeat();
  }

  static async begin(url: string): Promise<WorkingPeople> {
    return new WorkingPeople(await Person.signIn(url));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#work;
    this.#person.close();
  }

  async #repeat(): Promise<void> {
    for (let i = 0; !this.#isStopped; i++) {
      const id = 1 + (i % PRODUCTS);
      try {
        this.times.push((await this.#person.patch(`/api/products/${id}/quantity`, { delta: 1 })).ms);
        this.counted++;
        this.times.push((await this.#person.get(`/api/products?search=${id}`)).ms);
      } catch (error) {
        this.failures.push((error as Error).message);
      }
    }
  }
}

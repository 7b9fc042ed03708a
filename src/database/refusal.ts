type RefusalType = new (details: never) => Refusal;

const types = new Map<string, RefusalType>();

/**
 * A business rule says no. Nothing is changed, and the same request asked again is refused in the same
 * way: so what goes with it must survive as JSON. Subclasses register themselves.
 */
export abstract class Refusal<Details extends object = object> extends Error {
  readonly details: Details;

  constructor(details: Details) {
    super(new.target.name);
    this.name = new.target.name;
    this.details = details;
  }

  static register(this: RefusalType): void {
    types.set(this.name, this);
  }
}

/** What remains of a refusal between two requests. */
export interface StoredRefusal {
  refusal: string;
  details: object;
}

export function storeRefusal({ name, details }: Refusal): StoredRefusal {
  return { refusal: name, details };
}

/** @throws when this version of the program has no such refusal */
export function restoreRefusal({ refusal, details }: StoredRefusal): Refusal {
  const type = types.get(refusal);
  if (!type) throw new Error(`Unknown refusal ${refusal}`);
  return new type(details as never);
}

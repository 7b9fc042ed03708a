import { DomainError } from '../errors/domain-error.ts';

/** Changed in another tab, or ordered: the customer looks at it again. */
export class CartChangedError extends DomainError {
  constructor() {
    super({ code: 'cart_changed', status: 409, textKey: 'orders.errors.cartChanged' });
  }
}

export class CartFullError extends DomainError {
  constructor(maximum: number) {
    const textKey = 'orders.errors.cartFull';
    super({ code: 'cart_full', status: 422, textKey, values: { maximum }, field: 'quantity' });
  }
}

export class TooManyUnitsError extends DomainError {
  constructor(maximum: number) {
    const values = { maximum };
    super({
      ...{ code: 'too_many_units', status: 422, textKey: 'orders.errors.tooManyUnits', values },
      field: 'quantity',
    });
  }
}

/** The price of the delivery, for example: the customer has seen another total. */
export class TotalChangedError extends DomainError {
  constructor(total: number) {
    super({ code: 'total_changed', status: 409, textKey: 'orders.errors.totalChanged', details: { total } });
  }
}

export class OrderTooLargeError extends DomainError {
  constructor() {
    super({ code: 'order_too_large', status: 422, textKey: 'orders.errors.tooLarge' });
  }
}

export class TooManyUnpaidError extends DomainError {
  constructor(maximum: number) {
    const values = { maximum };
    super({ code: 'too_many_unpaid', status: 409, textKey: 'orders.errors.tooManyUnpaid', values });
  }
}

export class NotCancellableError extends DomainError {
  constructor() {
    super({ code: 'not_cancellable', status: 409, textKey: 'orders.errors.notCancellable' });
  }
}

/** Paid, cancelled or expired, or tried too often. */
export class NotPayableError extends DomainError {
  constructor() {
    super({ code: 'not_payable', status: 409, textKey: 'orders.errors.notPayable' });
  }
}

/** Less than was asked for, or another currency: a person has to look at it. */
export class PaymentMismatchError extends DomainError {
  constructor(details: { payment: number; amount: number; currency: string }) {
    super({ code: 'payment_mismatch', status: 409, textKey: 'orders.errors.paymentMismatch', details });
  }
}

export class NotShippableError extends DomainError {
  constructor() {
    super({ code: 'not_shippable', status: 409, textKey: 'orders.errors.notShippable' });
  }
}

/** Each seller sends their own. */
export class MixedParcelError extends DomainError {
  constructor() {
    super({ code: 'mixed_parcel', status: 422, textKey: 'orders.errors.mixedParcel', field: 'lines' });
  }
}

export class NotReturnableError extends DomainError {
  constructor() {
    super({ code: 'not_returnable', status: 409, textKey: 'orders.errors.notReturnable' });
  }
}

/** A refund that a seller is to bear is more than their line. */
export class NotOfLineError extends DomainError {
  constructor() {
    super({ code: 'not_of_line', status: 422, textKey: 'orders.errors.notOfLine', field: 'line' });
  }
}

/** More than has been paid and is not owed to the customer yet. */
export class NotRefundableError extends DomainError {
  constructor(maximum: number) {
    super({
      ...{ code: 'not_refundable', status: 422, textKey: 'orders.errors.notRefundable' },
      ...{ details: { maximum }, field: 'amount' },
    });
  }
}

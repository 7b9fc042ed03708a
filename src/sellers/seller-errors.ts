import { DomainError } from '../errors/domain-error.ts';

/** Also if they may not sell, or not any more. */
export class SellerNotFoundError extends DomainError {
  constructor() {
    super({ code: 'seller_not_found', status: 404, textKey: 'sellers.errors.notFound' });
  }
}

export class SellerNameTakenError extends DomainError {
  constructor() {
    super({ code: 'seller_name_taken', status: 422, textKey: 'sellers.errors.nameTaken', field: 'name' });
  }
}

/** They have asked already, or someone else has decided. */
export class SellerChangedError extends DomainError {
  constructor(field: string) {
    super({ code: 'seller_changed', status: 409, textKey: 'sellers.errors.changed', field });
  }
}

export class TooManyProductsError extends DomainError {
  constructor(maximum: number) {
    const values = { maximum };
    super({
      ...{ code: 'too_many_products', status: 422, textKey: 'sellers.errors.tooManyProducts', values },
      field: 'name',
    });
  }
}

/** Something was shipped, returned, refunded or paid since the page was opened. */
export class PayoutChangedError extends DomainError {
  constructor() {
    super({
      code: 'payout_changed',
      status: 409,
      textKey: 'sellers.errors.payoutChanged',
      field: 'reference',
    });
  }
}

import { DomainError } from '../errors/domain-error.ts';
import type { SavedProduct } from './product.ts';
import type { SavedChange } from './saved-changes.ts';

export class CodeTakenError extends DomainError {
  constructor() {
    super({ code: 'code_taken', status: 422, textKey: 'product.errors.codeTaken', field: 'code' });
  }
}

export interface TakenBarcode {
  /** As the refused product has it. */
  barcode: string;
  holder: { id: number; name: string };
}

/** The form links the other product, so it is no error of a field only. */
export class BarcodeTakenError extends DomainError {
  constructor(taken: TakenBarcode) {
    const values = { barcode: taken.barcode, name: taken.holder.name };
    const textKey = 'product.errors.barcode.taken';
    super({ code: 'barcode_taken', status: 422, textKey, values, details: taken });
  }
}

export class CategoryGoneError extends DomainError {
  constructor(name: string) {
    const textKey = 'product.errors.categoryGone';
    super({ code: 'category_gone', status: 422, textKey, values: { name }, field: 'category' });
  }
}

/** In the words of `field`, the quantity or an amount to receive or take out. */
export class UnitDecimalsError extends DomainError {
  constructor({ code: unit, decimals }: { code: string; decimals: number }, field: 'quantity' | 'amount') {
    const wholeKey = field === 'amount' ? 'movement.errors.amount' : 'product.errors.quantity';
    const textKey = decimals > 0 ? 'product.errors.decimals' : wholeKey;
    super({ code: 'unit_decimals', status: 422, textKey, values: { unit, count: decimals }, field });
  }
}

export class ProductNotFoundError extends DomainError {
  constructor() {
    super({ code: 'product_not_found', status: 404, textKey: 'errors.productNotFound' });
  }
}

export interface Deletion {
  id: number;
  name: string;
  deletedBy: number;
  deletedAt: Date;
  isRestorable: boolean;
}

export class ProductDeletedError extends DomainError {
  constructor(deletion: Deletion) {
    super({ code: 'product_deleted', status: 410, textKey: 'errors.productDeleted', details: deletion });
  }
}

/** Orders of the shop hold some of it. */
export class ProductHeldError extends DomainError {
  constructor(orders: string[]) {
    const values = { orders: orders.join(', ') };
    super({ code: 'product_held', status: 409, textKey: 'product.errors.held', values, details: { orders } });
  }
}

/** Someone else saved first; `details.current` is the product as saved. */
export class VersionConflictError extends DomainError {
  constructor(current: SavedProduct, changes?: { disputed: SavedChange[]; taken: SavedChange[] }) {
    const details = { current, ...changes };
    super({ code: 'version_conflict', status: 409, textKey: 'product.conflict', details });
  }
}

export class RestoreCodeTakenError extends DomainError {
  constructor() {
    super({ code: 'restore_code_taken', status: 409, textKey: 'errors.restoreCodeTaken' });
  }
}

export class RestoreBarcodeTakenError extends DomainError {
  constructor(taken: TakenBarcode) {
    const values = { barcode: taken.barcode, name: taken.holder.name };
    const textKey = 'errors.restoreBarcodeTaken';
    super({ code: 'restore_barcode_taken', status: 409, textKey, values, details: taken });
  }
}

export class RestoreTooLateError extends DomainError {
  constructor() {
    super({ code: 'restore_too_late', status: 404, textKey: 'errors.restoreTooLate' });
  }
}

export class NotInTrashError extends DomainError {
  constructor() {
    super({ code: 'not_in_trash', status: 404, textKey: 'trash.gone' });
  }
}

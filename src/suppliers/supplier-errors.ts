import { DomainError } from '../errors/domain-error.ts';

export class SupplierNotFoundError extends DomainError {
  constructor() {
    super({ code: 'supplier_not_found', status: 404, textKey: 'errors.supplierNotFound' });
  }
}

/** In any capitalisation, with or without accents. */
export class SupplierNameTakenError extends DomainError {
  constructor(name: string) {
    const textKey = 'suppliers.errors.nameTaken';
    super({ code: 'supplier_name_taken', status: 422, textKey, values: { name }, field: 'name' });
  }
}

/** Someone else saved it after the form was opened; `details.version` is the one saved now. */
export class SupplierChangedError extends DomainError {
  constructor(version: number) {
    const textKey = 'suppliers.errors.changed';
    super({ code: 'supplier_changed', status: 409, textKey, details: { version } });
  }
}

export class SupplierInUseError extends DomainError {
  constructor(name: string) {
    super({ code: 'supplier_in_use', status: 409, textKey: 'errors.supplierInUse', values: { name } });
  }
}

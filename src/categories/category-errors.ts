import { DomainError } from '../errors/domain-error.ts';
import type { Category } from '../products/category-queries.ts';

export class CategoryNotFoundError extends DomainError {
  constructor() {
    super({ code: 'category_not_found', status: 404, textKey: 'errors.categoryNotFound' });
  }
}

/** In any capitalisation, with or without accents; `details` is the category that has the name. */
export class CategoryNameTakenError extends DomainError {
  constructor(category: Category) {
    const values = { name: category.name };
    const textKey = 'categories.errors.nameTaken';
    super({ code: 'category_name_taken', status: 422, textKey, values, details: category });
  }
}

export class CategoryRenamedError extends DomainError {
  constructor({ name }: Category) {
    const textKey = 'categories.errors.renamed';
    super({ code: 'category_renamed', status: 409, textKey, values: { name }, field: 'name' });
  }
}

/** It is being merged, or others are being merged into it. */
export class CategoryBusyError extends DomainError {
  constructor({ name }: Category) {
    super({ code: 'category_busy', status: 409, textKey: 'errors.categoryBusy', values: { name } });
  }
}

export class CategoryNotEmptyError extends DomainError {
  constructor({ name }: Category) {
    super({ code: 'category_not_empty', status: 409, textKey: 'errors.categoryNotEmpty', values: { name } });
  }
}

export class MergeTargetError extends DomainError {
  constructor() {
    super({ code: 'merge_target', status: 422, textKey: 'categories.errors.target', field: 'into' });
  }
}

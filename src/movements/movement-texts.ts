import type { TFunction } from 'i18next';
import type { StockMovement } from '../stock/movement-history.ts';

export function documentText(
  { documentKind, documentId, documentNumber }: StockMovement,
  t: TFunction,
): string {
  return documentKind === 'import' ? t('movement.import', { id: documentId }) : (documentNumber ?? '');
}

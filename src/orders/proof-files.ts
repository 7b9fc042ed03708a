import type { Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

/** What a bank's paper says goes; that there was a proof, and its reference, stay. */
export async function deleteProofFile(
  trx: Transaction<Catalogue>,
  proofId: number,
  fileId: Buffer,
): Promise<void> {
  await trx
    .updateTable('payment_proof')
    .set({ file_type: null, file_id: null })
    .where('id', '=', proofId)
    .execute();
  await trx.deleteFrom('payment_proof_file').where('id', '=', fileId).execute();
}

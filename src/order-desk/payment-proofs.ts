import { createHash, randomBytes } from 'node:crypto';
import type { Request } from 'express';
import type { Kysely, Transaction } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { Catalogue, ProofType } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { firstUpload, type UploadForm } from '../http/upload.ts';
import { deleteProofFile } from '../orders/proof-files.ts';
import { convertPhoto } from '../photos/convert-process.ts';
import { MAX_MEGAPIXELS, MAX_PHOTO_BYTES, WIDTHS } from '../photos/photo.ts';
import { photoKindOf } from '../photos/photo-kind.ts';

/** A page of a bank. It is kept as it is, so it may be less than a photo. */
const MAX_PDF_BYTES = 3 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;

export const PROOF_FORM: UploadForm = {
  path: /^\/orders\/[^/]+\/payments\/\d+\/capture$/,
  files: 1,
  fileBytes: MAX_PHOTO_BYTES,
};

export const PROOF_LIMITS = { megabytes: MAX_PHOTO_BYTES / MEGABYTE, pdfMegabytes: MAX_PDF_BYTES / MEGABYTE };

export interface ProofFile {
  type: ProofType;
  data: Buffer;
}

const PROBLEMS = {
  kind: 'orderDesk.errors.proofKind',
  tooLarge: 'orderDesk.errors.proofTooLarge',
  tooManyPixels: 'orderDesk.errors.proofPixels',
  unreadable: 'orderDesk.errors.proofUnreadable',
} as const;

export class ProofRefusedError extends DomainError {
  constructor(problem: keyof typeof PROBLEMS) {
    super({
      ...{ code: 'proof_refused', status: problem === 'tooLarge' ? 413 : 422, textKey: PROBLEMS[problem] },
      ...{ values: { ...PROOF_LIMITS, megapixels: MAX_MEGAPIXELS }, field: 'proof' },
    });
  }
}

export interface ReadProof {
  file: ProofFile | undefined;
  /** Of what was uploaded, the same for a repeated request. */
  digest: string;
}

/** By its content, whatever its name: a picture is drawn anew as a photo is, a PDF is kept. @throws ProofRefusedError */
export async function readProof(req: Request): Promise<ReadProof> {
  const upload = await firstUpload(req);
  if (!upload?.name) {
    upload?.file.resume();
    return { file: undefined, digest: '' };
  }
  const chunks: Buffer[] = [];
  for await (const chunk of upload.file) chunks.push(chunk as Buffer);
  if (upload.isTruncated()) throw new ProofRefusedError('tooLarge');
  const uploaded = Buffer.concat(chunks);
  const digest = createHash('sha256').update(uploaded).digest('hex');
  return { file: await toKept(uploaded), digest };
}

async function toKept(uploaded: Buffer): Promise<ProofFile> {
  if (uploaded.subarray(0, 5).toString('latin1') === '%PDF-') {
    if (uploaded.length > MAX_PDF_BYTES) throw new ProofRefusedError('tooLarge');
    return { type: 'pdf', data: uploaded };
  }
  if (!photoKindOf(uploaded)) throw new ProofRefusedError('kind');
  const conversion = await convertPhoto(uploaded);
  if (conversion.is === 'refused') throw new ProofRefusedError(conversion.reason);
  const { data } = conversion.photo.renditions.find(({ width }) => width === WIDTHS.full)!;
  return { type: 'webp', data };
}

export interface NewProof {
  paymentId: number;
  amount: number;
  reference: string;
  file: ProofFile | undefined;
  addedBy: number;
}

export async function storeProof(
  trx: Transaction<Catalogue>,
  { paymentId, amount, reference, file, addedBy }: NewProof,
): Promise<void> {
  const fileId = file && randomBytes(16);
  if (fileId) await trx.insertInto('payment_proof_file').values({ id: fileId, data: file.data }).execute();
  await trx
    .insertInto('payment_proof')
    .values({
      ...{ payment_id: paymentId, amount, reference, added_by: addedBy },
      ...{ file_type: file?.type ?? null, file_id: fileId ?? null },
    })
    .execute();
}

/** @param number of the order that it must belong to */
export async function findProofFile(
  db: Kysely<Catalogue>,
  number: string,
  id: number,
): Promise<ProofFile | undefined> {
  const row = await db
    .selectFrom('payment_proof')
    .innerJoin('payment', 'payment.id', 'payment_proof.payment_id')
    .innerJoin('shop_order', 'shop_order.id', 'payment.order_id')
    .innerJoin('payment_proof_file', 'payment_proof_file.id', 'payment_proof.file_id')
    .select(['payment_proof.file_type as type', 'payment_proof_file.data'])
    .where('payment_proof.id', '=', id)
    .where('shop_order.number', '=', number)
    .executeTakeFirst();
  return row?.type ? { type: row.type, data: row.data } : undefined;
}

/** A customer has deleted their account: what a bank's paper says of them goes, the reference stays. */
export async function forgetProofs({ catalogue }: Databases, customerId: number): Promise<void> {
  await catalogue.transact(async (trx) => {
    const proofs = await trx
      .selectFrom('payment_proof')
      .innerJoin('payment', 'payment.id', 'payment_proof.payment_id')
      .innerJoin('shop_order', 'shop_order.id', 'payment.order_id')
      .select(['payment_proof.id', 'file_id as fileId'])
      .where('customer_id', '=', customerId)
      .where('file_id', 'is not', null)
      .execute();
    for (const { id, fileId } of proofs) await deleteProofFile(trx, id, fileId!);
  });
}

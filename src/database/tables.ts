import type { ColumnType, Generated, GeneratedAlways, Selectable } from 'kysely';
import type { Language } from '../locales/languages.ts';
import type { ReplicaFault } from './replica-faults.ts';

type FilledIn<T> = ColumnType<T, T | undefined, T>;

export type Role = 'viewer' | 'clerk' | 'administrator';

interface UserTable {
  id: Generated<number>;
  username: string;
  password_hash: string;
  must_change_password: ColumnType<0 | 1, boolean | undefined, boolean>;
  role: FilledIn<Role>;
  disabled_at: Date | null;
  /** See src/product-list/list-choices.ts. */
  list_choices: ColumnType<unknown, string | null | undefined, string>;
  email: FilledIn<string>;
  mail_language: FilledIn<Language>;
  created_at: FilledIn<Date>;
}

export const CADENCES = ['none', 'soon', 'daily'] as const;
export type Cadence = (typeof CADENCES)[number];

interface LowStockSubscriptionTable {
  user_id: number;
  cadence: FilledIn<Cadence>;
  /** The last batch of level changes that they have been told of. */
  told_batch: FilledIn<number>;
  /** A digest is in the outbox. */
  is_pending: ColumnType<0 | 1, boolean | undefined, boolean>;
  due_at: FilledIn<Date>;
}

interface WriteCountTable {
  database_group: string;
  actor_kind: ActorKind;
  actor_id: number;
  writes: number;
}

interface CompletedWriteTable {
  id: Buffer;
  outcome: ColumnType<string | null, string | undefined, string>;
  created_at: FilledIn<Date>;
}

interface SessionTable {
  id: Buffer;
  user_id: number | null;
  data: ColumnType<object, string, string>;
  expires_at: Date;
}

interface CategoryTable {
  id: Generated<number>;
  name: string;
}

interface CategoryCountTable {
  category_id: number;
  /** The connection that wrote the row; 0 for the sum of earlier ones. */
  writer: FilledIn<number>;
  products: FilledIn<number>;
}

interface CategoryRenameTable {
  category_id: number;
  revision: FilledIn<number>;
  reindex_from: FilledIn<number>;
}

interface CategoryMergeTable {
  source_id: number;
  target_id: number;
  started_at: FilledIn<Date>;
}

interface FormerCategoryTable {
  name: string;
  /** Null if the category was deleted. */
  category_id: number | null;
  changed_at: FilledIn<Date>;
}

interface UnitTable {
  code: string;
  singular: string;
  plural: string;
  /** From 0 to 3. */
  decimals: number;
}

interface SupplierTable {
  id: Generated<number>;
  name: string;
  contact: FilledIn<string>;
  email: FilledIn<string>;
  phone: FilledIn<string>;
  lead_time_days: FilledIn<number | null>;
  version: FilledIn<number>;
}

interface ProductTable {
  id: Generated<number>;
  code: string;
  plain_code: GeneratedAlways<string>;
  name: string;
  description: string;
  category_id: number;
  /** `on_hand` rounded up (docs/decisions/decimal-quantities.md). */
  quantity: number;
  rounded_up: FilledIn<number>;
  on_hand: GeneratedAlways<number>;
  /** `exact_reserved` rounded up: levels of stock are computed from it. */
  reserved: FilledIn<number>;
  /** The part of `on_hand` that orders hold. */
  exact_reserved: FilledIn<number>;
  /** Computed by MySQL, which stores BOOLEAN as 0 or 1. */
  available: ColumnType<0 | 1, never, never>;
  unit: string;
  /** In minor units of the currency, as `cost`; null: not known. */
  price: FilledIn<number | null>;
  cost: FilledIn<number | null>;
  /** In hundredths of a percent. */
  tax_rate: FilledIn<number | null>;
  /** The price, or -1 for none: orders cannot go on from a NULL. */
  price_order: GeneratedAlways<number>;
  /** As shown (src/products/barcodes.ts). */
  barcodes: FilledIn<string>;
  location: FilledIn<string>;
  minimum_stock: FilledIn<number>;
  order_quantity: FilledIn<number>;
  supplier_id: FilledIn<number | null>;
  supplier_code: FilledIn<string>;
  tags: FilledIn<string>;
  notes: FilledIn<string>;
  /** Whether the shop offers it, if it also has a price. */
  on_sale: FilledIn<number>;
  /** In grams. */
  weight: FilledIn<number | null>;
  /** Null: the house sells it. */
  seller_id: FilledIn<number | null>;
  /** Computed, for the lists of the shop: null if it is not offered, else whether anything is on hand. */
  offered_state: GeneratedAlways<0 | 1 | null>;
  offered_category: GeneratedAlways<number | null>;
  offered_name: GeneratedAlways<string | null>;
  offered_price: GeneratedAlways<number | null>;
  /** Whether it has a row in `book`; kept by triggers, as `credits`. */
  is_book: ColumnType<0 | 1, never, never>;
  /** The authors and the publisher of a book, on lines of their own. */
  credits: ColumnType<string, never, never>;
  /** Computed: an index of `STOCK_LEVELS` (src/stock/stock-level.ts). */
  stock_level: ColumnType<0 | 1 | 2, never, never>;
  /** Kept by triggers. */
  idle_since: ColumnType<Date, never, never>;
  /** Computed: the supplier to order from, 0 for none; null if there is nothing to order. */
  order_from: GeneratedAlways<number | null>;
  version: FilledIn<number>;
  created_at: FilledIn<Date>;
  updated_at: FilledIn<Date>;
}

/** Of products in the list, by key; kept by triggers. */
interface ProductBarcodeTable {
  barcode: string;
  product_id: number;
}

/** Kept by triggers (docs/decisions/home.md). `writer` as in `category_count`. */
interface StockTotalTable {
  unit: string;
  writer: number;
  products: number;
  out_of_stock: number;
  low: number;
  quantity: number;
  /** In minor units, with thousandths. */
  price_value: number;
  cost_value: number;
  unpriced: number;
  uncosted: number;
}

interface MovementFlowTable {
  /** Since 1970, in UTC. */
  quarter: number;
  writer: number;
  movements_in: number;
  movements_out: number;
  value_in: number;
  value_out: number;
}

interface ProductOutflowDayTable {
  /** Since 1970, in UTC. */
  day: number;
  product_id: number;
  quantity: number;
}

interface ProductOutflowTable {
  product_id: number;
  quantity: number;
}

interface KeptSumsTable {
  id: number;
  knows_flow: 0 | 1;
  last_product: number | null;
  looked_up_to: number;
}

interface DeletedProductTable {
  id: number;
  code: string;
  name: string;
  description: string;
  category_id: number;
  quantity: number;
  rounded_up: FilledIn<number>;
  on_hand: GeneratedAlways<number>;
  unit: string;
  price: FilledIn<number | null>;
  cost: FilledIn<number | null>;
  tax_rate: FilledIn<number | null>;
  barcodes: FilledIn<string>;
  location: FilledIn<string>;
  minimum_stock: FilledIn<number>;
  order_quantity: FilledIn<number>;
  supplier_id: FilledIn<number | null>;
  supplier_code: FilledIn<string>;
  tags: FilledIn<string>;
  notes: FilledIn<string>;
  on_sale: FilledIn<number>;
  weight: FilledIn<number | null>;
  seller_id: FilledIn<number | null>;
  version: number;
  created_at: Date;
  deleted_at: FilledIn<Date>;
  deleted_by: number;
}

/** Also of products in the trash. */
interface BookTable {
  product_id: number;
  authors: string;
  publisher: string;
  /** 0, as in `pages`: not known. */
  year: number;
  language: string;
  binding: string;
  pages: number;
}

interface PhotoTable {
  sha256: Buffer;
  created_at: FilledIn<Date>;
  unused_since: FilledIn<Date | null>;
}

interface PhotoRenditionTable {
  photo: Buffer;
  width: number;
  data: Buffer;
}

interface ProductPhotoTable {
  product_id: number;
  position: number;
  photo: Buffer;
  added_by: FilledIn<number | null>;
  added_at: FilledIn<Date>;
}

export const MOVEMENT_REASONS = ['initial', 'edit', 'count', 'adjustment', 'import'] as const;
export type MovementReason = (typeof MOVEMENT_REASONS)[number];

export type ActorKind = 'user' | 'customer' | 'token' | 'system';

interface StockMovementTable {
  id: Generated<number>;
  product_id: number;
  /** The change of the whole number that products have. */
  delta: number;
  delta_rounded: FilledIn<number>;
  exact_delta: GeneratedAlways<number>;
  quantity_after: number;
  after_rounded: FilledIn<number>;
  exact_after: GeneratedAlways<number>;
  reason: MovementReason;
  purpose: FilledIn<string | null>;
  actor_kind: FilledIn<ActorKind>;
  /** Null in rows written by the previous version, which set `user_id` only. */
  actor_id: FilledIn<number | null>;
  user_id: number | null;
  document_kind: FilledIn<string | null>;
  document_id: FilledIn<number | null>;
  document_number: FilledIn<string | null>;
  note: FilledIn<string | null>;
  created_at: FilledIn<Date>;
}

export type PriceKind = 'price' | 'cost';

interface PriceHistoryTable {
  id: Generated<number>;
  product_id: number;
  what: PriceKind;
  old_amount: number | null;
  new_amount: number | null;
  actor_kind: FilledIn<ActorKind>;
  actor_id: number | null;
  document_kind: FilledIn<string | null>;
  document_id: FilledIn<number | null>;
  created_at: FilledIn<Date>;
}

/** A drop of a product's level (an index of `STOCK_LEVELS`), written by triggers. */
interface LevelChangeTable {
  id: Generated<number>;
  product_id: number;
  /** Null: the product is new, or back from the trash. */
  from_level: number | null;
  to_level: number;
  changed_at: FilledIn<Date>;
  /** 0 until it is collected. */
  batch: FilledIn<number>;
}

interface AlertStateTable {
  id: number;
  batch: FilledIn<number>;
  /** When digests are due; null if everyone has been told. */
  look_at: FilledIn<Date | null>;
}

interface CartTable {
  id: Generated<number>;
  token_sha256: Buffer;
  customer_id: FilledIn<number | null>;
  /** Counts its changes. */
  version: FilledIn<number>;
  expires_at: Date;
  updated_at: FilledIn<Date>;
  /** Of its last addition: the id of the write. */
  last_change: FilledIn<Buffer | null>;
}

interface CartLineTable {
  cart_id: number;
  product_id: number;
  quantity: number;
  /** When its owner last set it. */
  seen_price: FilledIn<number | null>;
}

export type OrderState =
  'awaiting_payment' | 'confirmed' | 'in_progress' | 'completed' | 'cancelled' | 'expired';

interface OrderTable {
  id: Generated<number>;
  number: string;
  placed_key: string;
  state: OrderState;
  customer_id: FilledIn<number | null>;
  email: string;
  name: string;
  phone: FilledIn<string>;
  language: Language;
  /** Of the secret in the link to the order. */
  link_sha256: Buffer;
  currency: string;
  /** In minor units of the currency, as all totals; taxes are included. */
  items_total: number;
  delivery_total: number;
  /** The part of `tax_total` that is not of a line. */
  delivery_tax: FilledIn<number>;
  tax_total: number;
  total: number;
  /** The part of `total` that is neither sent nor to be paid. */
  cancelled_total: FilledIn<number>;
  address: ColumnType<unknown, string | null, string | null>;
  delivery: ColumnType<unknown, string | null, string | null>;
  /** Null: until the stock is shipped or the order cancelled. */
  hold_until: FilledIn<Date | null>;
  created_at: FilledIn<Date>;
  updated_at: FilledIn<Date>;
  /** Its customer has deleted the account: their data go once it is over. */
  is_forgotten: FilledIn<0 | 1>;
}

interface OrderLineTable {
  id: Generated<number>;
  order_id: number;
  position: number;
  product_id: number;
  code: string;
  name: string;
  unit: string;
  quantity: number;
  unit_price: number;
  tax_rate: number;
  line_total: number;
  tax: number;
  seller_id: FilledIn<number | null>;
  commission_rate: FilledIn<number>;
  /** Now held of `product.exact_reserved`. */
  held: FilledIn<number>;
  shipped: FilledIn<number>;
  returned: FilledIn<number>;
  /** Never sent, while other parts of the order were. */
  cancelled: FilledIn<number>;
  /** Null once it holds nothing. */
  open_order: GeneratedAlways<number | null>;
  /** Of a seller, by refunds that name the line. */
  refunded: FilledIn<number>;
  /** By payouts. */
  paid_out: FilledIn<number>;
  /** Computed, of a seller's line: what was shipped, less what went back; the commission in it, and the rest. */
  kept: GeneratedAlways<number>;
  commission: GeneratedAlways<number>;
  earned: GeneratedAlways<number>;
  /** Null unless something is to be paid out, or was paid out too much. */
  due_seller: GeneratedAlways<number | null>;
}

export type PaymentState = 'pending' | 'captured' | 'failed' | 'cancelled' | 'expired' | 'surplus';

interface PaymentTable {
  id: Generated<number>;
  order_id: number;
  method: string;
  state: PaymentState;
  /** What is asked for; `captured_amount` is what has come. */
  amount: number;
  captured_amount: FilledIn<number | null>;
  currency: string;
  attempt_key: string;
  provider_reference: FilledIn<string | null>;
  expires_at: FilledIn<Date | null>;
  created_at: FilledIn<Date>;
  updated_at: FilledIn<Date>;
  /** 1, or null: an order has one live payment at most. */
  is_live: GeneratedAlways<1 | null>;
}

interface PaymentNotificationTable {
  id: Generated<number>;
  provider: string;
  event_id: string;
  payload: ColumnType<unknown, string, never>;
  received_at: FilledIn<Date>;
}

export type RefundState = 'due' | 'requested' | 'done' | 'failed';

interface RefundTable {
  id: Generated<number>;
  order_id: number;
  payment_id: number;
  amount: number;
  state: RefundState;
  refund_key: string;
  reason: string;
  /** A user; null for the system. */
  made_by: FilledIn<number | null>;
  /** The line of a seller who bears it; null: the shop does. */
  order_line_id: FilledIn<number | null>;
  created_at: FilledIn<Date>;
}

export type ParcelState = 'open' | 'packed' | 'shipped' | 'delivered' | 'cancelled';

interface ParcelTable {
  id: Generated<number>;
  order_id: number;
  seller_id: FilledIn<number | null>;
  state: ParcelState;
  tracking_number: FilledIn<string>;
  carrier: FilledIn<string>;
  created_at: FilledIn<Date>;
  shipped_at: FilledIn<Date | null>;
}

interface ParcelLineTable {
  parcel_id: number;
  order_line_id: number;
  quantity: number;
}

export type OrderSubject = 'order' | 'payment' | 'parcel' | 'refund';

interface OrderEventTable {
  id: Generated<number>;
  order_id: number;
  subject: OrderSubject;
  subject_id: number;
  /** Null: it begins in `to_state`. */
  from_state: string | null;
  to_state: string;
  actor_kind: ActorKind;
  actor_id: number | null;
  note: FilledIn<string | null>;
  /** The e-mail about it, which is in the outbox. */
  mail: FilledIn<string | null>;
  created_at: FilledIn<Date>;
  /** The order, if money has come that does not match. */
  mismatch_of: GeneratedAlways<number | null>;
}

export type ProofType = 'webp' | 'pdf';

interface PaymentProofTable {
  id: Generated<number>;
  payment_id: number;
  amount: number;
  reference: FilledIn<string>;
  file_type: FilledIn<ProofType | null>;
  file_id: FilledIn<Buffer | null>;
  added_by: number;
  created_at: FilledIn<Date>;
}

interface PaymentProofFileTable {
  id: Buffer;
  data: Buffer;
}

interface DeliveryZoneTable {
  id: Generated<number>;
  name: string;
  version: FilledIn<number>;
}

interface DeliveryAreaTable {
  /** Empty: everywhere else. */
  country: string;
  /** Empty: the rest of the country. */
  region: string;
  zone_id: number;
}

interface DeliveryMethodTable {
  id: Generated<number>;
  zone_id: number;
  name: string;
  carrier: string;
  /** With {number}. */
  tracking_url: FilledIn<string>;
  days_from: FilledIn<number | null>;
  days_to: FilledIn<number | null>;
  free_from: FilledIn<number | null>;
  takes_cash: FilledIn<0 | 1>;
  is_offered: FilledIn<0 | 1>;
  version: FilledIn<number>;
}

interface DeliveryRateTable {
  method_id: number;
  position: number;
  /** In grams; null: any. */
  max_weight: number | null;
  min_amount: FilledIn<number>;
  price: number;
}

interface ShopSettingTable {
  id: number;
  transfer_text: string;
  pick_up_text: string;
  default_weight: number;
  delivery_tax_rate: number;
  /** Of new sellers. */
  commission_rate: FilledIn<number>;
  version: FilledIn<number>;
}

export type SellerState = 'asked' | 'approved' | 'refused' | 'suspended';

interface SellerTable {
  id: Generated<number>;
  /** Of the directory. */
  customer_id: number;
  name: string;
  contact: string;
  pay_to: FilledIn<string>;
  about: FilledIn<string>;
  state: FilledIn<SellerState>;
  reason: FilledIn<string>;
  /** In hundredths of a percent. */
  commission_rate: FilledIn<number>;
  /** Its account is deleted; contact and account for payouts go when nothing is to be sent or paid. */
  is_forgotten: FilledIn<0 | 1>;
  version: FilledIn<number>;
  asked_at: FilledIn<Date>;
}

interface PayoutTable {
  id: Generated<number>;
  seller_id: number;
  amount: number;
  currency: string;
  reference: string;
  /** As `2026-03-29`. */
  paid_on: ColumnType<Date, string, never>;
  made_by: number;
  created_at: FilledIn<Date>;
}

interface PayoutLineTable {
  payout_id: number;
  order_line_id: number;
  amount: number;
}

export type ReturnState = 'asked' | 'accepted' | 'refused' | 'received';

interface ReturnRequestTable {
  id: Generated<number>;
  order_id: number;
  state: FilledIn<ReturnState>;
  reason: FilledIn<string>;
  created_at: FilledIn<Date>;
  /** 1, or null: an order has one open request at most. */
  is_open: GeneratedAlways<1 | null>;
}

interface ReturnRequestLineTable {
  request_id: number;
  order_line_id: number;
  quantity: number;
}

interface ImportPartTable {
  file: Buffer;
  part: number;
  data: Buffer;
  created_at: FilledIn<Date>;
}

export type ImportState = 'reading' | 'unassigned' | 'preview' | 'applying' | 'applied' | 'refused';

/** Null: an earlier version applied it, or none has yet. */
export type UndoState = 'possible' | 'asked' | 'refused' | 'done';

interface ImportTable {
  id: Generated<number>;
  user_id: number;
  file: Buffer;
  file_name: string;
  file_bytes: number;
  state: FilledIn<ImportState>;
  notice: ColumnType<object | null, string | null | undefined, string | null>;
  findings: ColumnType<object | null, string | null | undefined, string | null>;
  totals: ColumnType<object | null, string | null | undefined, string | null>;
  reading: FilledIn<number | null>;
  progress: FilledIn<number>;
  applied_by: FilledIn<number | null>;
  applied_at: FilledIn<Date | null>;
  address: FilledIn<string>;
  request_id: FilledIn<string>;
  lease_until: FilledIn<Date | null>;
  owner: FilledIn<string | null>;
  attempt: FilledIn<number>;
  tries: FilledIn<number>;
  created_at: FilledIn<Date>;
  expires_at: FilledIn<Date | null>;
  undo_state: FilledIn<UndoState | null>;
  undone_by: FilledIn<number | null>;
  undone_at: FilledIn<Date | null>;
}

export type ImportRowKind = 'wrong' | 'changed' | 'new' | 'unchanged';

interface ImportRowTable {
  import_id: number;
  reading: number;
  number: number;
  sheet: number;
  line: number;
  code: string | null;
  name: string | null;
  description: string | null;
  category: string | null;
  quantity: number | null;
  rounded_up: FilledIn<number>;
  on_hand: GeneratedAlways<number | null>;
  unit: string | null;
  price: number | null;
  cost: number | null;
  tax_rate: number | null;
  barcodes: string | null;
  location: string | null;
  minimum_stock: number | null;
  order_quantity: number | null;
  supplier: string | null;
  supplier_code: string | null;
  tags: string | null;
  notes: string | null;
  authors: string | null;
  publisher: string | null;
  year: number | null;
  language: string | null;
  binding: string | null;
  pages: number | null;
  on_sale: number | null;
  weight: number | null;
  kind: ImportRowKind;
  product_id: number | null;
  version: number | null;
  was: ColumnType<object | null, string | null, never>;
  problems: ColumnType<object[] | null, string | null, never>;
}

interface LoginAttemptTable {
  subject: string;
  attempts: number;
  pending: number;
  window_ends_at: Date;
  reported: ColumnType<0 | 1, boolean | undefined, boolean>;
}

interface AuditEventTable {
  id: Generated<number>;
  created_at: FilledIn<Date>;
  action: string;
  kind: GeneratedAlways<string>;
  user_id: number | null;
  address: string;
  target_id: number | null;
  target_name: string | null;
  details: ColumnType<Record<string, unknown> | null, string | null, never>;
  request_id: string;
}

interface ProductEventTable {
  id: Generated<number>;
  created_at: FilledIn<Date>;
  action: string;
  actor_kind: ActorKind;
  actor_id: number | null;
  address: string;
  target_id: number | null;
  target_name: string | null;
  details: ColumnType<Record<string, unknown> | null, string | null, never>;
  request_id: string;
}

interface SearchPostingTable {
  gram: string;
  chunk: number;
  products: Buffer;
}

interface SearchPendingTable {
  id: Generated<number>;
  product_id: number;
}

interface SearchIndexerTable {
  id: number;
  knows_all: FilledIn<0 | 1>;
  /** Products from this number on have no grams across separators yet; null once all have. */
  reindex_from: FilledIn<number | null>;
}

export type ExportState = 'running' | 'done' | 'failed' | 'cancelled';

interface ExportProgressTable {
  user_id: number;
  id: Buffer;
  state: ExportState;
  rows_written: number;
  total: number | null;
  updated_at: Date;
}

interface CustomerTable {
  id: Generated<number>;
  email: string;
  name: string;
  phone: FilledIn<string>;
  language: Language;
  password_hash: string;
  last_network: FilledIn<string>;
  created_at: FilledIn<Date>;
}

export type TokenKind = 'register' | 'reset' | 'email';
export type TokenState = 'asked' | 'open' | 'used' | 'refused';

interface CustomerTokenTable {
  id: Buffer;
  kind: TokenKind;
  state: FilledIn<TokenState>;
  email: string;
  customer_id: FilledIn<number | null>;
  language: Language;
  details: ColumnType<object | null, string | null | undefined, string | null>;
  created_at: FilledIn<Date>;
  expires_at: Date;
}

interface CustomerAddressTable {
  id: Generated<number>;
  customer_id: number;
  name: string;
  phone: string;
  country: string;
  region: string;
  municipality: string;
  street: string;
  postal_code: FilledIn<string>;
  directions: FilledIn<string>;
  version: FilledIn<number>;
}

interface CustomerSessionTable {
  /** SHA-256 of the cookie. */
  id: Buffer;
  customer_id: number;
  created_at: FilledIn<Date>;
  expires_at: Date;
}

export type MailState = 'waiting' | 'sent' | 'kept' | 'given_up';

interface MailTable {
  id: string;
  event_key: string;
  recipient: string;
  language: Language;
  template: string;
  data: ColumnType<unknown, string, never>;
  state: FilledIn<MailState>;
  created_at: FilledIn<Date>;
  sent_at: FilledIn<Date | null>;
}

interface JobLeaseTable {
  name: string;
  owner: FilledIn<string | null>;
  attempt: FilledIn<number>;
  due_at: Date;
}

interface OutboxTable {
  id: string;
  kind: string;
  payload: ColumnType<unknown, string, never>;
  due_at: Date;
  owner: FilledIn<string | null>;
  attempts: FilledIn<number>;
  last_error: FilledIn<string | null>;
  created_at: FilledIn<Date>;
}

interface ReplicaFaultTable {
  server: string;
  fault: ReplicaFault;
  in_table: string | null;
  found_at: FilledIn<Date>;
}

interface ReplicaCheckTable {
  id: number;
  in_table: string | null;
  after_key: ColumnType<(string | number)[] | null, string | null, string | null>;
}

export interface GroupTables {
  write_count: WriteCountTable;
  completed_write: CompletedWriteTable;
  job_lease: JobLeaseTable;
  outbox: OutboxTable;
  replica_fault: ReplicaFaultTable;
  replica_check: ReplicaCheckTable;
}

export interface Directory extends GroupTables {
  user: UserTable;
  session: SessionTable;
  login_attempt: LoginAttemptTable;
  audit_event: AuditEventTable;
  export_progress: ExportProgressTable;
  low_stock_subscription: LowStockSubscriptionTable;
  customer: CustomerTable;
  customer_token: CustomerTokenTable;
  customer_address: CustomerAddressTable;
  customer_session: CustomerSessionTable;
  mail: MailTable;
}

export interface Catalogue extends GroupTables {
  category: CategoryTable;
  category_count: CategoryCountTable;
  category_rename: CategoryRenameTable;
  category_merge: CategoryMergeTable;
  former_category: FormerCategoryTable;
  unit: UnitTable;
  supplier: SupplierTable;
  product: ProductTable;
  deleted_product: DeletedProductTable;
  photo: PhotoTable;
  photo_rendition: PhotoRenditionTable;
  product_photo: ProductPhotoTable;
  product_barcode: ProductBarcodeTable;
  book: BookTable;
  stock_movement: StockMovementTable;
  stock_total: StockTotalTable;
  movement_flow: MovementFlowTable;
  product_outflow_day: ProductOutflowDayTable;
  product_outflow: ProductOutflowTable;
  kept_sums: KeptSumsTable;
  price_history: PriceHistoryTable;
  level_change: LevelChangeTable;
  alert_state: AlertStateTable;
  product_event: ProductEventTable;
  cart: CartTable;
  cart_line: CartLineTable;
  shop_order: OrderTable;
  order_line: OrderLineTable;
  payment: PaymentTable;
  payment_notification: PaymentNotificationTable;
  refund: RefundTable;
  parcel: ParcelTable;
  parcel_line: ParcelLineTable;
  order_event: OrderEventTable;
  payment_proof: PaymentProofTable;
  payment_proof_file: PaymentProofFileTable;
  return_request: ReturnRequestTable;
  return_request_line: ReturnRequestLineTable;
  delivery_zone: DeliveryZoneTable;
  delivery_area: DeliveryAreaTable;
  delivery_method: DeliveryMethodTable;
  delivery_rate: DeliveryRateTable;
  shop_setting: ShopSettingTable;
  seller: SellerTable;
  payout: PayoutTable;
  payout_line: PayoutLineTable;
  product_import: ImportTable;
  product_import_part: ImportPartTable;
  product_import_row: ImportRowTable;
  search_posting: SearchPostingTable;
  search_pending: SearchPendingTable;
  search_indexer: SearchIndexerTable;
}

export type User = Selectable<UserTable>;
export type CustomerRow = Selectable<CustomerTable>;

import type { ColumnType, Generated, GeneratedAlways, Selectable } from 'kysely';
import type { Role } from '../auth/roles.ts';

type FilledIn<T> = ColumnType<T, T | undefined, T>;

interface UserTable {
  id: Generated<number>;
  username: string;
  password_hash: string;
  must_change_password: ColumnType<0 | 1, boolean | undefined, boolean>;
  role: FilledIn<Role>;
  disabled_at: Date | null;
  created_at: FilledIn<Date>;
}

interface LastWriteTable {
  user_id: number;
  source: string;
  sequence: number;
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

interface ProductTable {
  id: Generated<number>;
  code: string;
  name: string;
  description: string;
  category_id: number;
  quantity: number;
  /** MySQL computes it, and stores BOOLEAN as 0 or 1. */
  available: ColumnType<0 | 1, never, never>;
  unit: string;
  version: FilledIn<number>;
  created_at: FilledIn<Date>;
  updated_at: FilledIn<Date>;
}

interface DeletedProductTable {
  id: number;
  code: string;
  name: string;
  description: string;
  category_id: number;
  quantity: number;
  unit: string;
  version: number;
  created_at: Date;
  deleted_at: FilledIn<Date>;
  deleted_by: number;
}

export type MovementReason = 'initial' | 'edit' | 'count' | 'adjustment';

interface StockMovementTable {
  id: Generated<number>;
  product_id: number;
  delta: number;
  quantity_after: number;
  reason: MovementReason;
  user_id: number;
  created_at: FilledIn<Date>;
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
  /** What stands before the point in `action`. */
  kind: GeneratedAlways<string>;
  user_id: number | null;
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

export type ExportState = 'running' | 'done' | 'failed' | 'cancelled';

interface ExportProgressTable {
  user_id: number;
  id: Buffer;
  state: ExportState;
  rows_written: number;
  total: number | null;
  updated_at: Date;
}

export interface Database {
  user: UserTable;
  last_write: LastWriteTable;
  completed_write: CompletedWriteTable;
  session: SessionTable;
  category: CategoryTable;
  product: ProductTable;
  deleted_product: DeletedProductTable;
  stock_movement: StockMovementTable;
  login_attempt: LoginAttemptTable;
  audit_event: AuditEventTable;
  search_posting: SearchPostingTable;
  search_pending: SearchPendingTable;
  export_progress: ExportProgressTable;
}

export type User = Selectable<UserTable>;

import type { Connection, RowDataPacket } from 'mysql2/promise';
import { SettingsError } from '../config/settings.ts';
import type { Currency } from '../locales/money.ts';

/** Keeps the currency of stored amounts (docs/decisions/money.md). @throws SettingsError for another one */
export async function ensureCurrency(migrator: Connection, { code }: Currency): Promise<void> {
  const [[kept]] = await migrator.query<RowDataPacket[]>(
    'SELECT currency, EXISTS (SELECT 1 FROM price_history) AS hasAmounts FROM installation',
  );
  if (kept && kept.currency !== code && kept.hasAmounts === 1) {
    throw new SettingsError(
      `CURRENCY is "${code}", but the prices and costs stored here are in ${kept.currency}, and nothing converts them. ` +
        `Set CURRENCY=${kept.currency}, or begin with empty data`,
    );
  }
  await migrator.query(
    'INSERT INTO installation (currency) VALUES (?) ON DUPLICATE KEY UPDATE currency = VALUES(currency)',
    [code],
  );
}

import { z } from 'zod';
import { firstPassword } from '../auth/password-rules.ts';
import { serverSettings } from '../config/config.ts';
import { currencySettings } from '../config/currency.ts';
import { readSettings } from '../config/settings.ts';

const setUpSettings = z.object({
  ...serverSettings,
  ...currencySettings,
  ADMIN_PASSWORD: firstPassword.optional(),
});

export type SetUpConfig = z.output<typeof setUpSettings>;

export function readSetUpConfig(): SetUpConfig {
  return readSettings(setUpSettings);
}

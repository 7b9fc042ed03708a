import { z } from 'zod';
import { ROLE_NAMES } from '../auth/permissions.ts';

/** Latin script only, so that no two names look alike. */
const USERNAME = /^[\p{Script=Latin}\d][\p{Script=Latin}\d._-]{1,49}$/u;

export const userForm = z.object({
  username: z
    .string()
    .default('')
    .transform((text) => text.trim().normalize('NFC'))
    .pipe(z.string().regex(USERNAME, 'users.errors.username')),
  role: z.enum(ROLE_NAMES, 'users.errors.role'),
});

export const roleForm = userForm.pick({ role: true });

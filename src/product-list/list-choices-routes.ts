import { Router } from 'express';
import type { Databases } from '../database/databases.ts';
import { leaveFlash } from '../http/flash.ts';
import { localPath } from '../http/local-path.ts';
import { NO_PROBLEM, saveForm } from '../http/save-form.ts';
import {
  choicesView,
  readChoicesForm,
  readListChoices,
  saveListChoices,
  typedChoices,
} from './list-choices.ts';

export function listChoicesRoutes(databases: Databases): Router {
  const router = Router();

  router.get('/list-choices', (req, res) => {
    const choices = readListChoices(req.principal!.listChoices);
    res.render('products/list-choices', {
      ...NO_PROBLEM,
      ...choicesView(choices, req.principal!.permissions),
      returnTo: localPath(req.query.return),
    });
  });

  router.post('/list-choices', async (req, res) => {
    const user = req.principal!;
    const returnTo = localPath((req.body as { return?: unknown } | undefined)?.return);
    await saveForm(req, res, {
      parse: () => readChoicesForm(req.body, req.t),
      save: (choices) =>
        databases.directory.transactOnce(user, req.writeId(), (trx) =>
          saveListChoices(trx, user.id, choices),
        ),
      show: (page) =>
        res.render('products/list-choices', {
          ...page,
          ...choicesView(typedChoices(req.body), user.permissions),
          returnTo,
        }),
      done: () => {
        leaveFlash(req, res, { textKey: 'list.choicesSaved' });
        res.redirect(303, returnTo);
      },
    });
  });

  return router;
}

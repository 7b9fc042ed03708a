import { Router, type Request, type Response } from 'express';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { drawTall, drawWide } from './drawing.ts';
import { durationText } from './duration.ts';
import type { Heartbeat } from './heartbeat.ts';
import { viewSystem } from './system-view.ts';

export function systemRoutes(config: WebConfig, databases: Databases, heartbeat: Heartbeat): Router {
  const router = Router();

  async function view() {
    heartbeat.watch();
    return viewSystem({ config, databases, heartbeat });
  }

  async function render(req: Request, res: Response, template: string): Promise<void> {
    const system = await view();
    const { language } = req;
    res.render(template, {
      system,
      drawings: [drawWide(system), drawTall(system)],
      formatDuration: (seconds: number) => durationText(req.t, language, seconds),
      formatPercent: (part: number) =>
        new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 }).format(part),
    });
  }

  router.get('/system', (req, res) => render(req, res, 'system/system'));

  router.get('/system/live', (req, res) => render(req, res, 'system/live'));

  router.get('/api/system', async (_req, res) => {
    res.json(await view());
  });

  return router;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { Client } from '../support/client.ts';
import { Prometheus } from '../support/prometheus.ts';
import { findFreePorts } from '../support/stack.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let prometheus: Prometheus;

beforeAll(async () => {
  const targets = ['web1', 'web2', 'web3'].map((name) => `127.0.0.1:${stack.process(name).port}`);
  prometheus = await Prometheus.start(await findFreePorts(), targets);
});

afterAll(() => prometheus.stop());

test('Prometheus, with the settings of monitoring/, reads every instance', async () => {
  await waitUntil(async () => {
    const { activeTargets } = await prometheus.ask<{ activeTargets: { health: string }[] }>('targets');
    return activeTargets.length === 3 && activeTargets.every(({ health }) => health === 'up');
  });
});

test('every alert evaluates, and one fires when the replica stops', async () => {
  const raised = async () => {
    const { alerts } = await prometheus.ask<{ alerts: { labels: { alertname: string } }[] }>('alerts');
    return alerts.map(({ labels }) => labels.alertname);
  };
  const client = await Client.signedIn();
  await waitUntil(async () => !(await raised()).includes('ReplicaNotFollowing'));
  const replica = await stack.connect('replica1');
  await replica.query('STOP REPLICA');
  try {
    await waitUntil(async () => {
      await client.get('/products');
      return (await raised()).includes('ReplicaNotFollowing');
    });
  } finally {
    await replica.query('START REPLICA');
    await replica.end();
  }
  await waitUntil(async () => !(await raised()).includes('ReplicaNotFollowing'));

  interface Rule {
    name: string;
    health: string;
    lastError?: string;
  }
  const { groups } = await prometheus.ask<{ groups: { rules: Rule[] }[] }>('rules');
  const rules = groups.flatMap((group) => group.rules);
  const written = await readFile(join(PROJECT_DIR, 'monitoring/alerts.yml'), 'utf8');
  expect(rules).toHaveLength(written.match(/- alert:/g)!.length);
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
});

test('every metric in the alerts and the manual exists', async () => {
  const alerts = await readFile(join(PROJECT_DIR, 'monitoring/alerts.yml'), 'utf8');
  const manual = await readFile(join(PROJECT_DIR, 'docs/monitoring.md'), 'utf8');
  const names = new Set((alerts + manual).match(/\b(inventario|process|nodejs)_[a-z_]+\b/g));
  expect(names.size).toBeGreaterThan(12);
  const known = await prometheus.ask<string[]>('label/__name__/values');
  const isKnown = (name: string) => known.some((one) => one === name || one === `${name}_bucket`);
  expect([...names].filter((name) => !isKnown(name))).toEqual([]);
  // The manual covers each alert.
  const titles = [...alerts.matchAll(/alert: (\w+)/g)].map(([, title]) => title!);
  expect(titles.filter((title) => !manual.includes(`\`${title}\``))).toEqual([]);
});

import type { InstanceView, ServerView, SystemView } from './system-view.ts';

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Link {
  kind: 'request' | 'write' | 'read' | 'replication';
  path: string;
  width: number;
  /** Speed of the moving dots; 0 is none. */
  flow: 0 | 1 | 2 | 3;
  isBroken: boolean;
}

export interface Drawing {
  shape: 'wide' | 'tall';
  width: number;
  height: number;
  nginx: Box;
  instances: (Box & { instance: InstanceView })[];
  servers: (Box & { server: ServerView })[];
  links: Link[];
}

export function drawWide(system: SystemView): Drawing {
  const size = { instance: { width: 210, height: 84 }, server: { width: 352, height: 118 } };
  const heights = [
    system.instances.length * (size.instance.height + 20) - 20,
    system.servers.length * (size.server.height + 28) - 28,
  ];
  const height = Math.max(...heights) + 24;
  const column = <T>(items: T[], x: number, box: { width: number; height: number }, gap: number) => {
    const top = (height - (items.length * (box.height + gap) - gap)) / 2;
    return items.map((item, index) => ({ ...item, ...box, x, y: top + index * (box.height + gap) }));
  };
  const nginx = { x: 2, y: height / 2 - 36, width: 124, height: 72 };
  const instances = column(
    system.instances.map((instance) => ({ instance })),
    228,
    size.instance,
    20,
  );
  const servers = column(
    system.servers.map((server) => ({ server })),
    598,
    size.server,
    28,
  );

  const links: Link[] = [];
  for (const { instance, ...box } of instances) {
    const y = middle(box);
    links.push(requestLink(instance, across(right(nginx), middle(nginx), box.x, y)));
    for (const target of servers) {
      links.push(databaseLink(instance, target.server, across(right(box), y, target.x, middle(target))));
    }
  }
  links.push(...replicationLinks(servers, 62));
  return { shape: 'wide', width: 1000, height, nginx, instances, servers, links };
}

export function drawTall(system: SystemView): Drawing {
  const inRow = 3;
  const instanceBox = { width: 108, height: 92 };
  const serverBox = { width: 308, height: 118 };
  const nginx = { x: 120, y: 2, width: 120, height: 52 };
  const instances = system.instances.map((instance, index) => {
    const row = Math.floor(index / inRow);
    const count = Math.min(inRow, system.instances.length - row * inRow);
    const left = (360 - (count * (instanceBox.width + 10) - 10)) / 2;
    return {
      instance,
      ...instanceBox,
      x: left + (index % inRow) * (instanceBox.width + 10),
      y: 104 + row * (instanceBox.height + 26),
    };
  });
  const rows = Math.ceil(system.instances.length / inRow);
  const serversTop = 104 + rows * (instanceBox.height + 26) + 38;
  const servers = system.servers.map((server, index) => ({
    server,
    ...serverBox,
    x: 26,
    y: serversTop + index * (serverBox.height + 30),
  }));

  const links: Link[] = [];
  for (const { instance, ...box } of instances) {
    const x = center(box);
    links.push(requestLink(instance, down(center(nginx), bottom(nginx), x, box.y)));
    for (const [index, target] of servers.entries()) {
      const isFirst = index === 0;
      const y = middle(target);
      const gutter = `M${x} ${bottom(box)} C${x} ${bottom(box) + 40} 10 ${serversTop - 50} 10 ${serversTop} L10 ${y - 14} Q10 ${y} ${target.x} ${y}`;
      const path = isFirst ? down(x, bottom(box), center(target), target.y) : gutter;
      links.push(databaseLink(instance, target.server, path));
    }
  }
  links.push(...replicationLinks(servers, 32));
  const height = serversTop + servers.length * (serverBox.height + 30) - 26;
  return { shape: 'tall', width: 360, height, nginx, instances, servers, links };
}

function requestLink(instance: InstanceView, path: string): Link {
  const isBroken = instance.condition === 'silent';
  return { kind: 'request', path, isBroken, ...strength(instance.activity.lastMinute.requests, isBroken) };
}

/** Requests count for the primary, which serves their sessions unless it is away. */
function databaseLink(instance: InstanceView, server: ServerView, path: string): Link {
  const { requests, reads } = instance.activity.lastMinute;
  const isPrimary = server.role === 'primary';
  const isBroken = instance.condition === 'silent' || ['down', 'outOfUse'].includes(server.condition);
  const perMinute = (reads[server.name] ?? 0) + (isPrimary ? requests : 0);
  return { kind: isPrimary ? 'write' : 'read', path, isBroken, ...strength(perMinute, isBroken) };
}

function replicationLinks(servers: (Box & { server: ServerView })[], bulge: number): Link[] {
  const primary = servers.find(({ server }) => server.role === 'primary');
  if (!primary) return [];
  const [x, from] = [right(primary), middle(primary)];
  return servers
    .filter((target) => target !== primary)
    .map((target) => {
      const to = middle(target);
      const path = `M${x} ${from} C${x + bulge} ${from} ${x + bulge} ${to} ${x} ${to}`;
      return replicationLink(primary.server, target.server, path);
    });
}

function replicationLink(primary: ServerView, replica: ServerView, path: string): Link {
  const isBroken = primary.condition === 'down' || !replica.receiving || !replica.applying;
  return {
    kind: 'replication',
    path,
    isBroken,
    width: 3,
    flow: isBroken ? 0 : replica.condition === 'behind' ? 1 : 2,
  };
}

function strength(perMinute: number, isBroken: boolean): Pick<Link, 'width' | 'flow'> {
  if (isBroken || perMinute <= 0) return { width: 1.5, flow: 0 };
  const flow = perMinute < 60 ? 1 : perMinute < 600 ? 2 : 3;
  return { width: Math.min(8, Math.round((1.5 + 1.4 * Math.log10(1 + perMinute)) * 10) / 10), flow };
}

const right = ({ x, width }: Box) => x + width;
const bottom = ({ y, height }: Box) => y + height;
const middle = ({ y, height }: Box) => y + height / 2;
const center = ({ x, width }: Box) => x + width / 2;

function across(x1: number, y1: number, x2: number, y2: number): string {
  const bend = (x2 - x1) * 0.5;
  return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

function down(x1: number, y1: number, x2: number, y2: number): string {
  const bend = (y2 - y1) * 0.5;
  return `M${x1} ${y1} C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
}

import type { DayFlow } from './movement-days.ts';

/** The drawing's own units; the page stretches it. */
const DAY_WIDTH = 20;
const BAR_WIDTH = 14;
const LONGEST = 100;
/** A bar that is so many times as long as the next would leave nothing of the others: it is cut. */
const TOO_LONG = 4;
const CUT_LENGTH = 1.5;

interface Bar {
  y: number;
  height: number;
  isCut: boolean;
}

export interface FlowChart {
  width: number;
  height: number;
  baseline: number;
  barWidth: number;
  most: { in: number; out: number };
  days: { flow: DayFlow; x: number; in: Bar; out: Bar }[];
}

export function drawFlow(days: DayFlow[]): FlowChart {
  const ins = days.map(({ movementsIn }) => movementsIn);
  const outs = days.map(({ movementsOut }) => movementsOut);
  const scale = scaleFor([...ins, ...outs]);
  const most = { in: Math.min(scale, Math.max(...ins)), out: Math.min(scale, Math.max(...outs)) };
  const baseline = Math.max(1, lengthOf(most.in, scale));
  const bar = (count: number, isAbove: boolean): Bar => {
    const height = lengthOf(count, scale);
    return { y: isAbove ? baseline - height : baseline, height, isCut: count > scale };
  };
  return {
    width: days.length * DAY_WIDTH,
    height: baseline + Math.max(1, lengthOf(most.out, scale)),
    baseline,
    barWidth: BAR_WIDTH,
    most,
    days: days.map((flow, index) => ({
      flow,
      x: index * DAY_WIDTH + (DAY_WIDTH - BAR_WIDTH) / 2,
      in: bar(flow.movementsIn, true),
      out: bar(flow.movementsOut, false),
    })),
  };
}

/** A single movement can be seen beside thousands. */
function lengthOf(count: number, scale: number): number {
  return count === 0 ? 0 : Math.max(2, Math.round((Math.min(count, scale) / scale) * LONGEST));
}

function scaleFor(counts: number[]): number {
  const [first = 0, ...others] = counts.filter((count) => count > 0).sort((one, other) => other - one);
  let scale = Math.max(1, first);
  let longer = first;
  for (const count of others.slice(0, 3)) {
    if (longer > TOO_LONG * count) scale = Math.ceil(CUT_LENGTH * count);
    longer = count;
  }
  return scale;
}

import type { DayFlow } from './movement-days.ts';

/** The drawing's own units; the page scales it. */
const DAY_WIDTH = 20;
const BAR_WIDTH = 14;
const HALF = 100;
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
  /** How many movements the height of a half stands for. */
  scale: number;
  days: { flow: DayFlow; x: number; in: Bar; out: Bar }[];
}

/** What comes in stands on the line, what goes out hangs from it. */
export function drawFlow(days: DayFlow[]): FlowChart {
  const scale = scaleFor(days.flatMap(({ movementsIn, movementsOut }) => [movementsIn, movementsOut]));
  const bar = (count: number, isAbove: boolean): Bar => {
    const isCut = count > scale;
    // A single movement can be seen beside thousands.
    const height = count === 0 ? 0 : Math.max(2, Math.round((Math.min(count, scale) / scale) * HALF));
    return { y: isAbove ? HALF - height : HALF, height, isCut };
  };
  return {
    width: days.length * DAY_WIDTH,
    height: 2 * HALF,
    baseline: HALF,
    barWidth: BAR_WIDTH,
    scale,
    days: days.map((flow, index) => ({
      flow,
      x: index * DAY_WIDTH + (DAY_WIDTH - BAR_WIDTH) / 2,
      in: bar(flow.movementsIn, true),
      out: bar(flow.movementsOut, false),
    })),
  };
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

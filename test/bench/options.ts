import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readSettings, SettingsError, wholeNumber } from '../../src/config/settings.ts';

export interface BenchOptions {
  products: number;
  /** Fewer repeats. */
  quick: boolean;
  json: string | undefined;
  /** Only builds the data folder `var`, for `npm start`. */
  onlyBuild: boolean;
  var: string | undefined;
}

const USAGE =
  'Options: --products NUMBER, --quick, --json FILE; or --only-build --var FOLDER [--products NUMBER]';

/** @throws SettingsError naming the option and what it accepts */
export function readOptions(argv: string[]): BenchOptions {
  const values = parse(argv);
  const products = values.products ?? (values.quick ? '100000' : '1000000');
  const count = z.object({ '--products': wholeNumber(10_000, 10_000_000) });
  if (values['only-build'] !== (values.var !== undefined)) throw new SettingsError(USAGE);
  return {
    products: readSettings(count, { '--products': products })['--products'],
    quick: values.quick,
    json: values.json,
    onlyBuild: values['only-build'],
    var: values.var && resolve(values.var),
  };
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      options: {
        products: { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        'only-build': { type: 'boolean', default: false },
        var: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new SettingsError(`${(error as Error).message}\n${USAGE}`);
  }
}

import { availableParallelism, totalmem } from 'node:os';

const GIB = 1024 ** 3;
/** Each worker has a system of its own: two database servers and three instances. */
const hasRoomForTwo = availableParallelism() > 1 && totalmem() > 15 * GIB;
/** What names its files, as `npm test -- test/stock`, starts one system only. */
const namesFiles = process.argv.slice(2).some((argument) => !argument.startsWith('-'));

export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': './test/support/strip-types.js' },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.runtime', '<rootDir>/var'],
  watchman: false,
  maxWorkers: hasRoomForTwo && !namesFiles ? 2 : 1,
  testTimeout: 300_000,
  globalSetup: './test/support/global-setup.ts',
  globalTeardown: './test/support/global-teardown.ts',
};

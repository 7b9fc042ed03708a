import shared from '../../jest.config.js';

const { globalSetup: _setup, globalTeardown: _teardown, ...rest } = shared;

export default {
  ...rest,
  rootDir: '../..',
  maxWorkers: 1,
  testMatch: ['<rootDir>/test/model/*.model.ts'],
  testTimeout: 1_800_000,
};

import model from '../model/jest.config.js';

export default {
  ...model,
  testMatch: ['<rootDir>/test/durability/*.durability.ts'],
  // Each file has a system of its own, and mostly waits for servers to come back.
  maxWorkers: 2,
};

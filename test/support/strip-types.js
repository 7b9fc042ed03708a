import { stripTypeScriptTypes } from 'node:module';

/** Strips types as Node does, so that Jest runs the same code with the same line numbers. */
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
};

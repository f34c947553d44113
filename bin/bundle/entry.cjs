// Where the bundle begins. What only tells about itself need not read what a build runs, nor need a build that is the
// same as the last one.

'use strict';

const {tsbuildLoad, tsbuildEarly, tsbuildForget} = require('./load.cjs');

const [, , only, ...others] = process.argv;
if (others.length === 0 && ['--version', '-V', 'version', '--help', '-h', 'help'].includes(only)) {
  tsbuildEarly(require('./early.cjs'));
}
if (!isAnswered()) tsbuildLoad('tsbuild');

/** The launcher has begun a helper: this is a build. */
function isAnswered() {
  if (process.env.TSBUILD_HELPER_STARTED === undefined) return false;
  tsbuildEarly(require('./unchanged.cjs'));
  if (tsbuildLoad('unchanged').answersUnchanged()) return true;
  tsbuildForget();
  return false;
}

// Where the bundle begins. What only tells about itself need not read what a build runs.

'use strict';

const {tsbuildLoad, tsbuildEarly} = require('./load.cjs');

const [, , only, ...others] = process.argv;
if (others.length === 0 && ['--version', '-V', 'version', '--help', '-h', 'help'].includes(only)) {
  tsbuildEarly(require('./early.cjs'));
}
tsbuildLoad('tsbuild');

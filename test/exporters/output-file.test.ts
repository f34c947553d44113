// What went wrong with a place that a result is written to, in the user's words.

import {describe, expect, it} from 'vitest';
import {asOutputError} from '../../src/exporters/output-file.ts';
import {HelperError} from '../../src/helper/helper.ts';

const noSpace = 28;
const notPermitted = 1;

describe('an output that cannot be written', () => {
  it("names the place and says why, as the user's to mend", () => {
    const readOnly = Object.assign(new Error('EROFS: open'), {code: 'EROFS'});
    expect(asOutputError(readOnly, 'out.tar')).toMatchObject({
      kind: 'user',
      message: 'output out.tar cannot be written: read-only file system',
    });
  });

  it("is the machine's doing where its disk is full, also when the helper says so", () => {
    const full = new HelperError('copy', noSpace, '/out/a', 'cannot copy the data: no space left on device');
    for (const error of [full, Object.assign(new Error('write'), {code: 'ENOSPC'})]) {
      expect(asOutputError(error, 'out')).toMatchObject({
        kind: 'environment',
        message: 'output out cannot be written: no space left on device',
      });
    }
  });

  it('leaves alone what may be about something else', () => {
    const denied = new HelperError('copy', notPermitted, '/layer/a', 'cannot read: operation not permitted');
    expect(asOutputError(denied, 'out')).toBe(denied);
    const broken = new Error('broken');
    expect(asOutputError(broken, 'out')).toBe(broken);
  });
});

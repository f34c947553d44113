import {expect, it} from 'vitest';
import {finding} from '../../../../src/build/doctor/report.ts';
import {doctorText} from '../../../../src/cli/commands/doctor/doctor.ts';

const findings = [
  finding('kernel', 'ok', 'Linux 6.8', {needed: true}),
  finding('user namespace', 'missing', 'there is none', {fix: 'sysctl x=1', needed: true}),
];

it('is a table, the way to mend something below it', () => {
  expect(doctorText({ok: false, findings}, false)).toBe(
    [
      'ok       kernel          Linux 6.8',
      'missing  user namespace  there is none',
      '                         fix: sysctl x=1',
      '',
      'builds cannot run here',
      '',
    ].join('\n'),
  );
});

it('has colours when asked', () => {
  expect(doctorText({ok: true, findings}, true)).toContain('\u001b[31mmissing\u001b[0m  user namespace');
});

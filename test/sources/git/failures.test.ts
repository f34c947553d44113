// git's last words as a user reads them.

import {expect, it} from 'vitest';
import {GitFailure} from '../../../src/helper/git-process.ts';
import {gitFailureOf} from '../../../src/sources/git/failures.ts';

function failure(said: string): {kind: string; code: string; message: string; hint: string; notes: string[]} {
  const error = gitFailureOf(new GitFailure(128, said), 'fetching X') as {
    kind: string;
    message: string;
    diagnostics: {code: string; hints?: string[]; notes?: string[]}[];
  };
  const [first] = error.diagnostics;
  return {
    kind: error.kind,
    code: first?.code ?? '',
    message: error.message,
    hint: first?.hints?.join() ?? '',
    notes: first?.notes ?? [],
  };
}

it.each([
  [
    "fatal: could not read Username for 'https://x': terminal prompts disabled",
    'user',
    'git-denied',
    /GIT_AUTH_TOKEN/,
  ],
  [
    "remote: Not found.\nfatal: repository 'https://x/y.git/' not found",
    'user',
    'git-not-found',
    /check the address/,
  ],
  [
    "fatal: unable to access 'https://x/': Could not resolve host: x",
    'environment',
    'git-unreachable',
    /network/,
  ],
  [
    "fatal: unable to access 'https://x/': SSL certificate problem: self-signed",
    'environment',
    'git-untrusted',
    /CAINFO/,
  ],
  ["fatal: transport 'file' not allowed", 'user', 'git-transport', /https, http, ssh and git/],
  [
    'error: file write error: No space left on device\nfatal: unable to write',
    'environment',
    'store-disk-full',
    /--root/,
  ],
])('%j', (said, kind, code, hint) => {
  expect(failure(said)).toMatchObject({kind, code, hint: expect.stringMatching(hint)});
});

it('says why ssh failed rather than that it did', () => {
  const said = [
    'git@x: Permission denied (publickey).\r',
    'fatal: Could not read from remote repository.',
    '',
    'Please make sure you have the correct access rights',
    'and the repository exists.',
  ].join('\n');
  expect(failure(said)).toMatchObject({
    message: 'fetching X: git@x: Permission denied (publickey).',
    hint: 'give an ssh agent that has the key: --ssh default',
  });
});

it('has a sentence for a git that said nothing', () => {
  expect(failure('').message).toBe('fetching X: git exited with 128');
});

it('passes on no controls of a terminal', () => {
  expect(failure('remote: \x1b[31mred\nfatal: no').notes).toEqual(['git says: remote:  [31mred']);
});

it('leaves other errors as they are', () => {
  const other = new Error('other');
  expect(gitFailureOf(other, 'fetching X')).toBe(other);
});

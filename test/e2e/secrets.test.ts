// Where a secret may be seen: by the step that asked for it, and nowhere else. Looked for in everything that a build
// leaves or says, and in the command lines of its processes while the step runs. Agents likewise.

import {execFileSync} from 'node:child_process';
import {generateKeyPairSync, randomBytes} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import {chmod, mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';
import {needCommand, needRoot} from './requirements.ts';

let space: Workspace;
/** Never written by the tests but into the file and the variable that are given. */
const fileSecret = `file-${randomBytes(12).toString('hex')}`;
const envSecret = `env-${randomBytes(12).toString('hex')}`;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

/** Files below `folder` that hold a secret, as it is or compressed. */
function filesWithSecrets(folder: string): string[] {
  const files = readdirSync(folder, {recursive: true, withFileTypes: true}).filter((entry) => entry.isFile());
  return files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => holdsSecret(readFileSync(path)));
}

function holdsSecret(bytes: Buffer): boolean {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = (isGzip ? gunzipSync(bytes) : bytes).toString('latin1');
  return [fileSecret, envSecret].some((secret) =>
    // As it is, and as the helper is told.
    [secret, Buffer.from(secret).toString('hex')].some((form) => text.includes(form)),
  );
}

async function givenSecrets(): Promise<{flags: string[]; env: Record<string, string>}> {
  const file = join(space.folder, 'given-secret');
  await writeFile(file, fileSecret);
  const flags = ['--secret', `id=file,src=${file}`, '--secret', 'id=variable,env=GIVEN_SECRET'];
  return {flags, env: {GIVEN_SECRET: envSecret}};
}

const mounts =
  '--mount=type=secret,id=file,required --mount=type=secret,id=variable,env=TOKEN --mount=type=secret,id=variable,target=/v';

describe('secrets', () => {
  it('are seen by their step, on a tmpfs, and are nowhere afterwards', async () => {
    const checks = [
      `test "$(wc -c < /run/secrets/file) $(echo -n "$TOKEN" | wc -c)" = "${fileSecret.length} ${envSecret.length}"`,
      'test "$(cat /v)" = "$TOKEN"',
      'grep -q " /run/secrets/file tmpfs ro" /proc/mounts',
    ];
    const context = await space.context({
      Dockerfile: `FROM busybox\nRUN ${mounts} ${checks.join(' && ')}\nRUN test ! -e /run/secrets && test ! -e /v\n`,
    });
    const {flags, env} = await givenSecrets();
    const root = join(space.folder, 'secret-state');
    const dest = join(space.folder, 'secret-layout');
    const outputs = ['-o', `type=oci,dest=${dest},tar=false`, '-t', 'secret'];
    const plain = await space.run(['build', '--progress', 'plain', ...flags, ...outputs, context], {
      env,
      root,
    });
    expect(plain.code, plain.stderr).toBe(0);
    const raw = await space.run(
      ['build', '--progress', 'rawjson', '--no-cache', ...flags, ...outputs, context],
      {env, root},
    );
    expect(raw.code, raw.stderr).toBe(0);
    for (const {stdout, stderr} of [plain, raw]) {
      expect(holdsSecret(stdout)).toBe(false);
      expect(holdsSecret(Buffer.from(stderr))).toBe(false);
    }
    expect(filesWithSecrets(root)).toEqual([]);
    expect(filesWithSecrets(dest)).toEqual([]);
  });

  it('are found by this search where they are', async () => {
    const {flags, env} = await givenSecrets();
    const root = join(space.folder, 'leaky-state');
    const text = 'FROM busybox\nRUN --mount=type=secret,id=file cp /run/secrets/file /leak\n';
    const context = await space.context({Dockerfile: text});
    await space.build([...flags, '-o', `type=oci,dest=${join(space.folder, 'leaky')},tar=false`, context], {
      env,
      root,
    });
    expect(filesWithSecrets(root)).not.toEqual([]);
    expect(filesWithSecrets(join(space.folder, 'leaky'))).toHaveLength(1);
  });

  it('are in no command line while the step runs, nor in what is said of its failure', async () => {
    const context = await space.context({
      Dockerfile: `FROM busybox\nRUN ${mounts} echo at $((6*7)); sleep 2; cat /run/secrets/none "$TOKEN" 2> /dev/null\n`,
    });
    const {flags, env} = await givenSecrets();
    const running = space.start(['build', '--progress', 'plain', ...flags, context], {env});
    await running.until(/ at 42/);
    const lines = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => commandLine(pid));
    expect(lines.some((line) => line.includes('at $((6*7))'))).toBe(true);
    expect(lines.filter((line) => holdsSecret(Buffer.from(line)))).toEqual([]);
    const {code, stderr} = await running.done;
    expect(code).toBe(1);
    expect(stderr).toContain('did not complete successfully: exit code: 1');
    expect(holdsSecret(Buffer.from(stderr))).toBe(false);
    expect(filesWithSecrets(space.root)).toEqual([]);
  });

  it('that a step prints are shown and kept as ***, in every form of progress and in the error', async () => {
    const prints = [
      'cat /run/secrets/file; echo " $TOKEN" >&2',
      // In two pieces.
      'head -c 20 /v; sleep 0.3; tail -c +21 /v',
      'echo; echo printed; exit 9',
    ];
    const context = await space.context({Dockerfile: `FROM busybox\nRUN ${mounts} ${prints.join('; ')}\n`});
    const {flags, env} = await givenSecrets();
    const root = join(space.folder, 'printing-state');
    for (const progress of ['plain', 'rawjson', 'quiet', 'tty']) {
      const {code, stderr} = await space.run(['build', '--progress', progress, ...flags, context], {
        env,
        root,
      });
      expect(code, stderr).toBe(1);
      expect(stderr).toContain(progress === 'rawjson' ? Buffer.from('***').toString('base64') : '***');
      const decoded = [...stderr.matchAll(/"data":"([^"]*)"/g)].map(([, data = '']) =>
        Buffer.from(data, 'base64'),
      );
      expect(holdsSecret(Buffer.concat([Buffer.from(stderr), ...decoded]))).toBe(false);
    }
    const {stdout} = await space.run(['history logs'], {root});
    expect(stdout.toString()).toMatch(/\*\*\*[\s\S]*printed\n/);
    expect(filesWithSecrets(root)).toEqual([]);
  });

  it('that are required and not given are told of by their ids', async () => {
    const context = await space.context({
      Dockerfile: 'FROM busybox\nRUN --mount=type=secret,id=gone,required true\n',
    });
    const {code, stderr} = await space.run(['build', context]);
    expect(code).toBe(1);
    expect(stderr).toContain('secret gone: not found');
    expect(stderr).toContain('--secret id=gone,src=FILE');
  });
});

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

// Asks the agent at argv[1] one question, of the type in argv[2], and prints the type of the answer and its fifth byte:
// how many keys there are.
const client = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  unsigned char question[5] = {0, 0, 0, 1, (unsigned char)atoi(argv[2])}, answer[4096];
  strncpy(to.sun_path, argv[1], sizeof to.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (argc != 3 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) { perror("connect"); return 1; }
  if (write(fd, question, 5) != 5 || read(fd, answer, sizeof answer) < 5) return 2;
  printf("type %d keys %d\\n", answer[4], answer[8]);
  return 0;
}
`;

describe('agents', () => {
  it('an ordinary user of a step lists the keys, and nobody else does, and nobody removes them', async (test) => {
    needRoot(test);
    needCommand(test, 'gcc');
    const context = await space.context({'client.c': client, Dockerfile: ''});
    execFileSync('gcc', ['-static', '-o', join(context, 'client'), join(context, 'client.c')]);
    const key = join(space.folder, 'key');
    const {privateKey} = generateKeyPairSync('ed25519');
    await writeFile(key, privateKey.export({type: 'pkcs8', format: 'pem'}));
    await chmod(key, 0o600);
    const own = '--mount=type=ssh,uid=1000,mode=0600';
    await writeFile(
      join(context, 'Dockerfile'),
      [
        'FROM busybox',
        'COPY client /client',
        'USER 1000',
        `RUN ${own} test "$(stat -c '%u %g %a' $SSH_AUTH_SOCK)" = "1000 0 600"`,
        `RUN ${own} test "$(/client $SSH_AUTH_SOCK 11)" = "type 12 keys 1"`,
        `RUN ${own} /client $SSH_AUTH_SOCK 19 | grep "type 5 "`,
        'RUN --mount=type=ssh ! /client $SSH_AUTH_SOCK 11',
        'RUN test ! -e /run/buildkit',
      ].join('\n'),
    );
    // Deeper than the path of a socket may be long.
    const deep = join(space.folder, 'd'.repeat(60), 'e'.repeat(60));
    await mkdir(deep, {recursive: true});
    await space.build(['--ssh', `default=${key}`, context], {root: join(deep, 'state')});
    expect(readdirSync(join(deep, 'state', 'work'))).toEqual([]);
  });
});

// Each of our rules. They are on where nearly everybody would agree, so what matters most is when they are silent.

import {describe, expect, it} from 'vitest';
import {type LintOptions, linted} from '../linted.ts';

async function linesOf(rule: string, text: string, options: LintOptions = {}): Promise<readonly number[]> {
  const {warnings} = await linted(text, options);
  return warnings.filter((warning) => warning.includes(` ${rule}:`)).map((warning) => parseInt(warning, 10));
}

describe('tsbuild/CopyBeforeDependencyInstall', () => {
  const lines = (...steps: readonly string[]) =>
    linesOf('tsbuild/CopyBeforeDependencyInstall', `FROM node:22\n${steps.join('\n')}\n`);

  it.each([
    'npm ci',
    'npm install --omit=dev',
    'cd app && npm i',
    'yarn',
    'yarn install --frozen-lockfile',
    'pnpm i',
    'pip install -r requirements.txt',
    'pip3 install --no-cache-dir --requirement=r.txt',
    'bundle install --jobs 4',
    'composer install --no-dev',
    'go mod download',
  ])('names the COPY above "%s"', async (command) => {
    expect(await lines('COPY . .', `RUN ${command}`)).toEqual([2]);
  });

  it.each([
    'npm install -g pnpm',
    'npm install express',
    'npm run install',
    'pip install black',
    'pip install .',
    'go build ./...',
    'yarn build',
    'echo npm ci',
  ])('is silent about "%s", which reads no manifest', async (command) => {
    expect(await lines('COPY . .', `RUN ${command}`)).toEqual([]);
  });

  it('is silent when the same tool installed before, or the RUN has a cache mount', async () => {
    expect(await lines('COPY package.json .', 'RUN npm ci', 'COPY . .', 'RUN npm ci --omit=dev')).toEqual([]);
    expect(await lines('COPY . .', 'RUN --mount=type=cache,target=/root/.npm npm ci')).toEqual([]);
  });

  it('looks for the whole context, by whatever name', async () => {
    expect(await lines('COPY ./ /app/', 'RUN npm ci')).toEqual([2]);
    expect(await lines('COPY src package.json ./', 'RUN npm ci')).toEqual([]);
    expect(await lines('COPY --exclude=src . .', 'RUN npm ci')).toEqual([]);
  });

  it('reads exec forms, with and without a shell', async () => {
    expect(await lines('COPY . .', 'RUN ["npm", "ci"]')).toEqual([2]);
    expect(await lines('COPY . .', 'RUN ["/bin/bash", "-ec", "npm ci"]')).toEqual([2]);
  });
});

describe('tsbuild/AptGetUpdateAlone', () => {
  const lines = (command: string) => linesOf('tsbuild/AptGetUpdateAlone', `FROM debian\nRUN ${command}\n`);

  it.each(['apt-get update', 'apt update -q', 'set -e; apt-get -qq update', '<<EOF\napt-get update\nEOF'])(
    'minds %j',
    async (command) => {
      expect(await lines(command)).toEqual([2]);
    },
  );

  it.each([
    'apt-get update && apt-get install -y curl',
    'apt-get update && ./setup.sh',
    'apt-get install curl',
  ])('accepts %j', async (command) => {
    expect(await lines(command)).toEqual([]);
  });
});

describe('tsbuild/ArgHidesEnv', () => {
  const lines = (text: string, options: LintOptions = {}) => linesOf('tsbuild/ArgHidesEnv', text, options);

  it('minds an ARG with another value than the ENV above it, or of the base image', async () => {
    expect(await lines('FROM alpine\nENV A=1\nARG A=2\n')).toEqual([3]);
    expect(await lines('FROM alpine\nARG PATH=/x\n')).toEqual([2]);
    expect(await lines('FROM alpine\nENV A=1\nARG A\n', {buildArgs: {A: '2'}})).toEqual([3]);
  });

  it('accepts an ARG that ENV hands on, and one that repeats it', async () => {
    expect(await lines('FROM alpine\nARG A=1\nENV A=$A\n')).toEqual([]);
    expect(await lines('ARG A=1\nFROM alpine AS b\nARG A\nENV A=$A\nFROM b\nARG A\n')).toEqual([]);
    expect(await lines('FROM alpine\nENV A=1\nARG A\n')).toEqual([]);
  });
});

describe('tsbuild/RecursiveChownAfterCopy', () => {
  const lines = (...steps: readonly string[]) =>
    linesOf('tsbuild/RecursiveChownAfterCopy', `FROM alpine\n${steps.join('\n')}\n`);

  it('minds a change of all that was copied', async () => {
    expect(await lines('COPY a /app/', 'RUN chown -R me:me /app')).toEqual([3]);
    expect(await lines('WORKDIR /app', 'COPY . .', 'RUN true && chmod -Rv 755 .')).toEqual([4]);
  });

  it('accepts other places, single files and what a RUN has made', async () => {
    expect(await lines('COPY a /app/', 'RUN chown -R me /var/log')).toEqual([]);
    expect(await lines('COPY a /app/', 'RUN chown me /app')).toEqual([]);
    expect(await lines('RUN mkdir /app', 'RUN chown -R me /app')).toEqual([]);
  });
});

describe('tsbuild/UnpinnedBaseImage', () => {
  const asked = '# check=experimental=tsbuild/UnpinnedBaseImage\n';
  const lines = (text: string) => linesOf('tsbuild/UnpinnedBaseImage', text);

  it('is off unless it is asked for', async () => {
    expect(await lines('FROM alpine\n')).toEqual([]);
    expect(await lines(`${asked}FROM alpine\nFROM debian:latest\n`)).toEqual([2, 3]);
  });

  it('accepts versions, digests, stages and scratch', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const text = `FROM alpine:3 AS a\nFROM a\nFROM scratch\nFROM alpine@${digest}\n`;
    expect(await lines(asked + text)).toEqual([]);
  });
});

describe('tsbuild/BrokenExecForm', () => {
  const lines = (text: string) => linesOf('tsbuild/BrokenExecForm', `FROM a\n${text}\n`);

  it.each([
    "CMD ['node', 'app.js']",
    'CMD ["node", "app.js",]',
    'ENTRYPOINT [“node”, “app.js”]',
    "ENTRYPOINT ['node']",
    'RUN [\'npm\', "ci"]',
    "HEALTHCHECK CMD ['curl', 'x']",
    "VOLUME ['/data', '/logs']",
    "COPY ['a b', '/c/']",
  ])('minds %s', async (text) => expect(await lines(text)).toEqual([2]));

  it.each([
    'CMD ["node"]',
    'CMD []',
    'RUN [ -f x ]',
    'RUN [ "$x" ]',
    "RUN [ 'a' = 'b' ] && c",
    'RUN [[ "$x" == "y" ]]',
    "COPY a 'b' /",
    'SHELL ["sh", "-c"]',
  ])('does not mind %s', async (text) => expect(await lines(text)).toEqual([]));
});

describe('tsbuild/ExecFormWithoutShell', () => {
  const lines = (text: string) => linesOf('tsbuild/ExecFormWithoutShell', `FROM a\n${text}\n`);

  it.each([
    'CMD ["npm", "start", "&&", "b"]',
    'RUN ["echo", "x", ">", "/y"]',
    'CMD ["serve", "$PORT"]',
    'ENTRYPOINT ["java", "-jar", "${APP_HOME}/a.jar"]',
    'CMD ["serve", "--port=$PORT"]',
    'HEALTHCHECK CMD ["curl", "-f", "x", "||", "exit", "1"]',
  ])('minds %s', async (text) => expect(await lines(text)).toEqual([2]));

  it.each([
    'CMD npm start && b',
    'CMD ["sh", "-c", "echo $HOME && x"]',
    'ENTRYPOINT ["/bin/tini", "--", "/bin/bash", "-c", "exec $APP"]',
    'RUN ["awk", "{print $1}", "x"]',
    'CMD ["envsubst", "$HOST"]',
    'RUN ["grep", "a$", "x"]',
    'CMD ["a", "b && c"]',
    'CMD ["$HOME"]',
  ])('does not mind %s', async (text) => expect(await lines(text)).toEqual([]));
});

describe('tsbuild/LostShellState', () => {
  const lines = (text: string) => linesOf('tsbuild/LostShellState', `FROM a\n${text}\n`);

  it.each([
    'RUN cd /app',
    'RUN export A=1 B=2',
    'RUN cd /a && export B=c',
    'RUN umask 022',
    'RUN ["sh", "-c", "cd /a"]',
  ])('minds %s', async (text) => expect(await lines(text)).toEqual([2]));

  it.each([
    'RUN cd /app && make',
    'RUN make && cd /app',
    'RUN export A=1; b',
    'RUN echo cd',
    'WORKDIR /a',
    'RUN cd /a || exit 1',
    'RUN ["cd-rom"]',
    'RUN <<E\ncd /a\nmake\nE',
  ])('does not mind %j', async (text) => expect(await lines(text)).toEqual([]));
});

describe('tsbuild/DownloadPipedToShell', () => {
  const lines = (text: string) => linesOf('tsbuild/DownloadPipedToShell', `FROM a\n${text}\n`);

  it.each([
    'RUN curl -fsSL https://a/b | bash -',
    'RUN wget -qO- https://a/b | sh && c',
    'RUN apt-get update && curl https://a/b |sudo -E bash',
    'RUN (curl https://a/b | /bin/sh -s -- --yes)',
    'RUN curl https://a/b | X=1 sh',
  ])('minds %s', async (text) => expect(await lines(text)).toEqual([2]));

  it.each([
    'RUN curl https://a/b | tar xz',
    'RUN curl -o x https://a/b && sh x',
    'RUN set -o pipefail && curl https://a/b | bash',
    'RUN curl https://a/b | shasum',
    'RUN echo curl',
    'RUN curl https://a/b | tee x; sh x',
  ])('does not mind %s', async (text) => expect(await lines(text)).toEqual([]));

  it('trusts a SHELL with pipefail', async () => {
    const text = 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN curl https://a/b | bash';
    expect(await lines(text)).toEqual([]);
  });
});

describe('tsbuild/ShellEntrypointIgnoresCmd', () => {
  const lines = (text: string) => linesOf('tsbuild/ShellEntrypointIgnoresCmd', `FROM a\n${text}\n`);

  it('minds an ENTRYPOINT in shell form beside a CMD, in any order', async () => {
    expect(await lines('ENTRYPOINT /app\nCMD ["x"]')).toEqual([2]);
    expect(await lines('CMD x\nENTRYPOINT exec /app --y')).toEqual([3]);
  });

  it.each([
    'ENTRYPOINT ["/app"]\nCMD ["x"]',
    'ENTRYPOINT /app "$@"\nCMD ["x"]',
    'ENTRYPOINT /app\nCMD []',
    'ENTRYPOINT /app',
    'ENTRYPOINT /app\nFROM b\nCMD x',
    'SHELL ["powershell"]\nENTRYPOINT /app\nCMD x',
  ])('does not mind %j', async (text) => expect(await lines(text)).toEqual([]));
});

describe('tsbuild/MisspeltBuildArg', () => {
  const minded = async (file: string, ...given: readonly string[]) => {
    const buildArgs = Object.fromEntries(given.map((name) => [name, '1']));
    return linesOf('tsbuild/MisspeltBuildArg', file, {buildArgs});
  };
  const file = 'ARG BASE=alpine\nFROM alpine\nARG VERSION=2\nRUN fetch $VERSION\n';

  it('names the ARG that was probably meant, above the first FROM too', async () => {
    expect(await minded(file, 'VERISON')).toEqual([3]);
    expect(await minded(file, 'BASF', 'VERSIONS')).toEqual([1, 3]);
  });

  it('is silent about names that are like no other, that docker knows, and where the other was given as well', async () => {
    expect(await minded(file, 'GIT_SHA', 'HTTP_PROXY', 'BUILDKIT_INLINE_CACHE')).toEqual([]);
    expect(await minded(file, 'VERISON', 'VERSION')).toEqual([]);
    expect(await minded(file, 'version')).toEqual([]);
  });
});

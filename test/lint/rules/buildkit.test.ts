// Each of BuildKit's rules: when it speaks, and when it holds its tongue. The texts are BuildKit's to the letter.

import {describe, expect, it} from 'vitest';
import {amd64} from '../../plan/plan-of.ts';
import {type LintOptions, linted} from '../linted.ts';

/** Warnings of one rule, its name left out. */
async function told(rule: string, text: string, options: LintOptions = {}): Promise<readonly string[]> {
  const {warnings} = await linted(text, options);
  return warnings.flatMap((warning) => {
    const [, line, name, detail] = /^(\d+) (\S+): (.*)$/s.exec(warning) ?? [];
    return name === rule ? [`${line} ${detail}`] : [];
  });
}

describe('StageNameCasing', () => {
  it('wants names in lower case', async () => {
    expect(await told('StageNameCasing', 'FROM scratch AS Web\nFROM scratch AS db\n')).toEqual([
      "1 Stage name 'Web' should be lowercase",
    ]);
  });
});

describe('FromAsCasing', () => {
  const told1 = (line: string) => told('FromAsCasing', `${line}\n`);

  it('wants AS to look like FROM, and leaves a FROM in mixed case to another rule', async () => {
    expect(await told1('FROM scratch as a')).toEqual(["1 'as' and 'FROM' keywords' casing do not match"]);
    expect(await told1('from scratch AS a')).toEqual(["1 'AS' and 'from' keywords' casing do not match"]);
    expect(await told1('FROM scratch As a')).toEqual(["1 'As' and 'FROM' keywords' casing do not match"]);
    expect(await told1('From scratch as a')).toEqual([]);
    expect(await told1('FROM as')).toEqual([]);
  });

  it('finds the words of a continued line with flags', async () => {
    expect(await told1('FROM --platform=$BUILDPLATFORM \\\n  scratch \\\n\tas a')).toHaveLength(1);
  });
});

describe('NoEmptyContinuation', () => {
  it('names the last line of the instruction', async () => {
    expect(await told('NoEmptyContinuation', 'FROM alpine\nRUN a \\\n\n  b\n')).toEqual([
      '4 Empty continuation line',
    ]);
    expect(await told('NoEmptyContinuation', 'FROM alpine\nRUN a \\\n # why\n  b\n')).toEqual([]);
  });
});

describe('ConsistentInstructionCasing', () => {
  const rule = 'ConsistentInstructionCasing';

  it('goes with the majority', async () => {
    expect(await told(rule, 'from alpine\nrun a\nRUN b\n')).toEqual([
      "3 Command 'RUN' should match the case of the command majority (lowercase)",
    ]);
  });

  it('prefers capitals in a tie and does not ask ARGs above FROM', async () => {
    expect(await told(rule, 'arg A\narg B\nFROM alpine\nrun b\n')).toEqual([
      "4 Command 'run' should match the case of the command majority (uppercase)",
    ]);
  });
});

describe('DuplicateStageName', () => {
  it('names the later one', async () => {
    expect(await told('DuplicateStageName', 'FROM scratch AS a\nFROM scratch AS A\nFROM scratch\n')).toEqual([
      '2 Duplicate stage name "a", stage names should be unique',
    ]);
  });
});

describe('ReservedStageName', () => {
  it('keeps scratch and context free', async () => {
    expect(await told('ReservedStageName', 'FROM alpine AS context\nFROM alpine AS contexts\n')).toEqual([
      '1 Stage name should not use the same name as reserved stage "context"',
    ]);
  });
});

describe('JSONArgsRecommended', () => {
  const rule = 'JSONArgsRecommended';

  it('minds shell forms, also of triggers, shown at the FROM that brought them', async () => {
    const images = {'docker.io/library/parent:latest': {OnBuild: ['CMD server'], Env: ['PATH=/']}};
    expect(await told(rule, 'FROM parent\nENTRYPOINT tool\n', {images})).toEqual([
      '1 JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
      '2 JSON arguments recommended for ENTRYPOINT to prevent unintended behavior related to OS signals',
    ]);
  });

  it('accepts a shell form below SHELL, of this file or of the base image', async () => {
    const images = {'docker.io/library/win:latest': {Shell: ['pwsh'], Env: ['PATH=/']}};
    expect(await told(rule, 'FROM win\nCMD x\n', {images})).toEqual([]);
    expect(await told(rule, 'FROM alpine\nSHELL ["sh"]\nCMD x\nHEALTHCHECK CMD x\n')).toEqual([]);
  });
});

describe('MaintainerDeprecated', () => {
  it('minds MAINTAINER', async () => {
    expect(await told('MaintainerDeprecated', 'FROM alpine\nmaintainer me\n')).toEqual([
      '2 Maintainer instruction is deprecated in favor of using label',
    ]);
  });
});

describe('UndefinedArgInFrom', () => {
  const rule = 'UndefinedArgInFrom';

  it('looks at image and platform, and knows predefined and valueless arguments', async () => {
    const text = 'ARG TAG\nFROM --platform=$BUILDPLATFROM alpine:${TAG:-3}\nFROM alpine:${TGA:-3}\n';
    expect(await told(rule, text)).toEqual([
      "2 FROM argument 'BUILDPLATFROM' is not declared (did you mean BUILDPLATFORM?)",
    ]);
    // Nothing is told of what follows a mistake.
    expect(await told(rule, text.replace('BUILDPLATFROM', 'TARGETPLATFORM'))).toEqual([
      "3 FROM argument 'TGA' is not declared (did you mean TAG?)",
    ]);
  });

  it('suggests nothing that is far away', async () => {
    expect(await told(rule, 'FROM alpine:${SOMETHING:-3}\n')).toEqual([
      "1 FROM argument 'SOMETHING' is not declared",
    ]);
  });
});

describe('WorkdirRelativePath', () => {
  const rule = 'WorkdirRelativePath';

  it('looks at the first WORKDIR of a chain of stages', async () => {
    const text = 'FROM alpine AS a\nFROM a\nWORKDIR x\nWORKDIR y\nFROM alpine\nWORKDIR /z\nWORKDIR z\n';
    expect(await told(rule, text)).toEqual([
      '3 Relative workdir "x" can have unexpected results if the base image changes',
    ]);
  });

  it('looks at what variables make of it', async () => {
    expect(await told(rule, 'FROM alpine\nENV D=/d\nWORKDIR $D\n')).toEqual([]);
  });
});

describe('UndefinedVar', () => {
  const rule = 'UndefinedVar';

  it('knows ENV of the base image, ARGs with and without a value, and not what comes later', async () => {
    const text = 'FROM alpine\nARG A\nCOPY $A$PATH$B /x\nARG B=1\nRUN echo $C\n';
    expect(await told(rule, text)).toEqual(["3 Usage of undefined variable '$B'"]);
  });

  it('looks into defaults, unless --build-arg replaces them, and into heredocs', async () => {
    const text = 'FROM alpine\nARG A=$X\nCOPY <<EOF /f\n$Y\nEOF\nCOPY <<"EOF" /f\n$Z\nEOF\n';
    expect(await told(rule, text)).toEqual([
      "2 Usage of undefined variable '$X'",
      "3 Usage of undefined variable '$Y' (did you mean $A?)",
    ]);
    expect(await told(rule, text, {buildArgs: {A: '1'}})).toHaveLength(1);
  });

  it('says it for each word that has it', async () => {
    expect(await told(rule, 'FROM scratch\nLABEL a=$LONG_NAME b=$LONG_NAME\n')).toHaveLength(2);
  });
});

describe('MultipleInstructionsDisallowed', () => {
  const rule = 'MultipleInstructionsDisallowed';

  it('names those that are lost', async () => {
    const text = 'FROM alpine\nCMD ["1"]\nCMD ["2"]\nCMD ["3"]\nENTRYPOINT ["4"]\n';
    const detail =
      'Multiple CMD instructions should not be used in the same stage because only the last one will be used';
    expect(await told(rule, text)).toEqual([`2 ${detail}`, `3 ${detail}`]);
  });

  it('looks at each stage alone', async () => {
    expect(await told(rule, 'FROM alpine AS a\nCMD ["1"]\nFROM a\nCMD ["2"]\n')).toEqual([]);
  });
});

describe('LegacyKeyValueFormat', () => {
  const rule = 'LegacyKeyValueFormat';

  it('wants an equals sign, and writes the keyword as the file does', async () => {
    expect(await told(rule, 'from alpine\nenv a b\nlabel a=b\n')).toEqual([
      '2 "env key=value" should be used instead of legacy "env key value" format',
    ]);
  });

  it('looks at the stages that are built', async () => {
    const text = 'FROM scratch AS a\nENV a b\nFROM scratch\n';
    expect(await told(rule, text, {allStages: false})).toEqual([]);
    expect(await told(rule, text)).toHaveLength(1);
  });
});

describe('InvalidBaseImagePlatform', () => {
  it('compares what was wanted with what the image says', async () => {
    const arm = {os: 'linux', architecture: 'arm64', variant: 'v8'};
    const options = {imagePlatform: arm, targetPlatform: amd64, platformGiven: true};
    expect(await told('InvalidBaseImagePlatform', 'FROM alpine:3\n', options)).toEqual([
      '1 Base image alpine:3 was pulled with platform "linux/arm64", expected "linux/amd64" for current build',
    ]);
    expect(await told('InvalidBaseImagePlatform', 'FROM alpine:3\n')).toEqual([]);
  });
});

describe('RedundantTargetPlatform', () => {
  const rule = 'RedundantTargetPlatform';

  it('shows the expression as written', async () => {
    expect(await told(rule, 'FROM --platform=${TARGETPLATFORM} alpine\n')).toEqual([
      '1 Setting platform to predefined ${TARGETPLATFORM} in FROM is redundant as this is the default behavior',
    ]);
  });

  it('accepts other variables, and more than this one', async () => {
    expect(await told(rule, 'FROM --platform=$BUILDPLATFORM alpine\n')).toEqual([]);
    expect(await told(rule, 'FROM --platform=$TARGETOS/$TARGETARCH alpine\n')).toEqual([]);
  });
});

describe('SecretsUsedInArgOrEnv', () => {
  const rule = 'SecretsUsedInArgOrEnv';
  const detail = (what: string) => `Do not use ARG or ENV instructions for sensitive data (${what})`;

  it('judges words of the name, in any case', async () => {
    const text = 'FROM alpine\nARG api_Token KEYBOARD\nENV MY_PASSWD=1 SECRETARY=2\n';
    expect(await told(rule, text)).toEqual([
      `2 ${detail('ARG "api_Token"')}`,
      `3 ${detail('ENV "MY_PASSWD"')}`,
    ]);
  });

  it('accepts names of files, versions and what is public', async () => {
    const text = 'FROM alpine\nARG TOKEN_FILE AUTH_VERSION PUBLIC_KEY\nENV SECRET_FILE=/x\n';
    expect(await told(rule, text)).toEqual([]);
  });

  it('does not look at ARGs above the first FROM', async () => {
    expect(await told(rule, 'ARG TOKEN\nFROM alpine\n')).toEqual([]);
  });
});

describe('InvalidDefaultArgInFrom', () => {
  const rule = 'InvalidDefaultArgInFrom';

  it('tries the defaults, whatever --build-arg says', async () => {
    expect(await told(rule, 'ARG V\nFROM alpine:$V\n', {buildArgs: {V: '3'}})).toEqual([
      '2 Default value for ARG alpine:$V results in empty or invalid base image name',
    ]);
    expect(await told(rule, 'ARG V=3\nARG W=$V\nFROM alpine:$W\n')).toEqual([]);
    expect(await told(rule, 'ARG V\nFROM alpine:${V:-3}\n')).toEqual([]);
  });
});

describe('FromPlatformFlagConstDisallowed', () => {
  const rule = 'FromPlatformFlagConstDisallowed';

  it('minds constants, unless the stage is named after them', async () => {
    const line = 'FROM --platform=linux/amd64 alpine';
    expect(await told(rule, `${line} AS build\n`)).toEqual([
      '1 FROM --platform flag should not use constant value "linux/amd64"',
    ]);
    expect(await told(rule, `${line} AS build-amd64\n${line} AS linuxes\n`)).toEqual([]);
    expect(await told(rule, 'FROM --platform=$BUILDPLATFORM alpine\n')).toEqual([]);
  });
});

describe('CopyIgnoredFile', () => {
  const rule = 'CopyIgnoredFile';

  it('cleans the path, fills in variables, and knows ignored directories', async () => {
    const text = 'FROM scratch\nENV D=docs\nCOPY ./$D/../docs/a.md /\nADD b.md c.txt /\n';
    expect(await told(rule, text, {ignore: 'docs\n*.md\n'})).toEqual([
      '3 Attempting to Copy file "docs/a.md" that is excluded by .dockerignore',
      '4 Attempting to Add file "b.md" that is excluded by .dockerignore',
    ]);
  });

  it('looks at the build context alone', async () => {
    const text = 'FROM scratch AS a\nFROM scratch\nCOPY --from=a x /\nADD https://example.com/x /\n';
    expect(await told(rule, text, {ignore: '**\n'})).toEqual([]);
  });

  it('is silent about the root while something of it is left', async () => {
    const text = 'FROM scratch\nCOPY . /\nCOPY / /\n';
    expect(await told(rule, text, {ignore: 'a*\n'})).toEqual([]);
    expect(await told(rule, text, {ignore: '**\n'})).toHaveLength(2);
  });

  it.each([
    ['docs', 'docs/\n!docs/*.md\n'],
    ['docs', 'docs\n!docs/2026/index.md\n'],
    ['docs', 'docs\n!*/index.md\n'],
    ['docs', 'docs\n!**/index.md\n'],
    ['docs', '!docs/a.md\ndocs\n!docs/a.md\n'],
    ['docs/*.md', 'docs\n!docs/a.md\n'],
    ['*/a.md', '*\n!docs\n'],
    ['do.cs', 'do.cs\n!do\\.cs/a.md\n'],
    ['docs/a.md', 'docs\n!docs/[ab].md\n'],
    ['.', '**\n!docs\n'],
  ])('is silent about %s where %j may take something of it back', async (source, ignore) => {
    expect(await told(rule, `FROM scratch\nCOPY ${source} /\n`, {ignore})).toEqual([]);
  });

  it.each([
    ['docs/a.md', 'docs\n!docs/b.md\n'],
    ['docs/a.md', 'docs\n!README.md\n'],
    ['docs/a.md', 'docs\n!src/*.md\n'],
    ['docs/a.md', 'docs\n!docs/[bc].md\n'],
    ['docs', '!docs/a.md\ndocs\n'],
    ['docs', '!docs/*.md\ndocs\n'],
    ['.', '!docs\n**\n'],
  ])('minds %s where %j takes back something else, or in vain', async (source, ignore) => {
    expect(await told(rule, `FROM scratch\nCOPY ${source} /\n`, {ignore})).toHaveLength(1);
  });
});

describe('InvalidDefinitionDescription', () => {
  const rule = 'InvalidDefinitionDescription';
  const asked = '# check=experimental=InvalidDefinitionDescription\n';

  it('is off unless it is asked for', async () => {
    expect(await told(rule, '# about it\nFROM scratch AS a\n')).toEqual([]);
    expect(await told(rule, `${asked}# about it\nFROM scratch AS a\n`)).toEqual([
      '3 Comment for FROM should follow the format: `# a <description>`',
    ]);
  });

  it('wants the last comment to begin with the name', async () => {
    const text = `${asked}# said before\n# A is something\nARG A\n# something\n#\nARG B\nFROM scratch\n`;
    expect(await told(rule, text)).toEqual([]);
  });

  it('does not take a check comment for a description', async () => {
    expect(await told(rule, `${asked}FROM scratch\n# check=skip=all\nARG A\n`)).toEqual([]);
  });
});

describe('ExposeProtoCasing', () => {
  it('looks at what variables make of it', async () => {
    expect(await told('ExposeProtoCasing', 'FROM scratch\nARG P=80/Udp\nEXPOSE $P 81/tcp\n')).toEqual([
      "3 Defined protocol '80/Udp' in EXPOSE instruction should be lowercase",
    ]);
  });
});

describe('ExposeInvalidFormat', () => {
  it('minds addresses and host ports', async () => {
    const found = await told('ExposeInvalidFormat', 'FROM scratch\nEXPOSE 1:2 127.0.0.1::3 4 :5\n');
    expect(found).toEqual([
      "2 EXPOSE instruction should not define an IP address or host-port mapping, found '1:2'",
      "2 EXPOSE instruction should not define an IP address or host-port mapping, found '127.0.0.1::3'",
    ]);
  });
});

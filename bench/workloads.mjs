// The workloads. Each is an async generator of measures: it prepares (untimed), yields what to time, and asserts the
// result.
// A `nonce` makes steps new to every engine without touching its state: it stands in the Dockerfile or in a file.
//
//   {measure, work()}   `work` is timed; what comes before and after the yield is not.
//   {measure, value}     something that is no time; the name of the measure has the unit.

import {execFileSync} from 'node:child_process';
import {mkdirSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {ownArchitecture, which} from '../fixtures/base-images.mjs';
import {pushImage} from '../fixtures/push-image.mjs';
import {makeLargeFile, makeTree} from './generate.mjs';

function expectEqual(found, wanted, what) {
  if (found !== wanted)
    throw new Error(`wrong result: ${what} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

function folder(work, name) {
  const path = join(work, name);
  rmSync(path, {recursive: true, force: true});
  mkdirSync(path, {recursive: true});
  return path;
}

const appDockerfile = (base) => `FROM ${base}
WORKDIR /app
COPY package.json ./
RUN mkdir -p node_modules && cp package.json node_modules/.lock
COPY src/ src/
RUN find src -type f | wc -l > count
CMD ["cat", "count"]
`;

/** An application of 1,000 files, everything cached: what people do all day. */
async function* cachedApp({work, engine, base, runs, scale}) {
  const count = scale(1000);
  const context = folder(work, 'app');
  makeTree(join(context, 'src'), {count, bytesMin: 200, bytesMax: 20_000, seed: 1});
  writeFileSync(join(context, 'package.json'), '{"name": "app"}\n');
  writeFileSync(join(context, 'Dockerfile'), appDockerfile(base));
  const build = {context, tag: 'bench-app'};
  engine.build(build);
  for (let index = 0; index < runs * 3; index++)
    yield {measure: 'all cached', work: () => engine.build(build)};
  expectEqual(engine.read({...build, path: '/app/count'}).trim(), String(count), 'number of files');
}

/** One hundred trivial RUN steps one after the other: the cost of a step itself. */
async function* runSteps({work, engine, base, runs, nonce, scale}) {
  const count = scale(100);
  const context = folder(work, 'steps');
  for (let index = 0; index < runs; index++) {
    const steps = Array.from({length: count}, (_, n) => `RUN echo ${nonce()} > /step-${n}\n`);
    writeFileSync(
      join(context, 'Dockerfile'),
      `FROM ${base}\n${steps.join('')}RUN ls / | grep -c '^step-' > /count\n`,
    );
    const build = {context, tag: 'bench-steps'};
    yield {measure: `${count} steps`, work: () => engine.build(build)};
    expectEqual(engine.read({...build, path: '/count'}).trim(), String(count), 'number of steps');
  }
}

/** A hundred times `true` without a network, and none at all: the difference is what steps cost that do nothing. */
async function* stepOverhead({work, engine, base, runs, nonce, scale}) {
  const context = folder(work, 'overhead');
  for (let index = 0; index < runs; index++) {
    for (const count of [scale(100), 0]) {
      const steps = Array.from({length: count}, () => `RUN --network=none true ${nonce()}\n`);
      writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nENV NONCE=${nonce()}\n${steps.join('')}`);
      const build = {context, tag: 'bench-overhead', steps: count};
      yield {measure: `${count} RUN true`, work: () => engine.build(build)};
    }
  }
}

/** A context of 50,000 files: never seen before, unchanged, one file edited. */
async function* largeContext({work, engine, base, runs, nonce, scale}) {
  const count = scale(50_000);
  for (let index = 0; index < runs; index++) {
    const context = folder(work, 'large');
    const seed = Number.parseInt(nonce().slice(0, 7), 16);
    const paths = makeTree(join(context, 'tree'), {count, bytesMin: 100, bytesMax: 8000, seed});
    writeFileSync(
      join(context, 'Dockerfile'),
      `FROM ${base}\nCOPY tree/ /tree/\nRUN find /tree -type f | wc -l > /count\n`,
    );
    const build = {context, tag: 'bench-large'};
    yield {measure: `${count} files, cold`, work: () => engine.build(build)};
    for (let again = 0; again < 2; again++)
      yield {measure: `${count} files, all cached`, work: () => engine.build(build)};
    const edited = paths[Math.floor(paths.length / 2)];
    writeFileSync(join(context, 'tree', edited), `edited ${nonce()}\n`);
    yield {measure: `${count} files, one edited`, work: () => engine.build(build)};
    expectEqual(engine.read({...build, path: '/count'}).trim(), String(count), 'number of files');
    expectEqual(engine.read({...build, path: `/tree/${edited}`}).slice(0, 6), 'edited', 'the edited file');
  }
}

/** Sixteen stages that do not depend on each other, each half a second of waiting and a little work. */
async function* parallelBranches({work, engine, base, runs, nonce}) {
  const context = folder(work, 'branches');
  for (let index = 0; index < runs; index++) {
    const names = Array.from({length: 16}, (_, n) => `branch-${n}`);
    const stages = names.map(
      (name) => `FROM ${base} AS ${name}\nRUN sleep 0.5; echo ${nonce()} > /${name}\n`,
    );
    const copies = names.map((name) => `COPY --from=${name} /${name} /all/\n`);
    writeFileSync(
      join(context, 'Dockerfile'),
      `${stages.join('')}FROM ${base}\n${copies.join('')}RUN ls /all | wc -l > /count\n`,
    );
    const build = {context, tag: 'bench-branches'};
    yield {measure: '16 branches', work: () => engine.build(build)};
    expectEqual(engine.read({...build, path: '/count'}).trim(), '16', 'number of branches');
  }
}

/** A layer of 1 GiB built and written as an archive with gzip. */
async function* exportLayer({work, engine, base, runs, nonce, scale}) {
  const bytes = scale(1 << 30);
  for (let index = 0; index < runs; index++) {
    const context = folder(work, 'export');
    makeLargeFile(join(context, 'data'), bytes, Number.parseInt(nonce().slice(0, 7), 16));
    writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nCOPY data /data\n`);
    const file = join(folder(work, 'exported'), 'image.tar');
    const mebibytes = Math.round(bytes / (1 << 20));
    const build = {context, tag: 'bench-export'};
    yield {measure: `${mebibytes} MiB layer exported`, work: () => engine.archive({...build, file})};
    if (statSync(file).size > bytes * 0.8) throw new Error('the exported archive is not compressed');
  }
}

/** Two large layers built and written as an archive with gzip, then written again, and what the archive weighs. */
async function* exportBig({work, engine, base, runs, nonce, scale}) {
  const sizes = [scale(1 << 30), scale(640 << 20)];
  for (let index = 0; index < runs; index++) {
    const context = folder(work, 'big');
    const seed = Number.parseInt(nonce().slice(0, 7), 16);
    sizes.forEach((bytes, at) => {
      makeLargeFile(join(context, `data-${at}`), bytes, seed + at);
    });
    writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nCOPY data-0 /\nCOPY data-1 /\n`);
    const exported = folder(work, 'exported');
    const build = {context, tag: 'bench-big'};
    const what = sizes.map((bytes) => Math.round(bytes / (1 << 20))).join(' + ');
    const file = join(exported, 'image.tar');
    yield {measure: `${what} MiB exported`, work: () => engine.archive({...build, file})};
    yield {measure: 'size of the archive in MiB', value: statSync(file).size / (1 << 20)};
    yield {measure: 'the archive again, in its place', work: () => engine.archive({...build, file})};
    const again = join(exported, 'again.tar');
    yield {measure: 'the archive again, elsewhere', work: () => engine.archive({...build, file: again})};
    if (engine.layout === undefined) continue;
    const directory = join(exported, 'layout');
    yield {measure: 'again as a layout directory', work: () => engine.layout({...build, directory})};
  }
}

/** A base image of 600 MB that the engine has never seen, and one step on it. */
async function* pullBase({work, engine, registry, runs, nonce, scale}) {
  for (let index = 0; index < runs; index++) {
    const tag = nonce();
    const tar = makeBase(work, tag, scale);
    await pushImage(
      registry.address,
      'bench/base',
      [tag],
      {[ownArchitecture]: [tar]},
      {Env: ['PATH=/bin'], Cmd: ['sh']},
    );
    const context = folder(work, 'pull');
    writeFileSync(
      join(context, 'Dockerfile'),
      `FROM ${registry.address}/bench/base:${tag}\nRUN echo here > /here\n`,
    );
    const build = {context, tag: 'bench-pull'};
    yield {measure: `base image of about ${scale(600)} MB pulled`, work: () => engine.build(build)};
    expectEqual(engine.read({...build, path: '/here'}).trim(), 'here', 'the file of the step');
  }
}

const eightMegabytes = `yes $(head -c 79 /dev/zero | tr '\\0' x) | head -c 8000000 > /short
for n in $(seq 8); do head -c 999999 /dev/zero | tr '\\0' x; echo; done > /long`;

/** A step that prints 256 MB into a pipe that is read to its end, in lines as they are and in long ones. */
async function* outputRate({work, engine, base, runs, nonce, scale}) {
  const context = folder(work, 'output');
  const dockerfile = join(context, 'Dockerfile');
  const times = 2 * scale(16);
  const bytes = times * 8_000_000;
  const first = `FROM ${base}\nRUN ${eightMegabytes.replaceAll('\n', '; ')}\n`;
  const build = {context, tag: 'bench-output'};
  writeFileSync(dockerfile, first);
  engine.build({...build, script: eightMegabytes});
  for (let index = 0; index < runs; index++) {
    for (const [file, lines] of [
      ['/short', 'lines of 80 bytes'],
      ['/long', 'lines of 1 MB'],
    ]) {
      const taken = [];
      for (const part of [times / 2, times]) {
        const script = `for n in $(seq ${part}); do cat ${file}; done; echo ${nonce()}`;
        writeFileSync(dockerfile, `${first}RUN ${script}\n`);
        const start = process.hrtime.bigint();
        let shown = 0;
        const show = () => {
          shown = engine.show({...build, script});
        };
        if (part === times) yield {measure: `${bytes / 1e6} MB in ${lines}`, work: show};
        else show();
        taken.push(Number(process.hrtime.bigint() - start) / 1e9);
        if (shown < part * 8_000_000) throw new Error(`wrong result: ${shown} bytes were shown of ${bytes}`);
      }
      const [half, all] = taken;
      yield {measure: `${bytes / 1e6} MB in ${lines}, in MB/s`, value: bytes / 1e6 / all};
      yield {measure: `${lines} while it runs, in MB/s`, value: bytes / 2e6 / (all - half)};
    }
  }
}

/** 20,000 files and one large one, with a shell: a tar of about 600 MB. */
function makeBase(work, tag, scale) {
  const root = folder(work, 'base');
  const seed = Number.parseInt(tag.slice(0, 7), 16);
  makeTree(join(root, 'usr'), {count: scale(20_000), bytesMin: 200, bytesMax: 20_000, seed});
  makeLargeFile(join(root, 'blob'), scale(500_000_000), seed);
  mkdirSync(join(root, 'bin'));
  execFileSync('install', ['-m', '755', which('busybox'), join(root, 'bin/busybox')]);
  for (const name of ['sh', 'cat', 'echo']) symlinkSync('busybox', join(root, 'bin', name));
  const tar = join(work, 'base.tar');
  execFileSync('tar', [
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--sort=name',
    '-C',
    root,
    '-cf',
    tar,
    '.',
  ]);
  return tar;
}

export const workloads = {
  'cached-app': cachedApp,
  'run-steps': runSteps,
  'step-overhead': stepOverhead,
  'large-context': largeContext,
  'parallel-branches': parallelBranches,
  'export-layer': exportLayer,
  'export-big': exportBig,
  'pull-base': pullBase,
  'output-rate': outputRate,
};

// Lays a scenario out on disk and edits it: the same for tsbuild and for docker. Every row has a step of its own on
// each base image (WORKDIR), so that no row finds what another one built.

import {execFileSync} from 'node:child_process';
import {generateKeyPairSync} from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {createServer} from 'node:http';
import {dirname, join} from 'node:path';
import {ownArchitecture} from '../../../fixtures/base-images.mjs';
import {writeLayout} from './image-layout.mjs';

/** Old enough for every cache of file times to trust them. */
const writtenSeconds = 1_600_000_000;
/** Python has the call that Node lacks. */
const setAttribute = 'import os,sys; os.setxattr(sys.argv[1], sys.argv[2], b"1")';

/** A scenario that can be built twice; `places` replace `{{NAME}}` in texts and flags. */
export class Play {
  /** What the command reads; its last operand is then `-`, unless only the Dockerfile comes that way. */
  input;
  /** More of its environment. */
  env = {};
  #dockerfileAt = 'Dockerfile';

  constructor(scenario, folder, number, places) {
    this.scenario = scenario;
    this.context = join(folder, `row-${number}`);
    this.number = number;
    this.places = places;
    this.operand = this.context;
    mkdirSync(this.context, {recursive: true});
    for (const [path, text] of Object.entries(scenario.files ?? {})) this.#write(path, text);
    for (const [path, target] of Object.entries(scenario.links ?? {})) this.#link(path, target);
    if (scenario.layout !== undefined) writeLayout(`${this.context}-layout`, scenario.layout);
    this.#writeDockerfile(scenario.dockerfile);
  }

  /** An image of this row's own. */
  get movingBase() {
    return `moving-${process.pid}-${this.number}`;
  }

  get flags() {
    return this.#flags(this.scenario.flags ?? []);
  }

  get flagsAfter() {
    return this.#flags(this.scenario.edit.flags ?? this.scenario.flags ?? []);
  }

  edit() {
    const {edit, dockerfile} = this.scenario;
    if (edit.moveContext) {
      const moved = `${this.context}-moved`;
      cpSync(this.context, moved, {recursive: true, preserveTimestamps: true});
      this.context = moved;
      this.operand = moved;
    }
    this.#editFiles(edit);
    if (edit.layout !== undefined) writeLayout(`${this.context}-layout`, edit.layout);
    const texts = edit.dockerfile ?? [];
    for (const [from] of texts) {
      if (!dockerfile.includes(from))
        throw new Error(`${this.scenario.name}: there is no ${JSON.stringify(from)}`);
    }
    if (edit.dockerfileAt !== undefined) {
      rmSync(join(this.context, this.#dockerfileAt));
      this.#dockerfileAt = edit.dockerfileAt;
    }
    this.#writeDockerfile(texts.reduce((text, [from, to]) => text.replaceAll(from, to), dockerfile));
    this.#speak(edit.input);
    this.env = edit.env ?? {};
  }

  #editFiles(edit) {
    const at = (path) => join(this.context, path);
    for (const path of edit.remove ?? []) rmSync(at(path), {recursive: true});
    for (const [from, to] of edit.rename ?? []) renameSync(at(from), at(to));
    const seconds = edit.sameTimes ? writtenSeconds : writtenSeconds + 60;
    for (const [path, text] of Object.entries(edit.write ?? {})) this.#write(path, text, seconds);
    for (const path of edit.rewrite ?? []) {
      const bytes = readFileSync(at(path));
      rmSync(at(path));
      writeFileSync(at(path), bytes);
    }
    for (const [from, to] of edit.hardLink ?? []) {
      rmSync(at(to), {force: true});
      linkSync(at(from), at(to));
    }
    for (const [path, mode] of edit.chmod ?? []) chmodSync(at(path), mode);
    for (const path of edit.chown ?? []) chownSync(at(path), 1234, 1234);
    for (const [path, name] of edit.attribute ?? []) {
      execFileSync('python3', ['-c', setAttribute, at(path), name]);
    }
    for (const path of edit.touch ?? []) lutimesSync(at(path), writtenSeconds + 5000, writtenSeconds + 5000);
    for (const path of edit.age ?? []) lutimesSync(at(path), 1, 1);
    for (const [path, target] of Object.entries(edit.link ?? {})) this.#link(path, target);
  }

  /** The second build reads what lies in the directory from its standard input. */
  #speak(input) {
    if (input === 'dockerfile') this.input = readFileSync(join(this.context, this.#dockerfileAt));
    if (input !== 'context') return;
    const owner = ['--owner=0', '--group=0', '--numeric-owner'];
    this.input = execFileSync('tar', ['-C', this.context, ...owner, '-cf', '-', '.']);
    this.operand = '-';
  }

  #writeDockerfile(text) {
    const onBase = /^FROM (?:--platform=\S+ )?(?:busybox|moving|scratch|\$B)\b.*$/gm;
    const based = text.replaceAll(onBase, (line) => `${line}\nWORKDIR /row-${this.number}`);
    const own = this.#placed(based.replaceAll('FROM moving', `FROM ${this.movingBase}`));
    const base = this.places.registry;
    const named =
      base === undefined
        ? own
        : own.replaceAll(/(FROM (?:--platform=\S+ )?|ARG B=)(busybox|moving)\b/g, `$1${base}/library/$2`);
    // With the time of now: docker reads a Dockerfile of the same size and time only once.
    this.#write(this.#dockerfileAt, named, Date.now() / 1000);
  }

  #write(path, text, seconds = writtenSeconds) {
    const file = join(this.context, path);
    mkdirSync(path.endsWith('/') ? file : dirname(file), {recursive: true});
    if (path.endsWith('/')) return;
    writeFileSync(file, text.replaceAll('{{KEY}}', newKey), {mode: 0o644});
    lutimesSync(file, seconds, seconds);
  }

  #link(path, target) {
    rmSync(join(this.context, path), {force: true});
    symlinkSync(target, join(this.context, path));
  }

  #flags(flags) {
    return flags.map((flag) => this.#placed(flag));
  }

  #placed(text) {
    return text
      .replaceAll('{{URL}}', `${this.places.url}/${this.number}`)
      .replaceAll('{{MOVING}}', this.movingBase)
      .replaceAll('{{GIT}}', this.places.git ?? '')
      .replaceAll('{{PLATFORM}}', `linux/${ownArchitecture}`)
      .replaceAll('{{CONTEXT}}', this.context);
  }
}

/** A private key as ssh-keygen would write it. */
function newKey() {
  const {privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  return privateKey.export({type: 'sec1', format: 'pem'});
}

/** Serves what a row says: text without any hint that would spare a reader the bytes, or `{text, etag}`. */
export async function serveFiles() {
  const files = new Map();
  const server = createServer((request, response) => {
    const [, row, ...path] = (request.url ?? '/').split('/');
    const served = files.get(row)?.[path.join('/')];
    const {text, ...hints} = typeof served === 'string' ? {text: served} : (served ?? {});
    const isKnown = hints.etag !== undefined && request.headers['if-none-match'] === hints.etag;
    const status = text === undefined ? 404 : isKnown ? 304 : 200;
    response.writeHead(status, {'content-type': 'application/octet-stream', ...hints});
    response.end(request.method === 'HEAD' || isKnown ? undefined : text);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Below `/NUMBER/`. */
    serve: (number, served = {}) => void files.set(String(number), served),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** Which step of the row a progress name is of; undefined: of none. */
export function stepOf(scenario, name) {
  const title = name.replace(/^\[[^\]]*\] (?:ONBUILD )?/, '');
  if (title === name || /^\[context |internal\]/.test(name) || /^(?:FROM |LINK |WORKDIR \/row-)/i.test(title))
    return undefined;
  const steps = Object.keys(scenario.after).filter((step) =>
    title.toLowerCase().startsWith(step.toLowerCase()),
  );
  const [step = title] = steps.sort((a, b) => b.length - a.length);
  return step;
}

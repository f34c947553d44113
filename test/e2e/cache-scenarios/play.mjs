// Lays a scenario out on disk and edits it: the same for tsbuild and for docker. Every row has a step of its own on
// each base image (WORKDIR), so that no row finds what another one built.

import {
  chmodSync,
  chownSync,
  cpSync,
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

/** Old enough for every cache of file times to trust them. */
const writtenSeconds = 1_600_000_000;

/** A scenario that can be built twice; `places` replace `{{NAME}}` in texts and flags. */
export class Play {
  constructor(scenario, folder, number, places) {
    this.scenario = scenario;
    this.context = join(folder, `row-${number}`);
    this.number = number;
    this.places = places;
    mkdirSync(this.context, {recursive: true});
    for (const [path, text] of Object.entries(scenario.files ?? {})) this.#write(path, text);
    for (const [path, target] of Object.entries(scenario.links ?? {})) this.#link(path, target);
    this.#writeDockerfile(scenario.dockerfile);
  }

  /** An image of this row's own. */
  get movingBase() {
    return `moving-${this.number}`;
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
    }
    for (const path of edit.remove ?? []) rmSync(join(this.context, path), {recursive: true});
    for (const [from, to] of edit.rename ?? []) renameSync(join(this.context, from), join(this.context, to));
    const seconds = edit.sameTimes ? writtenSeconds : writtenSeconds + 60;
    for (const [path, text] of Object.entries(edit.write ?? {})) this.#write(path, text, seconds);
    for (const path of edit.rewrite ?? []) {
      const bytes = readFileSync(join(this.context, path));
      rmSync(join(this.context, path));
      writeFileSync(join(this.context, path), bytes);
    }
    for (const [path, mode] of edit.chmod ?? []) chmodSync(join(this.context, path), mode);
    for (const path of edit.chown ?? []) chownSync(join(this.context, path), 1234, 1234);
    for (const path of edit.touch ?? [])
      lutimesSync(join(this.context, path), writtenSeconds + 5000, writtenSeconds + 5000);
    for (const [path, target] of Object.entries(edit.link ?? {})) this.#link(path, target);
    const texts = edit.dockerfile ?? [];
    for (const [from] of texts) {
      if (!dockerfile.includes(from))
        throw new Error(`${this.scenario.name}: there is no ${JSON.stringify(from)}`);
    }
    this.#writeDockerfile(texts.reduce((text, [from, to]) => text.replaceAll(from, to), dockerfile));
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
    writeFileSync(join(this.context, 'Dockerfile'), named);
  }

  #write(path, text, seconds = writtenSeconds) {
    const file = join(this.context, path);
    mkdirSync(path.endsWith('/') ? file : dirname(file), {recursive: true});
    if (path.endsWith('/')) return;
    writeFileSync(file, text, {mode: 0o644});
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
      .replaceAll('{{CONTEXT}}', this.context);
  }
}

/** Serves what a row says, without any hint that would spare a reader the bytes. */
export async function serveFiles() {
  const files = new Map();
  const server = createServer((request, response) => {
    const [, row, ...path] = (request.url ?? '/').split('/');
    const text = files.get(row)?.[path.join('/')];
    response.writeHead(text === undefined ? 404 : 200, {'content-type': 'application/octet-stream'});
    response.end(request.method === 'HEAD' ? undefined : text);
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
  const title = name.replace(/^\[[^\]]*\] /, '');
  if (title === name || name.includes('internal]') || /^(?:FROM |LINK |WORKDIR \/row-)/i.test(title))
    return undefined;
  const steps = Object.keys(scenario.after).filter((step) =>
    title.toLowerCase().startsWith(step.toLowerCase()),
  );
  const [step = title] = steps.sort((a, b) => b.length - a.length);
  return step;
}

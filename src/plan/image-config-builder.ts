// The image config of a stage while its instructions edit it. Starts from a base image's config, a stage's, or nothing.
// Only members that BuildKit's image type has are taken over: what older engines wrote besides (`Hostname`, `Image`)
// does not travel on.

import type {ContainerConfig, HealthcheckConfig, HistoryEntry, ImageConfig} from '../oci/image-config.ts';
import type {Platform} from '../oci/platform.ts';
import {byteOrder} from '../util/byte-order.ts';
import {splitVariable} from './environment.ts';
import {PlanProblem} from './plan-problem.ts';

/** Written into every history entry, for tools that want to know whose they are. */
const historyComment = 'buildkit.dockerfile.v0';
/** Of what one stage adds. No registry takes such a config; a file gets there with EXPOSE 1-65535 on every line. */
const historyLengthMax = 16_000_000;
/** Of an entry that stands for a layer which no instruction made. */
const exportComment = 'buildkit.exporter.image.v0';
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

type EmptyObjects = Readonly<Record<string, Record<string, never>>>;

export class ImageConfigBuilder {
  author: string | undefined;
  platform: Platform;
  user = '';
  readonly env: string[];
  entrypoint: readonly string[] = [];
  command: readonly string[] = [];
  workingDir = '';
  stopSignal = '';
  argsEscaped = false;
  healthcheck: HealthcheckConfig | undefined;
  onBuild: string[] = [];
  shell: readonly string[] = [];
  labels = new Map<string, string>();
  exposedPorts = new Set<string>();
  volumes = new Set<string>();
  history: HistoryEntry[] = [];
  /** Entries of `history` that came with the base image. */
  baseHistoryCount = 0;
  /** The context that the first layer is of: BuildKit has no history entry for it until the image is complete. */
  contextName: string | undefined;
  /** Where each variable stands in `env`. */
  readonly #positions = new Map<string, number>();
  #historyLength = 0;

  constructor(platform: Platform, env: readonly string[] = []) {
    this.platform = platform;
    this.env = [...env];
    // Of a name that is there twice, the first is meant.
    for (let index = this.env.length - 1; index >= 0; index--) {
      this.#positions.set(splitVariable(this.env[index] ?? '')[0], index);
    }
  }

  /** Of FROM scratch: nothing but a PATH and a working directory. */
  static empty(platform: Platform): ImageConfigBuilder {
    const builder = new ImageConfigBuilder(platform);
    builder.workingDir = '/';
    builder.addMissingPath();
    return builder;
  }

  static from(image: ImageConfig): ImageConfigBuilder {
    const {config} = image;
    const builder = new ImageConfigBuilder(platformOf(image), config.Env ?? []);
    builder.author = image.author;
    builder.user = config.User ?? '';
    builder.entrypoint = config.Entrypoint ?? [];
    builder.command = config.Cmd ?? [];
    builder.workingDir = config.WorkingDir ?? '';
    builder.stopSignal = config.StopSignal ?? '';
    builder.argsEscaped = config.ArgsEscaped ?? false;
    builder.healthcheck = config.Healthcheck;
    builder.onBuild = [...(config.OnBuild ?? [])];
    builder.shell = config.Shell ?? [];
    builder.labels = new Map(Object.entries(config.Labels ?? {}));
    builder.exposedPorts = new Set(Object.keys(config.ExposedPorts ?? {}));
    builder.volumes = new Set(Object.keys(config.Volumes ?? {}));
    builder.history = [...(image.history ?? [])];
    builder.baseHistoryCount = builder.history.length;
    return builder;
  }

  clone(): ImageConfigBuilder {
    const copy = ImageConfigBuilder.from({...this.build(), history: this.history});
    copy.platform = this.platform;
    copy.baseHistoryCount = this.baseHistoryCount;
    copy.contextName = this.contextName;
    return copy;
  }

  /** Sets a variable where it stands; a new one goes to the end. */
  setEnv(name: string, value: string): void {
    const index = this.#positions.get(name) ?? this.env.length;
    this.#positions.set(name, index);
    this.env[index] = `${name}=${value}`;
  }

  /** PATH is always set, but on Windows, which knows better. */
  addMissingPath(): void {
    if (this.platform.os === 'windows') return;
    if (!this.#positions.has('PATH')) this.setEnv('PATH', defaultPath);
  }

  addHistory(createdBy: string, hasLayer: boolean): void {
    this.#historyLength += createdBy.length;
    if (this.#historyLength > historyLengthMax) {
      const message = `the history of the stage is longer than ${historyLengthMax} characters`;
      throw new PlanProblem('plan-history-too-long', message);
    }
    const entry = {created_by: createdBy, comment: historyComment};
    this.history.push(hasLayer ? entry : {...entry, empty_layer: true});
  }

  /** An entry that makes up for one that is missing; `lastLayer` is what BuildKit calls the layer it comes to stand for. */
  addMissingHistory(lastLayer: string): void {
    this.history.push({created_by: lastLayer, comment: exportComment});
  }

  /** Without history, layers and times. Members that are empty are left out, as Go's `omitempty` does. */
  build(): ImageConfig {
    const {os, architecture, variant} = this.platform;
    const osVersion = this.platform['os.version'];
    return {
      ...(this.author === undefined || this.author === '' ? {} : {author: this.author}),
      architecture,
      os,
      ...(variant === undefined || variant === '' ? {} : {variant}),
      ...(osVersion === undefined || osVersion === '' ? {} : {'os.version': osVersion}),
      config: this.#containerConfig(),
      rootfs: {type: 'layers', diff_ids: []},
    };
  }

  #containerConfig(): ContainerConfig {
    return {
      ...(this.user === '' ? {} : {User: this.user}),
      ...(this.exposedPorts.size === 0 ? {} : {ExposedPorts: emptyObjects(this.exposedPorts)}),
      ...(this.env.length === 0 ? {} : {Env: [...this.env]}),
      ...(this.entrypoint.length === 0 ? {} : {Entrypoint: this.entrypoint}),
      ...(this.command.length === 0 ? {} : {Cmd: this.command}),
      ...(this.volumes.size === 0 ? {} : {Volumes: emptyObjects(this.volumes)}),
      ...(this.workingDir === '' ? {} : {WorkingDir: this.workingDir}),
      ...(this.labels.size === 0 ? {} : {Labels: sortedRecord(this.labels)}),
      ...(this.stopSignal === '' ? {} : {StopSignal: this.stopSignal}),
      ...(this.argsEscaped ? {ArgsEscaped: true} : {}),
      ...(this.healthcheck === undefined ? {} : {Healthcheck: this.healthcheck}),
      ...(this.onBuild.length === 0 ? {} : {OnBuild: [...this.onBuild]}),
      ...(this.shell.length === 0 ? {} : {Shell: this.shell}),
    };
  }
}

function platformOf(image: ImageConfig): Platform {
  const osVersion = image['os.version'];
  return {
    os: image.os,
    architecture: image.architecture,
    ...(image.variant === undefined ? {} : {variant: image.variant}),
    ...(osVersion === undefined ? {} : {'os.version': osVersion}),
  };
}

function emptyObjects(names: ReadonlySet<string>): EmptyObjects {
  return Object.fromEntries([...names].sort(byteOrder).map((name) => [name, {}]));
}

function sortedRecord(values: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries([...values].sort(([a], [b]) => byteOrder(a, b)));
}

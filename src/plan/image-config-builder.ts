// The image config of a stage while its instructions edit it. Starts from a base image's config, a stage's, or nothing.
// Only members that BuildKit's image type has are taken over: what older engines wrote besides (`Hostname`, `Image`)
// does not travel on.

import type {ContainerConfig, HealthcheckConfig, HistoryEntry, ImageConfig} from '../oci/image-config.ts';
import type {Platform} from '../oci/platform.ts';
import {byteOrder} from '../util/byte-order.ts';
import {splitVariable} from './environment.ts';

/** Written into every history entry, for tools that want to know whose they are. */
const historyComment = 'buildkit.dockerfile.v0';
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

type EmptyObjects = Readonly<Record<string, Record<string, never>>>;

export class ImageConfigBuilder {
  author: string | undefined;
  platform: Platform;
  user = '';
  env: string[] = [];
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

  constructor(platform: Platform) {
    this.platform = platform;
  }

  /** Of FROM scratch: nothing but a PATH and a working directory. */
  static empty(platform: Platform): ImageConfigBuilder {
    const builder = new ImageConfigBuilder(platform);
    builder.workingDir = '/';
    builder.addMissingPath();
    return builder;
  }

  static from(image: ImageConfig): ImageConfigBuilder {
    const builder = new ImageConfigBuilder(platformOf(image));
    const {config} = image;
    builder.author = image.author;
    builder.user = config.User ?? '';
    builder.env = [...(config.Env ?? [])];
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
    return copy;
  }

  /** Sets a variable where it stands; a new one goes to the end. */
  setEnv(name: string, value: string): void {
    const index = this.env.findIndex((entry) => splitVariable(entry)[0] === name);
    if (index < 0) this.env.push(`${name}=${value}`);
    else this.env[index] = `${name}=${value}`;
  }

  /** PATH is always set, but on Windows, which knows better. */
  addMissingPath(): void {
    if (this.platform.os === 'windows') return;
    if (!this.env.some((entry) => splitVariable(entry)[0] === 'PATH')) this.env.push(`PATH=${defaultPath}`);
  }

  addHistory(createdBy: string, hasLayer: boolean): void {
    const entry = {created_by: createdBy, comment: historyComment};
    this.history.push(hasLayer ? entry : {...entry, empty_layer: true});
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

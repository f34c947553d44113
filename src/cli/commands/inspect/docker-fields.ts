// An image in the words of `docker image inspect`, members in its order, also those that mean nothing here, since
// scripts read them. Beside them stand Manifest and, where there is one, Index: what docker does not show.

import {shownName} from '../../../image/match-image.ts';
import type {ContainerConfig, HealthcheckConfig} from '../../../oci/image-config.ts';
import {isReferenceProblem, parseReference, repositoryName} from '../../../oci/reference.ts';
import {durationText} from '../../../plan/go-format.ts';
import type {ImageDetails} from '../../../store/image-store.ts';
import {
  absentList,
  absentMap,
  asDocument,
  type FormatObject,
  type FormatValue,
  mapOf,
  nilList,
  nilMap,
  withOptional,
} from '../../format/value.ts';

/** `all`: every image of the store, for the other names of this one. */
export function dockerFields(image: ImageDetails, all: readonly ImageDetails[]): FormatObject {
  const {config, content, platform, root, manifest} = image;
  const names = all
    .filter((one) => one.manifest.digest === manifest.digest)
    .map(({name}) => name)
    .sort();
  const last = (config.history ?? []).at(-1);
  const fields = {
    Id: image.configDigest,
    RepoTags: names.filter(isTagged).map(shownName),
    RepoDigests: [...new Set(names.flatMap((name) => digestNames(name, root.digest)))],
    Parent: '',
    Comment: last?.comment ?? '',
    Created: config.created ?? '',
    DockerVersion: '',
    Author: config.author ?? '',
    Config: configFields(config.config),
    Architecture: platform.architecture,
    Variant: platform.variant ?? '',
    Os: platform.os,
    OsVersion: config['os.version'] ?? '',
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    GraphDriver: {Data: nilMap, Name: 'overlayfs'},
    RootFS: {Type: 'layers', Layers: config.rootfs.diff_ids},
    Metadata: {LastTagTime: new Date(image.createdAtMs).toISOString()},
    Descriptor: plain(manifest),
    Manifest: plain(content),
    Index: root.digest === manifest.digest ? undefined : plain(root),
  };
  return withOptional(fields, ['Variant', 'OsVersion']);
}

function isTagged(name: string): boolean {
  const reference = parseReference(name);
  return !isReferenceProblem(reference) && reference.tag !== undefined;
}

function digestNames(name: string, digest: string): string[] {
  const reference = parseReference(name);
  return isReferenceProblem(reference) ? [] : [shownName(`${repositoryName(reference)}@${digest}`)];
}

function configFields(config: ContainerConfig): FormatObject {
  const fields = {
    Hostname: '',
    Domainname: '',
    User: config.User ?? '',
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ExposedPorts: mapped(config.ExposedPorts) ?? absentMap,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: config.Env ?? nilList,
    Cmd: config.Cmd ?? nilList,
    Healthcheck: config.Healthcheck === undefined ? null : healthFields(config.Healthcheck),
    ArgsEscaped: config.ArgsEscaped ?? false,
    Image: '',
    Volumes: mapped(config.Volumes) ?? nilMap,
    WorkingDir: config.WorkingDir ?? '',
    Entrypoint: config.Entrypoint ?? nilList,
    OnBuild: config.OnBuild ?? nilList,
    Labels: mapOf(config.Labels) ?? nilMap,
    StopSignal: config.StopSignal ?? '',
    Shell: config.Shell ?? absentList,
  };
  return withOptional(fields, ['Healthcheck', 'ArgsEscaped', 'StopSignal']);
}

/** JSON has nanoseconds; a template sees Go's durations: `5s`. */
function healthFields(healthcheck: HealthcheckConfig): FormatObject {
  const {Test, Interval = 0, Timeout = 0, StartPeriod = 0, StartInterval = 0, Retries = 0} = healthcheck;
  return asDocument(healthcheck, {
    Test: Test ?? absentList,
    Interval: durationText(Interval),
    Timeout: durationText(Timeout),
    StartPeriod: durationText(StartPeriod),
    StartInterval: durationText(StartInterval),
    Retries,
  });
}

/** Sets are maps to empty structs in Go. */
function mapped(set: Readonly<Record<string, Record<string, never>>> | undefined): FormatValue {
  return set === undefined ? undefined : mapOf(Object.fromEntries(Object.keys(set).map((key) => [key, {}])));
}

/** JSON as it is; annotations and the like are looked up by key. */
function plain(value: object): FormatValue {
  return JSON.parse(JSON.stringify(value)) as FormatValue;
}

// Annotations of an image: at which of four places they stand, and for which platform. The keys of an output's options
// are BuildKit's: `annotation.KEY`, `annotation-index.KEY`, `annotation-manifest-descriptor[linux/arm64].KEY`, ….

import {formatPlatform, formatPlatformVersion, type Platform, parsePlatform} from '../oci/platform.ts';
import type {ExportOptions} from './export-options.ts';
import type {ExportSurroundings} from './exporter.ts';

const levels = ['manifest', 'index', 'manifest-descriptor', 'index-descriptor'] as const;
export type AnnotationLevel = (typeof levels)[number];

export interface Annotation {
  readonly level: AnnotationLevel;
  /** As formatPlatformVersion writes it; undefined: every platform. */
  readonly platform: string | undefined;
  readonly key: string;
  readonly value: string;
}

/** `annotation` is a level of its own name: that of the manifest. */
const shape = /^annotation(?:-([a-z-]+))?(?:\[([^\]]*)\])?\.(.+)$/s;

export function annotationsOf(options: ExportOptions): readonly Annotation[] {
  return options.startingWith('annotation').map(([name, value]) => {
    const [, given = 'manifest', platformText, key] = shape.exec(name) ?? [];
    if (key === undefined)
      throw options.problem(`has a bad annotation "${name}": expected annotation.KEY=VALUE`);
    const level = levels.find((each) => each === given);
    if (level === undefined) {
      const expected = levels.map((each) => `annotation-${each}`).join(', ');
      throw options.problem(`has no option "annotation-${given}": expected annotation, ${expected}`);
    }
    if (platformText === undefined) return {level, platform: undefined, key, value};
    if (level.startsWith('index')) {
      throw options.problem(`has a platform for annotation-${level}: an index is for all of them`);
    }
    const platform = parsePlatform(platformText);
    if ('problem' in platform) throw options.problem(`has a bad annotation "${name}": ${platform.problem}`);
    return {level, platform: formatPlatformVersion(platform), key, value};
  });
}

/** What stands at `level`: for every platform, then for this one. */
export function annotationsAt(
  annotations: readonly Annotation[],
  level: AnnotationLevel,
  platform?: Platform,
): Readonly<Record<string, string>> {
  const name = platform === undefined ? undefined : formatPlatformVersion(platform);
  const here = annotations.filter((each) => each.level === level);
  const general = here.filter((each) => each.platform === undefined);
  const special = here.filter((each) => each.platform !== undefined && each.platform === name);
  return Object.fromEntries([...general, ...special].map(({key, value}) => [key, value]));
}

/** Throws BuildError('usage') for what this build's result has no place for. */
export function checkAnnotations(
  annotations: readonly Annotation[],
  {platforms, hasIndex}: Pick<ExportSurroundings, 'platforms' | 'hasIndex'>,
  options: ExportOptions,
): void {
  const names = new Set(platforms.map(formatPlatformVersion));
  for (const {level, platform, key} of annotations) {
    if (level.startsWith('index') && !hasIndex) {
      throw options.problem(
        `has no place for annotation-${level}.${key}: index annotations need a build for several platforms`,
      );
    }
    if (platform !== undefined && !names.has(platform)) {
      throw options.problem(
        `has an annotation for ${platform}, and this build is for ${platforms.map(formatPlatform).join(', ')}`,
      );
    }
  }
}

// What type=image and type=registry are: an image that goes into the local store, to the registries of its names, or
// both.

import {ociDialect} from '../oci/media-types.ts';
import {isReferenceProblem, parseReference, repositoryName} from '../oci/reference.ts';
import {checkAnnotations} from './annotations.ts';
import {ExportOptions} from './export-options.ts';
import type {BuiltImages, ExportContext, Exporter, ExporterFactory, ExportResult} from './exporter.ts';
import {hasUsualLayers, type ImageForm, imageFormOf, imageOptions, referrerOptions} from './image-options.ts';
import {exportResult, makeLayout} from './layout.ts';
import {storeLayout} from './store-layout.ts';

export interface ImageOutput extends ImageForm {
  readonly push: boolean;
  readonly store: boolean;
  readonly byDigest: boolean;
  /** Names with the digest too. */
  readonly canonical: boolean;
  readonly insecure: boolean;
  /** What an image without a name is called, before its digest. */
  readonly danglingPrefix: string | undefined;
}

/** The exporter of `type`, which pushes or stores unless its options say otherwise. */
export function imageOutputFactory(
  type: string,
  usual: {readonly push: boolean; readonly store: boolean},
): ExporterFactory {
  const known = {
    ...imageOptions,
    ...referrerOptions,
    push: `push it to the registries of its names (default: ${usual.push})`,
    'push-by-digest': 'push it without a tag; names must have none (default: false)',
    'name-canonical': 'store it as name@digest too (default: false)',
    store: `put it into the local store (default: ${usual.store})`,
    'registry.insecure': 'accept any certificate, and plain http (default: false)',
    'dangling-name-prefix': 'store an image without a name as PREFIX@digest',
    unpack: 'without effect',
  } as const;
  return {
    type,
    options: known,
    create(given, tags): Exporter {
      const options = new ExportOptions(type, given, known);
      const push = options.boolean('push', usual.push);
      const store = options.boolean('store', usual.store);
      if (!push && !store) {
        throw options.problem('neither pushes nor stores', 'use type=cacheonly for a build without an image');
      }
      const byDigest = options.boolean('push-by-digest', false);
      const form = imageFormOf(options, tags, ociDialect);
      const {names} = form;
      if (form.asReferrers && store) {
        throw options.problem(
          'has no place for referrers in the local store',
          'push them: type=registry, or push=true,store=false',
        );
      }
      if (push && names.length === 0)
        throw options.problem('needs a name to push to', 'give one with -t or name=');
      const output: ImageOutput = {
        ...form,
        names: byDigest ? untagged(options, names) : names,
        push,
        store,
        byDigest,
        canonical: options.boolean('name-canonical', false),
        insecure: options.boolean('registry.insecure', false),
        danglingPrefix: options.text('dangling-name-prefix') || undefined,
        lazy: push && !store,
      };
      return {
        name: 'exporting to image',
        wantsUsualLayers: hasUsualLayers(form),
        prepare: async (surroundings) => checkAnnotations(form.annotations, surroundings, options),
        export: (built, context) => exportImage(built, context, output),
      };
    },
  };
}

async function exportImage(
  built: BuiltImages,
  context: ExportContext,
  output: ImageOutput,
): Promise<ExportResult> {
  const {names, byDigest, canonical, danglingPrefix, insecure} = output;
  const layout = await makeLayout(built, context, output);
  const {digest} = layout.root;
  if (output.store) {
    // What is pushed by digest has no name here either, unless it is asked for with its digest.
    const plain = byDigest ? [] : names;
    const withDigest = canonical ? names.map((name) => `${withoutTag(name)}@${digest}`) : [];
    const dangling = danglingPrefix === undefined ? '<none>' : danglingPrefix;
    await storeLayout(layout, [...plain, ...withDigest], `${dangling}@${digest}`, context);
  }
  if (output.push) {
    const {pushLayout} = await import('./push-layout.ts');
    await pushLayout(layout, {names, insecure}, context);
  }
  return exportResult(layout);
}

/** A digest is no place for a tag: docker refuses both together. */
function untagged(options: ExportOptions, names: readonly string[]): readonly string[] {
  const written = (options.text('name') ?? '').split(',');
  for (const name of written) {
    const reference = parseReference(name.trim());
    if (isReferenceProblem(reference) || reference.tag === undefined) continue;
    throw options.problem(
      `cannot push ${name} by digest, since it has a tag`,
      `write name=${name.slice(0, name.lastIndexOf(':'))}`,
    );
  }
  return [...new Set(names.map(withoutTag))];
}

function withoutTag(name: string): string {
  const reference = parseReference(name);
  return isReferenceProblem(reference) ? name : repositoryName(reference);
}

// The outputs of a build: those of -o, and what --push, --load, --annotation and --squash add to them.

import type {BuildRequest} from '../../build/request.ts';
import {goBool} from '../../util/go-bool.ts';
import type {ValueReader} from '../value-reader.ts';
import {parseAnnotation} from './annotation.ts';
import {parseOutput} from './output.ts';

type Output = BuildRequest['outputs'][number];

/** Outputs that are images: the others have neither annotations nor layers, nor an ID. */
export const imageTypes = new Set(['image', 'registry', 'oci', 'docker']);

export function outputsOf(reader: ValueReader): readonly Output[] {
  const {flags} = reader;
  const outputs: Output[] = reader.each('output', parseOutput).flat().map(withDestination);
  if (outputs.filter(({options}) => options.get('dest') === '-').length > 1) {
    reader.report('only one output can be standard output', 'give the others dest=FILE');
  }
  if (flags.has('push')) pushToo(outputs);
  // As docker has it: --load adds docker to what -o asks for.
  if (flags.has('load') && !outputs.some(({type, options}) => type === 'docker' && !options.has('dest'))) {
    outputs.push({type: 'docker', options: new Map()});
  }
  const added = [
    ...reader.each('annotation', parseAnnotation).flat(),
    ...(flags.has('squash') ? [['squash', 'stage'] as const] : []),
  ];
  if (added.length === 0) return outputs;
  if (outputs.length === 0) outputs.push({type: 'image', options: new Map()});
  // What -o says itself stands.
  return outputs.map(({type, options}) =>
    imageTypes.has(type) ? {type, options: new Map([...added, ...options])} : {type, options},
  );
}

/** As docker has it: an archive that is not said to go anywhere goes to standard output; docker's goes into docker. */
function withDestination({type, options}: Output): Output {
  const isArchive = type === 'tar' || (type === 'oci' && goBool(options.get('tar') ?? 'true') !== false);
  if (!isArchive || options.get('dest')) return {type, options};
  return {type, options: new Map([...options, ['dest', '-']])};
}

/** As docker has it: --push sets push=true of the images that -o asks for, or asks for one itself. */
function pushToo(outputs: Output[]): void {
  const images = outputs.filter(({type}) => type === 'image' || type === 'registry');
  if (images.length === 0) outputs.push({type: 'registry', options: new Map()});
  for (const image of images) {
    outputs[outputs.indexOf(image)] = {...image, options: new Map([...image.options, ['push', 'true']])};
  }
}

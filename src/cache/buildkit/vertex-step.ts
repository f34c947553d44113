// One of our vertices as BuildKit's solver would see it.

import type {Vertex} from '../../graph/vertex.ts';
import {digestOf} from '../../oci/digest.ts';
import type {Platform} from '../../oci/platform.ts';
import {execStep} from './exec-step.ts';
import {fileStep} from './file-step.ts';
import {goJson, unlessEmpty} from './go-json.ts';
import {type BuildkitStep, recordDigest} from './step.ts';

/** `imageKeys`: what an image is known by, where the vertex is one. */
export function stepOf({op, inputs}: Vertex, imageKeys: readonly string[]): BuildkitStep {
  switch (op.kind) {
    case 'exec':
      return execStep(op, inputs);
    case 'file':
      return fileStep(op, inputs);
    case 'merge': {
      const zeros = inputs.map((_, input) => ({input}));
      const digests = [zeros, [{}, ...zeros.slice(1)]].map((list) =>
        recordDigest(digestOf(goJson({Type: 'buildkit.merge.v0', Merge: {inputs: list}}))),
      );
      return {digests: new Set(digests), inputs: inputs.map((from) => ({from, selectors: ['']}))};
    }
    case 'source':
      // Known by nothing but what is in it, unless it is an image.
      return {
        digests: new Set(imageKeys.map((key) => recordDigest(digestOf(`buildkit.source.v0:${key}`)))),
        inputs: [],
      };
  }
}

/** What BuildKit has as the key of an image whose name stood for the manifest or index `digest`. */
export function manifestKeyOf(digest: string, {os, architecture, variant = ''}: Platform): string {
  return digestOf(goJson({Digest: digest, OS: os, Arch: architecture, Variant: unlessEmpty(variant)}));
}

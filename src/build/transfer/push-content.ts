// Content into one repository of a registry, shown under the step that it belongs to.

import {digestOf} from '../../oci/digest.ts';
import {type Reference, repositoryName} from '../../oci/reference.ts';
import type {SigningKey} from '../../signature/keys.ts';
import {type ImagePush, pushImage} from '../../sources/registry/push/push-image.ts';
import type {OnBytes} from '../step.ts';
import {signPushed} from './sign.ts';
import type {Transfer} from './transfer.ts';

export interface ContentPush {
  readonly note: (text: string) => void;
  readonly progress: OnBytes;
  /** Signs it, before a tag leads to it. */
  readonly signingKey?: SigningKey | undefined;
}

export async function pushContent(
  repository: Reference,
  content: ImagePush,
  {engine, signal}: Pick<Transfer, 'engine' | 'signal'>,
  {note, progress, signingKey}: ContentPush,
): Promise<void> {
  const client = await engine.registry();
  await pushImage(
    client.writer(repository),
    content,
    {
      onBytes: (blob, sent) => progress(blob.digest, sent, blob.size),
      onBlob: (blob, outcome) => {
        if (outcome !== 'uploaded') note(`${blob.digest} is ${outcome} in ${repositoryName(repository)}`);
      },
      ...(signingKey === undefined
        ? {}
        : {
            beforeTags: () => {
              const pushed = content.manifests.map(({bytes}) => digestOf(bytes));
              return signPushed(repository, pushed, signingKey, {client, signal, note});
            },
          }),
    },
    signal,
  );
}

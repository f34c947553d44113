// Content into one repository of a registry, shown under the step that it belongs to.

import {type Reference, repositoryName} from '../../oci/reference.ts';
import {type ImagePush, pushImage} from '../../sources/registry/push/push-image.ts';
import type {OnBytes} from '../step.ts';
import type {Transfer} from './transfer.ts';

export async function pushContent(
  repository: Reference,
  content: ImagePush,
  {engine, signal}: Pick<Transfer, 'engine' | 'signal'>,
  show: {readonly note: (text: string) => void; readonly progress: OnBytes},
): Promise<void> {
  const client = await engine.registry();
  await pushImage(
    client.writer(repository),
    content,
    {
      onBytes: (blob, sent) => show.progress(blob.digest, sent, blob.size),
      onBlob: (blob, outcome) => {
        if (outcome !== 'uploaded')
          show.note(`${blob.digest} is ${outcome} in ${repositoryName(repository)}`);
      },
    },
    signal,
  );
}

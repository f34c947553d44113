// The local image store of a command, closed when the command is done.

import type {ImageStore} from '../../store/image-store.ts';
import type {FlagValues} from '../flag-values.ts';
import type {CliIo} from '../io.ts';
import {stateRootOf} from '../places.ts';

export async function withImages<T>(
  flags: FlagValues,
  io: CliIo,
  use: (store: ImageStore, root: string) => Promise<T>,
): Promise<T> {
  const {openImageStore} = await import('../../store/image-store.ts');
  const root = stateRootOf(flags, io);
  const store = openImageStore(root);
  try {
    return await use(store, root);
  } finally {
    store[Symbol.dispose]();
  }
}

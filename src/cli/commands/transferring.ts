// What `push` and `pull` have in common: the engine without a build, and a sink that shows the bytes.

import type {Transfer} from '../../build/transfer/transfer.ts';
import {placesOf} from '../places.ts';
import {openSink, sinkNameOf} from '../progress.ts';
import type {CommandCall} from './command.ts';

export async function transferring<T>(
  {flags, io, interrupt}: CommandCall,
  work: (transfer: Transfer) => Promise<T>,
): Promise<T> {
  const sinkName = sinkNameOf(flags, io);
  const {withTransfer} = await import('../../build/transfer/transfer.ts');
  const sink = await openSink(sinkName, io);
  try {
    return await withTransfer(
      {
        ...placesOf(flags, io),
        environment: io.env,
        emit: (event) => sink.emit(event),
      },
      interrupt,
      work,
    );
  } finally {
    sink.close();
  }
}

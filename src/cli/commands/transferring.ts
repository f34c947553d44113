// What `push` and `pull` have in common: the engine without a build, and a sink that shows the bytes.

import {resolve} from 'node:path';
import type {Transfer} from '../../build/transfer/transfer.ts';
import {buildError} from '../../diagnostics/build-error.ts';
import {openSink, sinkNameOf} from '../progress.ts';
import {stateRootOf} from '../state-root.ts';
import type {CommandCall} from './command.ts';

export async function transferring<T>(
  {flags, io, interrupt}: CommandCall,
  work: (transfer: Transfer) => Promise<T>,
): Promise<T> {
  const sinkName = sinkNameOf(flags, io);
  if ('problem' in sinkName) throw buildError('usage', 'cli-bad-value', sinkName.problem);
  const configFile = flags.last('config') || io.env['TSBUILD_CONFIG'];
  const {withTransfer} = await import('../../build/transfer/transfer.ts');
  const sink = await openSink(sinkName.name, io);
  try {
    return await withTransfer(
      {
        root: stateRootOf(flags, io),
        configFile: configFile ? resolve(io.cwd, configFile) : undefined,
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

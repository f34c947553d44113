// What exporters are given of an engine.

import type {ExportContext} from '../../exporters/exporter.ts';
import type {SigningKey} from '../../signature/keys.ts';
import {imageStoreOf} from '../../store/image-store.ts';
import {systemClock} from '../../util/clock.ts';
import type {Engine} from '../engine.ts';

export interface ExportPlaces extends Pick<ExportContext, 'workingDirectory'> {
  /** Asked for only where something is written to it. */
  readonly stdout: () => NodeJS.WritableStream;
  /** Signs what is pushed. */
  readonly signingKey?: SigningKey | undefined;
}

export function exportContext(
  engine: Engine,
  {workingDirectory, stdout, signingKey}: ExportPlaces,
  reports: Pick<ExportContext, 'note' | 'progress' | 'warn'>,
  signal: AbortSignal,
): ExportContext {
  const images = imageStoreOf(engine.state.database, engine.state.root);
  return {
    helper: engine.helper,
    blobs: engine.blobs,
    tagImage: async (name, manifest) => images.tag(name, manifest, systemClock.nowMs()),
    archives: {
      bootId: engine.state.bootId,
      get: (path) => engine.notes.getText('output', path),
      set: (path, text) => engine.notes.set('output', path, text),
    },
    signal,
    workingDirectory,
    get stdout() {
      return stdout();
    },
    ...reports,
    registry: engine.registry,
    ...(signingKey === undefined ? {} : {sign: signWith(signingKey, engine, reports, signal)}),
  };
}

function signWith(
  key: SigningKey,
  {registry}: Pick<Engine, 'registry'>,
  {note}: Pick<ExportContext, 'note'>,
  signal: AbortSignal,
): NonNullable<ExportContext['sign']> {
  return async (repository, pushed, {insecure}) => {
    const {signPushed} = await import('../transfer/sign.ts');
    await signPushed(repository, pushed, key, {client: await registry(), insecure, signal, note});
  };
}

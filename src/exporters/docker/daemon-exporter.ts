// type=docker without a `dest`, which is also --load: the image goes into the local store, and into the docker or
// podman that runs here. Of its layers only those are sent that are not there.

import {commonLayers, type Daemon} from '../../daemon/daemon.ts';
import {formatPlatform} from '../../oci/platform.ts';
import {checkAnnotations} from '../annotations.ts';
import {zstdLayers} from '../docker-manifest.ts';
import type {ExportOptions} from '../export-options.ts';
import type {ExportContext, Exporter} from '../exporter.ts';
import {hasUsualLayers, type ImageForm} from '../image-options.ts';
import {exportResult, type Layout, makeLayout} from '../layout.ts';
import {storeLayout} from '../store-layout.ts';
import {dockerMembers, withoutAttestations} from './docker-members.ts';

export function daemonExporter(options: ExportOptions, form: ImageForm): Exporter {
  let daemon: Daemon | undefined;
  return {
    name: 'exporting to docker image format',
    wantsUsualLayers: hasUsualLayers(form),
    async prepare(surroundings) {
      checkAnnotations(form.annotations, surroundings, options);
      const {findDaemon} = await import('../../daemon/find-daemon.ts');
      daemon = await findDaemon(surroundings.environment, options.text('context') || undefined);
      const {platforms} = surroundings;
      if (daemon === undefined || daemon.keepsIndexes || platforms.length === 1) return;
      const asked = platforms.map(formatPlatform).join(', ');
      throw options.problem(
        `puts an image for one platform into ${daemon.name}, and this build is for ${asked}`,
        'type=image puts all of them into the local store',
      );
    },
    async export(built, context) {
      const layout = await makeLayout(built, context, form);
      await storeLayout(layout, form.names, `<none>@${layout.root.digest}`, context);
      if (daemon === undefined) {
        context.note('neither docker nor podman runs here: only the local store has it');
      } else {
        // Made anew, attestations would tell of another time, and docker's image be another one.
        const loaded = daemon.keepsIndexes
          ? layout
          : await makeLayout(
              withoutAttestations(built, context),
              {...context, note: () => {}},
              readableForm(daemon, layout, form, context),
            );
        await loadInto(daemon, loaded, form, context);
      }
      return exportResult(layout);
    },
  };
}

/** The image stays the same: its ID is that of the layers as they are unpacked. */
function readableForm(daemon: Daemon, layout: Layout, form: ImageForm, context: ExportContext): ImageForm {
  if (daemon.readsZstd || zstdLayers(layout.images[0].manifest.layers) === 0) return form;
  context.note(`layers are sent with gzip: this ${daemon.name} is older than 23, and does not know zstd`);
  // A level of zstd is none of gzip.
  const {level: _, ...format} = form.format;
  return {...form, format: {...format, compression: 'gzip', force: true}};
}

async function loadInto(
  daemon: Daemon,
  layout: Layout,
  form: ImageForm,
  context: ExportContext,
): Promise<void> {
  const {signal} = context;
  const [{config, manifest}] = layout.images;
  // What cannot be learned is not known: then everything is sent.
  const stacks = await daemon.layerStacks(signal).catch(() => []);
  signal.throwIfAborted();
  const known = commonLayers(config.rootfs.diff_ids, stacks);
  context.note(`importing to ${daemon.name}`);
  const send = (count: number): Promise<void> => sendWithout(count, daemon, layout, form, context);
  try {
    await send(known);
  } catch (error) {
    if (known === 0 || signal.aborted) throw error;
    // An image that had them may have been removed since.
    await send(0);
    return;
  }
  if (known > 0) context.note(`${known} of ${manifest.layers.length} layers were there`);
}

/** The archive without the blobs of so many of the lowest layers, but for those that a layer above has as well. */
async function sendWithout(
  count: number,
  daemon: Daemon,
  layout: Layout,
  form: ImageForm,
  context: ExportContext,
): Promise<void> {
  const {signal, blobs} = context;
  const [{manifest}] = layout.images;
  const sent = new Set(manifest.layers.slice(count).map(({digest}) => digest));
  const left = new Set(
    manifest.layers.slice(0, count).flatMap(({digest}) => (sent.has(digest) ? [] : digest)),
  );
  const partial = {...layout, blobs: layout.blobs.filter(({digest}) => !left.has(digest))};
  const members = await dockerMembers(partial, form.names, blobs);
  const {writeArchive} = await import('../tar-archive.ts');
  await daemon.load((write) => writeArchive(members, write, {epochSeconds: 0, signal}), signal);
}

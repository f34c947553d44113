// `tsbuild save IMAGE…`.

import {buildError} from '../../../diagnostics/build-error.ts';
import {zstdWarning} from '../../../exporters/docker-manifest.ts';
import {writeOutput} from '../../../exporters/output-file.ts';
import {writeArchive} from '../../../exporters/tar-archive.ts';
import {chosenImage, type ImageMatch, matchImage, repositoryTags} from '../../../image/match-image.ts';
import {archiveOf, type SavedImage} from '../../../image/save-archive.ts';
import type {Platform} from '../../../oci/platform.ts';
import {LocalBlobStore} from '../../../store/blob-store.ts';
import {exitCodes} from '../../exit-codes.ts';
import {chosenFormat} from '../../format/flag.ts';
import {platformFlag} from '../../platform-flag.ts';
import type {Act} from '../command.ts';
import {withImages} from '../with-images.ts';

export const saveImages: Act = async ({flags, operands, io, interrupt}) => {
  if (operands.length === 0) throw buildError('usage', 'cli-operands', 'save needs an IMAGE');
  const format = chosenFormat(flags, ['docker-archive', 'oci-archive']);
  const platform = platformFlag(flags);
  return withImages(flags, io, async (store, root) => {
    const all = await store.list();
    const named = operands.flatMap((operand) =>
      // As docker: a name without a tag is the whole repository.
      (repositoryTags(all, operand) ?? [matchImage(all, operand)]).map((match) =>
        savedImage(match, operand, platform),
      ),
    );
    const images = merged(named);
    if (format === 'docker-archive') {
      const warning = zstdWarning(images.flatMap(({image}) => image.content.layers));
      if (warning !== undefined) io.stderr.write(`warning: ${warning}\n`);
    }
    const members = await archiveOf(images, format, new LocalBlobStore(root));
    const destination = {stdout: io.stdout, workingDirectory: io.cwd, signal: interrupt};
    // No time of its own: the same images are the same archive.
    await writeOutput(flags.last('output') ?? '-', destination, (write) =>
      writeArchive(members, write, {epochSeconds: 0, signal: interrupt}),
    );
    return exitCodes.ok;
  });
};

function savedImage(match: ImageMatch, operand: string, platform: Platform | undefined): SavedImage {
  const image = chosenImage(match, operand, platform);
  const isWhole = match.name !== undefined && platform === undefined;
  return {
    root: isWhole ? image.root : image.manifest,
    image,
    names: match.name === undefined || match.name.startsWith('<none>') ? [] : [match.name],
  };
}

/** Names of one image belong together. */
function merged(images: readonly SavedImage[]): readonly SavedImage[] {
  const byRoot = new Map<string, SavedImage>();
  for (const image of images) {
    const known = byRoot.get(image.root.digest);
    const names = [...new Set([...(known?.names ?? []), ...image.names])];
    byRoot.set(image.root.digest, {...image, names});
  }
  return [...byRoot.values()];
}

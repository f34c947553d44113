// The bill of materials of an image: its final file system as one flat tar, which no symlink can lead out of, and
// whose members are looked at by name.

import {join} from 'node:path';
import {type ScannedFile, scanFiles} from '../../attestation/sbom/scan.ts';
import {spdxDocument, spdxPredicateType} from '../../attestation/sbom/spdx.ts';
import type {Attestation} from '../../exporters/exporter.ts';
import {type View, viewArguments} from '../../helper/helper.ts';
import {readMember, tarIndex} from '../../sources/archive/tar-index.ts';
import type {Engine} from '../engine.ts';

export interface BillOptions {
  readonly name: string;
  readonly createdSeconds: number;
}

export async function billOfMaterials(
  view: View,
  {state, helper: getHelper}: Pick<Engine, 'helper' | 'state'>,
  options: BillOptions,
  signal: AbortSignal,
): Promise<Attestation> {
  const directory = await state.makeWork();
  const helper = await getHelper();
  try {
    const tar = join(directory, 'root.tar');
    const args = ['view=0', ...viewArguments(view), 'epoch=0', 'flatten=1', `out=${tar}`, 'compress=none'];
    await helper.request('pack', args, {signal});
    const members = await tarIndex(tar);
    const files = Array.from(members, ([path, member]): ScannedFile => {
      return {path, size: member.size, read: () => readMember(tar, member)};
    });
    const scan = await scanFiles(files);
    return {predicateType: spdxPredicateType, predicate: spdxDocument(scan, options)};
  } finally {
    await helper.request('remove', [`path=${directory}`]);
  }
}

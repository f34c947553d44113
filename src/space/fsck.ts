// Whether everything is what its name says: blobs against their digests, rows against files, layer directories
// against the DiffId that was recorded (on request, since it means packing them again). A repair takes away what is
// wrong, which costs cache misses; what an image with a name lacks is told and stays. Leftovers of processes that
// were killed are no mistake: they are told apart.

import {createHash} from 'node:crypto';
import {existsSync, rmSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import type {Helper} from '../helper/helper.ts';
import type {Digest} from '../oci/digest.ts';
import {filePieces} from '../store/file-pieces.ts';
import {collecting, liveLeases, staleLeases} from '../store/leases.ts';
import type {StateDirectory} from '../store/state-directory.ts';
import {BlobReach} from './blob-reach.ts';
import {inventory, namesIn} from './inventory.ts';
import type {Item} from './item.ts';
import {displaced, takeAway} from './removal.ts';

export interface Finding {
  /** `wrong`: something is not what it says; `leftover`: useless, harmless. */
  readonly kind: 'wrong' | 'leftover';
  readonly text: string;
  readonly repair: 'none' | 'blob' | 'layer' | 'snapshot' | 'item' | 'lease';
  /** What the repair is about: a digest, a layer, a snapshot, a path. */
  readonly name: string;
  readonly item?: Item;
}

export interface FsckOptions {
  readonly state: StateDirectory;
  readonly helper: () => Promise<Helper>;
  readonly deep: boolean;
  readonly repair: boolean;
}

/** Of a row of `snapshot`. */
const standsOnNothing = `layer NOT IN (SELECT id FROM layer)
  OR (parent IS NOT NULL AND parent NOT IN (SELECT id FROM snapshot))`;
const nothingMeasured = {layers: new Map<string, number>(), others: new Map<string, number>()};

/** Checks, and repairs where that is asked for. */
export async function fsck(options: FsckOptions, signal: AbortSignal): Promise<readonly Finding[]> {
  const findings = [
    ...(await damagedBlobs(options.state, signal)),
    ...missingParts(options.state),
    ...brokenRows(options.state),
    ...(options.deep ? await changedLayers(options, signal) : []),
    ...leftovers(options.state),
  ];
  if (options.repair && findings.length > 0) await repair(findings, options, signal);
  return findings;
}

async function damagedBlobs({root}: StateDirectory, signal: AbortSignal): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of namesIn(join(root, 'blobs', 'sha256'))) {
    signal.throwIfAborted();
    const hash = createHash('sha256');
    try {
      for await (const piece of filePieces(join(root, 'blobs', 'sha256', name))) hash.update(piece);
    } catch (error) {
      // A prune beside us was faster.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    const found = hash.digest('hex');
    if (found === name) continue;
    const text = `blob sha256:${name} has the contents of sha256:${found}`;
    findings.push({kind: 'wrong', text, repair: 'blob', name});
  }
  return findings;
}

function missingParts({root, database}: StateDirectory): Finding[] {
  const reach = new BlobReach(root);
  return database.all('SELECT name, descriptor FROM image').flatMap((row) => {
    const {digest} = JSON.parse(String(row['descriptor'])) as {digest: Digest};
    return [...reach.from(digest)]
      .filter((part) => !existsSync(reach.pathOf(part)))
      .map((part): Finding => {
        const text = `image ${String(row['name'])} lacks its blob ${part}`;
        return {kind: 'wrong', text, repair: 'none', name: part};
      });
  });
}

function brokenRows(state: StateDirectory): Finding[] {
  const {database} = state;
  const snapshots = database.all(`SELECT id FROM snapshot WHERE ${standsOnNothing}`).map(({id}): Finding => {
    const name = String(id);
    return {kind: 'wrong', text: `snapshot ${name} stands on nothing`, repair: 'snapshot', name};
  });
  const orphans = 'SELECT key, name FROM record WHERE snapshot NOT IN (SELECT id FROM snapshot)';
  const records = database.all(orphans).map((row): Finding => {
    const text = `the record of "${String(row['name'])}" leads to no snapshot`;
    return {kind: 'wrong', text, repair: 'snapshot', name: ''};
  });
  const reach = new BlobReach(state.root);
  const sql = 'SELECT id, digest, continues FROM layer WHERE source IS NULL';
  const layers = database.all(sql).flatMap((row) => {
    const name = String(row['id']);
    if (directoriesOf(state, name, row['continues']).every((path) => existsSync(path))) return [];
    if (row['digest'] !== null && existsSync(reach.pathOf(row['digest'] as Digest))) return [];
    const text = `layer ${name} has neither directory nor blob`;
    return [{kind: 'leftover', text, repair: 'layer', name} satisfies Finding];
  });
  return [...snapshots, ...records, ...layers];
}

/** Layers made here whose directory does not give the tar that it once gave. */
async function changedLayers({state, helper}: FsckOptions, signal: AbortSignal): Promise<Finding[]> {
  const findings: Finding[] = [];
  const sql =
    'SELECT id, diff_id, continues FROM layer WHERE diff_id IS NOT NULL AND source IS NULL AND has_directory = 1';
  for (const row of state.database.all(sql)) {
    const name = String(row['id']);
    const layers = stackOf(state, name);
    if (layers === undefined || !layers.every((path) => existsSync(path))) continue;
    const work = await state.makeWork();
    const views = layers.map((path) => `layer=${path}`);
    if (row['continues'] !== null) views.push('top=2');
    const request = [...views, `out=${join(work, 'tar')}`, 'compress=none'];
    const fields = await (await helper()).request('pack', request, {signal});
    await rm(work, {recursive: true});
    const found = fields.get('diffid');
    if (found === row['diff_id']) continue;
    const text = `layer ${name} was ${String(row['diff_id'])} and is ${found} now`;
    findings.push({kind: 'wrong', text, repair: 'layer', name});
  }
  return findings;
}

/** Directories of the snapshot that a layer was made as, topmost first. */
function stackOf(state: StateDirectory, id: string): string[] | undefined {
  const paths: string[] = [];
  for (let at: string | null = id; at !== null; ) {
    const sql = `SELECT parent, layer, continues FROM snapshot LEFT JOIN layer ON layer.id = snapshot.layer
      WHERE snapshot.id = ?`;
    const row = state.database.get(sql, at);
    if (row === undefined) return undefined;
    paths.push(...directoriesOf(state, String(row['layer']), row['continues']));
    at = row['parent'] === null ? null : String(row['parent']);
  }
  return paths;
}

/** Topmost first: its own, and that of the layer that it continues. */
function directoriesOf(state: StateDirectory, layer: string, continues: unknown): string[] {
  return (typeof continues === 'string' ? [layer, continues] : [layer]).map((id) => state.layerPath(id));
}

function leftovers(state: StateDirectory): Finding[] {
  // Looking for the live ones takes the others away.
  const stale = staleLeases(state.root);
  const items = inventory(state, liveLeases(state.root), nothingMeasured);
  return [
    ...stale.map((path): Finding => {
      return {kind: 'leftover', text: `${path} of a process that has ended`, repair: 'lease', name: path};
    }),
    ...items
      .filter(({garbage, inUse, removal}) => garbage && !inUse && removal.kind !== 'layer')
      .map((item): Finding => {
        const text = `${item.id}: ${item.description}`;
        return {kind: 'leftover', text, repair: 'item', name: item.id, item};
      }),
  ];
}

async function repair(
  findings: readonly Finding[],
  {state, helper}: FsckOptions,
  signal: AbortSignal,
): Promise<void> {
  const namesOf = (kind: Finding['repair']): string[] =>
    findings.filter((finding) => finding.repair === kind).map(({name}) => name);
  const layers = new Set(namesOf('layer'));
  const away = await collecting(state.root, state.locks, signal, (leases) => {
    const items = inventory(state, leases, nothingMeasured);
    const broken = items.filter(
      ({id, inUse, removal}) => removal.kind === 'layer' && layers.has(id) && !inUse,
    );
    const useless = findings.flatMap(({item}) => item ?? []);
    const current = new Set(items.filter(({inUse}) => !inUse).map(({id}) => id));
    const paths = takeAway([...broken, ...useless.filter(({id}) => current.has(id))], state, leases);
    for (const name of namesOf('blob'))
      paths.push(...displaced(join(state.root, 'blobs', 'sha256', name), state.root));
    state.database.transaction(() => dropBrokenRows(state));
    return paths;
  });
  for (const path of namesOf('lease')) rmSync(path, {force: true});
  if (away.length === 0) return;
  const paths = away.map((path) => `path=${path}`);
  await (await helper()).request('remove', paths, {signal});
}

/** Until nothing stands on nothing any more: what stood on what is dropped goes with it. */
function dropBrokenRows({database}: StateDirectory): void {
  while (database.get(`SELECT 1 AS one FROM snapshot WHERE ${standsOnNothing} LIMIT 1`) !== undefined)
    database.run(`DELETE FROM snapshot WHERE ${standsOnNothing}`);
  database.run('DELETE FROM record WHERE snapshot NOT IN (SELECT id FROM snapshot)');
}

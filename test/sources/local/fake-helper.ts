// A helper over a tree in memory: it knows the verbs scan and digest, counts requests, and can find a directory
// unreadable. Written from docs/formats/helper-protocol.md.

import {createHash} from 'node:crypto';
import {type Helper, HelperError, type HelperVerb} from '../../../src/helper/helper.ts';
import {isDirectory, type TreeRecord} from '../../../src/tree/record.ts';
import {isWithin} from '../../../src/tree/tree.ts';
import {recordsOf} from '../../tree/memory-tree.ts';
import {encodeRecord} from '../../tree/record-encoder.ts';

export interface FakeRequest {
  readonly verb: HelperVerb;
  readonly args: readonly string[];
}

export class FakeHelper implements Helper {
  readonly requests: FakeRequest[] = [];
  records: TreeRecord[];
  /** Bytes of files by path; others hold their path. */
  readonly contents = new Map<string, string>();
  readonly unreadable = new Set<string>();
  failure: HelperError | undefined;

  constructor(words: readonly string[]) {
    this.records = recordsOf(words);
  }

  change(path: string, change: Partial<TreeRecord>): void {
    this.records = this.records.map((record) => (record.path === path ? {...record, ...change} : record));
  }

  async request(
    verb: HelperVerb,
    args: readonly string[],
    options: {readonly onData?: (bytes: Uint8Array) => void} = {},
  ): Promise<ReadonlyMap<string, string>> {
    this.requests.push({verb, args});
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    const values = (key: string) =>
      args.filter((arg) => arg.startsWith(`${key}=`)).map((arg) => arg.slice(key.length + 1));
    if (verb === 'scan')
      options.onData?.(
        Buffer.concat(this.#scan(values('path'), values('prune'), values('prunename')).map(encodeRecord)),
      );
    else options.onData?.(Buffer.concat(values('file').map((path) => this.#digest(path))));
    return new Map();
  }

  async close(): Promise<void> {}

  /** Paths of the files that were hashed, request by request. */
  hashed(): string[][] {
    return this.requests
      .filter(({verb}) => verb === 'digest')
      .map(({args}) => args.filter((arg) => arg.startsWith('file=')).map((arg) => arg.slice(5)));
  }

  #scan(paths: readonly string[], prune: readonly string[], names: readonly string[]): TreeRecord[] {
    const pruned = (path: string) => prune.includes(path) || names.includes(path.split('/').at(-1) ?? '');
    return paths.flatMap((root) =>
      this.records.filter((record) => {
        if (!isWithin(record.path, root)) return false;
        const above = record.path.split('/').map((_, index, parts) => parts.slice(0, index).join('/'));
        if (above.some((path) => path !== '' && isWithin(path, root) && pruned(path))) return false;
        if (isDirectory(record) && this.unreadable.has(record.path) && !pruned(record.path)) {
          throw new HelperError('scan', 13, record.path, 'cannot list the directory');
        }
        return true;
      }),
    );
  }

  #digest(path: string): Uint8Array {
    if (this.unreadable.has(path)) return new Uint8Array(32);
    return createHash('sha256')
      .update(this.contents.get(path) ?? path)
      .digest();
  }
}

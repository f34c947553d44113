import {describe, expect, it} from 'vitest';
import {digestOf} from '../../../../src/oci/digest.ts';
import {mediaTypes} from '../../../../src/oci/media-types.ts';
import {referrersIn, referrersTag, tellReferrers} from '../../../../src/sources/registry/push/referrers.ts';
import {signal} from '../rig.ts';

const subject = digestOf(Buffer.from('image'));
const referrer = (text: string) => {
  return {mediaType: mediaTypes.manifest, digest: digestOf(Buffer.from(text)), size: text.length};
};

/** A repository of documents by path; `lists`: its registry answers for referrers itself. */
function repository(lists: boolean) {
  const documents = new Map<string, Uint8Array>();
  if (lists) documents.set(`/referrers/${subject}`, Buffer.from('{"schemaVersion":2,"manifests":[]}'));
  return {
    documents,
    read: async (path: string) => documents.get(path),
    putManifest: async ({bytes}: {bytes: Uint8Array}, _: AbortSignal, name = '') => {
      documents.set(`/manifests/${name}`, bytes);
      return digestOf(bytes);
    },
  };
}

describe('what refers to a manifest', () => {
  it('is left to a registry that lists it', async () => {
    const own = repository(true);
    expect(await tellReferrers(own, subject, [referrer('a')], signal)).toBe('registry');
    expect(own.documents.size).toBe(1);
  });

  it('is otherwise listed under a tag, each once, those that were there first', async () => {
    const own = repository(false);
    for (const added of [[referrer('a')], [referrer('a'), referrer('b')], []])
      expect(await tellReferrers(own, subject, added, signal)).toBe('tag');
    const listed = own.documents.get(`/manifests/${referrersTag(subject)}`) ?? Buffer.alloc(0);
    expect(referrersTag(subject)).toBe(`sha256-${subject.slice(7)}`);
    expect(referrersIn(listed)).toEqual([referrer('a'), referrer('b')]);
  });

  it('is nothing where the list is none', () => {
    expect(referrersIn(Buffer.from('{}'))).toEqual([]);
  });
});

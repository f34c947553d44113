// Where an object of S3 is: the bucket is in the host name ("virtual-hosted style", which AWS wants) or in the path
// ("path style"), by the rules of AWS's own clients ("Virtual hosting of general purpose buckets", S3 user guide).

import {isIP} from 'node:net';
import {percentEncoded} from './signature.ts';

export interface S3Place {
  readonly endpoint: string | undefined;
  readonly region: string;
}

export interface ObjectName {
  readonly bucket: string;
  /** Undefined: in the host name where it can be. */
  readonly pathStyle: boolean | undefined;
  readonly key: string;
}

const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

export function objectUrl({endpoint, region}: S3Place, {bucket, pathStyle, key}: ObjectName): URL {
  const suffix = region.startsWith('cn-') ? '.cn' : '';
  const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com${suffix}`);
  const path = key.split('/').map(percentEncoded).join('/');
  const root = base.pathname.replace(/\/$/, '');
  if (pathStyle ?? !isHostable(bucket, base)) return new URL(`${base.origin}${root}/${bucket}/${path}`);
  return new URL(`${base.protocol}//${bucket}.${base.host}${root}/${path}`);
}

function isHostable(bucket: string, {hostname, protocol}: URL): boolean {
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 || hostname === 'localhost') return false;
  // What a certificate for `*.s3.REGION.amazonaws.com` covers is one label.
  return (protocol === 'https:' ? [bucket] : bucket.split('.')).every((part) => label.test(part));
}

// The version, written into the bundle by bin/bundle/build.mjs from package.json.

declare const TSBUILD_VERSION: string | undefined;

export const version = typeof TSBUILD_VERSION === 'string' ? TSBUILD_VERSION : '0.0.0-source';

// A package that a file system has, as its package manager or its own metadata tells.

export interface FoundPackage {
  /** Type of its package URL. */
  readonly type: 'apk' | 'deb' | 'golang' | 'npm' | 'pypi' | 'rpm';
  readonly namespace?: string;
  readonly name: string;
  readonly version: string;
  readonly architecture?: string;
  /** Of an rpm whose numbering began anew. */
  readonly epoch?: string;
  /** In the package's own words. */
  readonly license?: string;
  /** The file that says so, without a leading slash. */
  readonly path: string;
}

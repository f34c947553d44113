// `tsbuild imagetools create` and `tsbuild imagetools inspect`.

import {progressFlag, signKeyFlag} from '../../flags.ts';
import {formatFlagFor} from '../../format/flag.ts';
import type {Command} from '../command.ts';

const section = 'Registries';

export const imagetoolsCommands: readonly Command[] = [
  {
    name: 'imagetools create',
    section,
    usage: ['-t NAME[:TAG] [FLAGS] SOURCE…', '--dry-run [FLAGS] SOURCE…'],
    shortUsage: '-t NAME[:TAG] SOURCE…',
    summary: 'make one index of images that are in registries',
    about:
      'Makes one index of manifests and indexes in registries, and puts it under every --tag. A SOURCE is NAME[:TAG|@DIGEST], store://NAME[:TAG] for an image of the local store, a digest in the only repository that is named, or a descriptor in JSON, whose platform and annotations go before those of the registry. A single index is copied as it is. What the repository of a tag lacks is mounted, or copied there through the local store; the tag moves last.',
    more: `Examples:
  tsbuild imagetools create -t registry.example/app:1 registry.example/app:1-amd64 registry.example/app:1-arm64
  tsbuild imagetools create --append -t registry.example/app:1 registry.example/app:1-riscv64
  tsbuild imagetools create -t registry.example/app:1 other.example/app:1
  tsbuild imagetools create -t registry.example/app:1 store://app:amd64 store://app:arm64
`,
    flags: [
      {
        name: 'annotation',
        value: '[LEVEL:]K=V',
        group: 'Output',
        help: 'annotation; LEVEL is index or manifest-descriptor, of one platform as manifest-descriptor[linux/arm64] (repeatable)',
      },
      {name: 'append', group: 'Input', help: 'begin with what the first --tag names already'},
      {name: 'dry-run', group: 'Output', help: 'print the index and push nothing'},
      {
        name: 'file',
        short: 'f',
        value: 'FILE',
        group: 'Input',
        help: 'a file with a source in it, before those of the command line (repeatable)',
      },
      {
        name: 'metadata-file',
        value: 'FILE',
        group: 'Output',
        help: 'write descriptor, digest and names of the index there, as JSON',
      },
      {
        name: 'platform',
        short: 'p',
        value: 'OS/ARCH',
        group: 'Input',
        help: 'take the images for these platforms only; several with commas or repeated (default: all)',
      },
      {
        name: 'prefer-index',
        group: 'Output',
        help: 'make an index of a single manifest, too (default: true); =false copies it as it is',
      },
      progressFlag,
      signKeyFlag,
      {
        name: 'tag',
        short: 't',
        value: 'NAME[:TAG]',
        group: 'Output',
        help: 'put it under this name, in any registry (repeatable)',
      },
    ],
    dockerFlags: [{name: 'builder', value: true, refusal: 'is not needed: there are no builders'}],
    load: async () => (await import('./create.ts')).createImage,
  },
  {
    name: 'imagetools inspect',
    section,
    usage: ['[--raw | --format FORMAT] NAME[:TAG|@DIGEST]'],
    shortUsage: 'NAME',
    summary: 'show what a name in a registry stands for, without fetching it',
    about:
      'Shows the manifest or index of a name in its registry, of an index with every entry. No layer is fetched, and the local store is not looked at.',
    more: `Fields of --format: .Name, .Manifest (of an index with .Manifests), .Image (the config), .Provenance.SLSA and
.SBOM.SPDX; of an index with several platforms the last three are maps of platforms:
  tsbuild imagetools inspect --format '{{json .Manifest}}' registry.example/app
  tsbuild imagetools inspect --format '{{(index .Image "linux/arm64").Created}}' registry.example/app
`,
    flags: [
      formatFlagFor('json, or a template of Go’s kind (default: a text for people)'),
      {name: 'raw', group: 'Output', help: 'print the manifest byte for byte, without a line end'},
    ],
    dockerFlags: [{name: 'builder', value: true, refusal: 'is not needed: there are no builders'}],
    load: async () => (await import('./inspect.ts')).inspectRemote,
  },
];

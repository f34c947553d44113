// The flags of every command as data: the parser (program.ts), --help (help.ts) and "did you mean" all read this
// table, so they cannot disagree. Names and meanings are docker buildx's; flags of docker that tsbuild refuses or
// ignores are in docker-flags.ts.

import {limitFlags} from './limit-flags.ts';

export interface Flag {
  /** Long name without dashes. */
  readonly name: string;
  readonly short?: string;
  /** What the value is called in --help; undefined: a boolean flag, which also takes `=true` and `=false`. */
  readonly value?: string;
  readonly group: FlagGroup;
  /** One paragraph for --help; undefined: not shown there. */
  readonly help?: string;
}

export type FlagGroup = 'Input' | 'Output' | 'Cache' | 'Steps' | 'Limits' | 'Progress' | 'Global';

export const flagGroups: readonly FlagGroup[] = [
  'Input',
  'Output',
  'Cache',
  'Steps',
  'Limits',
  'Progress',
  'Global',
];

export const globalFlags: readonly Flag[] = [
  {
    name: 'root',
    value: 'DIR',
    group: 'Global',
    help: 'state directory: blobs, layers, cache (default: $TSBUILD_ROOT, or /var/lib/tsbuild for root, or $XDG_DATA_HOME/tsbuild)',
  },
  {name: 'config', value: 'FILE', group: 'Global', help: 'configuration file (TOML)'},
  {name: 'help', short: 'h', group: 'Global', help: 'show this text'},
  {name: 'version', short: 'V', group: 'Global', help: 'show the version'},
];

/** A command's own, and those of all commands; a letter that the command needs is its own: `-h` of docker run. */
export function withGlobalFlags(own: readonly Flag[]): readonly Flag[] {
  const letters = new Set(own.map(({short}) => short));
  const spelled = globalFlags.map(({short, ...flag}) =>
    short === undefined || letters.has(short) ? flag : {...flag, short},
  );
  return [...own, ...spelled];
}

export const lockFileFlag: Flag = {
  name: 'lock-file',
  value: 'FILE',
  group: 'Input',
  help: 'the lock file (default: beside the Dockerfile, its name with .lock)',
};

/** Of commands that take one image of an index. */
export const choosePlatformFlag: Flag = {
  name: 'platform',
  value: 'OS/ARCH',
  group: 'Input',
  help: 'of an index the image for this platform (default: the one that runs on this machine)',
};

export const signKeyFlag: Flag = {
  name: 'sign-key',
  value: 'FILE',
  group: 'Output',
  help: 'sign what is pushed, and what is attested of it, with this private key (tsbuild sign); or env://NAME; its password is in $COSIGN_PASSWORD',
};

export const progressFlag: Flag = {
  name: 'progress',
  value: 'MODE',
  group: 'Progress',
  help: 'auto, tty, plain, rawjson or quiet (default: $BUILDKIT_PROGRESS, or auto)',
};

export const buildFlags: readonly Flag[] = [
  {
    name: 'file',
    short: 'f',
    value: 'FILE',
    group: 'Input',
    help: 'the Dockerfile (default: PATH/Dockerfile); "-" reads it from standard input',
  },
  {
    name: 'build-arg',
    value: 'K[=V]',
    group: 'Input',
    help: 'value of an ARG; without =V it comes from the environment (repeatable)',
  },
  {name: 'target', value: 'STAGE', group: 'Input', help: 'build this stage instead of the last one'},
  {
    name: 'platform',
    value: 'OS/ARCH',
    group: 'Input',
    help: 'platform of the image, such as linux/arm64; several with commas or repeated give an index (default: local, this machine)',
  },
  {
    name: 'build-context',
    value: 'NAME=SRC',
    group: 'Input',
    help: 'another context for FROM and COPY --from: a directory or docker-image://REF (repeatable)',
  },
  {
    name: 'locked',
    group: 'Input',
    help: 'take exactly what the lock file says, and nothing that is not in it (tsbuild lock writes it)',
  },
  lockFileFlag,
  {
    name: 'source-policy-file',
    value: 'FILE',
    group: 'Input',
    help: "BuildKit's source policy as JSON: what may be taken from where (default: $EXPERIMENTAL_BUILDKIT_SOURCE_POLICY)",
  },
  {
    name: 'secret',
    value: 'SPEC',
    group: 'Input',
    help: 'secret for RUN --mount=type=secret: id=ID[,src=FILE|,env=NAME] (repeatable)',
  },
  {
    name: 'ssh',
    value: 'SPEC',
    group: 'Input',
    help: 'agent or keys for RUN --mount=type=ssh: default, ID=SOCKET or ID=KEYFILE[,KEYFILE] (repeatable)',
  },
  {
    name: 'tag',
    short: 't',
    value: 'NAME',
    group: 'Output',
    help: 'name of the image, NAME[:TAG] (repeatable)',
  },
  {
    name: 'output',
    short: 'o',
    value: 'SPEC',
    group: 'Output',
    help: 'where the result goes: type=TYPE[,KEY=VALUE…], see Outputs below; a bare path means type=local, "-" means a tar on standard output (repeatable)',
  },
  {
    name: 'push',
    group: 'Output',
    help: 'push the image to the registries of its names: -o type=registry, or push=true of the image that -o asks for',
  },
  {
    name: 'load',
    group: 'Output',
    help: 'put the image into the docker or podman of this machine, and into the local image store; short for -o type=docker',
  },
  {name: 'label', value: 'K=V', group: 'Output', help: 'label of the image (repeatable)'},
  {
    name: 'annotation',
    value: '[LEVEL:]K=V',
    group: 'Output',
    help: 'annotation of the image; LEVEL is manifest (default), index, manifest-descriptor or index-descriptor, several with commas, one platform as manifest[linux/arm64] (repeatable)',
  },
  {
    name: 'squash',
    group: 'Output',
    help: 'write what the build adds to its base image as one layer (all layers as one: -o …,squash=all)',
  },
  {name: 'iidfile', value: 'FILE', group: 'Output', help: 'write the image ID to FILE'},
  {
    name: 'metadata-file',
    value: 'FILE',
    group: 'Output',
    help: 'write digests, descriptor and names of the result to FILE as JSON',
  },
  {
    name: 'attest',
    value: 'SPEC',
    group: 'Output',
    help: 'attest something of the image: type=provenance[,mode=min|max][,version=v1|v0.2] or type=sbom[,generator=IMAGE] (repeatable; default: nothing)',
  },
  {
    name: 'provenance',
    value: 'SPEC',
    group: 'Output',
    help: 'short for --attest type=provenance,SPEC; also true or false',
  },
  {
    name: 'sbom',
    value: 'SPEC',
    group: 'Output',
    help: 'short for --attest type=sbom,SPEC; also true or false',
  },
  signKeyFlag,
  {
    name: 'check',
    group: 'Output',
    help: 'build nothing, print warnings about the Dockerfile; the exit code is 1 if there are any (--call=check)',
  },
  {
    name: 'call',
    value: 'METHOD',
    group: 'Output',
    help: 'build nothing, and tell: check, outline (arguments and secrets of the target) or targets; ",format=json" for scripts',
  },
  {name: 'no-cache', group: 'Cache', help: 'run every step, whatever the cache has'},
  {
    name: 'no-cache-filter',
    value: 'STAGE',
    group: 'Cache',
    help: 'run every step of these stages (comma-separated, repeatable)',
  },
  {
    name: 'cache-from',
    value: 'SPEC',
    group: 'Cache',
    help: 'cache of other machines to look into: type=TYPE[,KEY=VALUE…] with registry, local, s3 or gha, or a REF: a cache in a registry, or an image there or here that has one inside (repeatable)',
  },
  {
    name: 'cache-to',
    value: 'SPEC',
    group: 'Cache',
    help: 'cache of other machines to write to while building: type=TYPE[,KEY=VALUE…][,mode=min|max], or type=inline for one inside the image (repeatable)',
  },
  {name: 'pull', group: 'Cache', help: 'ask the registry for newer base images even if they are here'},
  {name: 'network', value: 'MODE', group: 'Steps', help: 'network of RUN steps: default, none or host'},
  {
    name: 'add-host',
    value: 'HOST:IP',
    group: 'Steps',
    help: 'line for /etc/hosts of RUN steps, HOST:IP or HOST=IP (repeatable)',
  },
  {
    name: 'allow',
    value: 'NAME',
    group: 'Steps',
    help: 'what RUN may ask for: network.host, security.insecure; and buildx.local.delete, for -o mode=delete outside of the working directory (repeatable)',
  },
  {name: 'shm-size', value: 'BYTES', group: 'Steps', help: 'size of /dev/shm, such as 128m (default: 64m)'},
  {
    name: 'ulimit',
    value: 'NAME=SOFT[:HARD]',
    group: 'Steps',
    help: 'resource limit of RUN steps, such as nofile=1024:2048 (repeatable)',
  },
  ...limitFlags.map(({name, short, value, help}): Flag => {
    return {name, ...(short === undefined ? {} : {short}), value, group: 'Limits', help};
  }),
  {
    name: 'resource',
    value: 'NAME=VALUE',
    group: 'Limits',
    help: 'the same as BuildKit writes it: memory=2g,cpu-quota=50000 (repeatable)',
  },
  {name: 'cgroup-parent', value: 'PATH', group: 'Limits', help: 'where the control groups of steps are made'},
  {
    name: 'step-timeout',
    value: 'TIME',
    group: 'Steps',
    help: 'end a RUN step that takes longer, such as 10m (default: no limit)',
  },
  progressFlag,
  {name: 'quiet', short: 'q', group: 'Progress', help: 'print nothing but the image ID'},
];

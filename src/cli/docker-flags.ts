// Flags that `docker build`, `docker buildx build` or their scripts know and tsbuild does not act on. Those that
// change nothing for the result are accepted in silence; those whose absence would be noticed are refused by name,
// which is kinder than "unknown flag" and safer than ignoring them.

export interface DockerFlag {
  readonly name: string;
  readonly short?: string;
  /** True: the flag has a value. */
  readonly value?: boolean;
  /** Why it is refused, to follow "--name "; undefined: accepted and without effect. */
  readonly refusal?: string;
  /** It is another word for this flag. */
  readonly means?: string;
  /** Values that are accepted although the flag is refused: they ask for what happens anyway. */
  readonly accepted?: readonly string[];
}

const debug: DockerFlag = {name: 'debug', short: 'D'};
const builder: DockerFlag = {
  name: 'builder',
  value: true,
  refusal: 'is not supported: tsbuild has no builder instances, use --root for a separate state',
  accepted: ['', 'default'],
};

/** Of buildx's commands that ask a builder about its cache and its history; `timeout` is for finding the builder. */
export const builderFlags: readonly DockerFlag[] = [debug, builder, {name: 'timeout', value: true}];

export const contentTrust: DockerFlag = {
  name: 'disable-content-trust',
  refusal: 'cannot be switched off: there is no Notary',
  accepted: ['true'],
};

export const dockerFlags: readonly DockerFlag[] = [
  {name: 'rm'},
  {name: 'force-rm'},
  {name: 'compress'},
  debug,
  contentTrust,
  builder,
  {name: 'print', value: true, refusal: 'is an old name of --call: use --call=outline or --call=targets'},
  {
    name: 'policy',
    value: true,
    refusal: 'is not supported: policies are JSON, given with --source-policy-file',
  },
  {
    name: 'isolation',
    value: true,
    refusal: 'is not supported: it is for Windows containers',
    accepted: ['', 'default'],
  },
  {name: 'security-opt', value: true, refusal: 'is not supported: it is for Windows containers'},
];

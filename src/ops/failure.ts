// What went wrong in a step, in the user's words. The helper reports phase, errno and path; here they become one
// Diagnostic, and every failure of a step gets the place of its instruction.

import {BuildError, type BuildErrorKind} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {SourceFile} from '../diagnostics/source-file.ts';
import type {ExecOp, Op} from '../graph/op.ts';
import type {Vertex} from '../graph/vertex.ts';
import {HelperError} from '../helper/helper.ts';
import {quoted} from '../plan/go-format.ts';
import type {OpRunner} from '../solver/op-runner.ts';

/** A runner whose failures say where in `file` the instruction stands. */
export function located<V extends Vertex, R>(runner: OpRunner<V, R>, file: SourceFile): OpRunner<V, R> {
  const at = async <T>(vertex: V, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw place(error, vertex, file);
    }
  };
  const {open, ifUnchanged} = runner;
  return {
    ...(ifUnchanged === undefined ? {} : {ifUnchanged}),
    ...(open === undefined
      ? {}
      : {open: (vertex: V, signal: AbortSignal) => at(vertex, () => open(vertex, signal))}),
    cacheMap: (vertex) => {
      const map = runner.cacheMap(vertex);
      return {
        ...map,
        inputs: map.inputs.map((input) =>
          input.by === 'result'
            ? input
            : {...input, hash: (value, signal) => at(vertex, () => input.hash(value, signal))},
        ),
      };
    },
    exec: (vertex, inputs, context) => at(vertex, () => runner.exec(vertex, inputs, context)),
  };
}

function place(error: unknown, vertex: Vertex, file: SourceFile): unknown {
  const failure = error instanceof HelperError ? explained(error, vertex.op) : error;
  if (!(failure instanceof BuildError)) return failure;
  const {span} = vertex.origin;
  if (span === undefined) return failure;
  const [first, ...rest] = failure.diagnostics.map(
    (diagnostic): Diagnostic => (diagnostic.span === undefined ? {...diagnostic, file, span} : diagnostic),
  );
  return first === undefined ? failure : new BuildError(failure.kind, [first, ...rest], {cause: failure});
}

interface Explanation {
  readonly kind: BuildErrorKind;
  readonly code: string;
  readonly hints?: readonly string[];
}

/** By phase of the helper protocol; whatever is not here is the host's doing. */
const explanations: Readonly<Record<string, Explanation>> = {
  exec: {
    kind: 'step',
    code: 'exec-not-started',
    hints: [
      'the program must exist in the image; an image without a shell needs the exec form: RUN ["/program", "argument"]',
    ],
  },
  user: {
    kind: 'step',
    code: 'exec-unknown-user',
    hints: ['create the user in an earlier RUN, or use a numeric id'],
  },
  owner: {
    kind: 'user',
    code: 'file-unknown-owner',
    hints: ['--chown takes names known to the image being built, or numeric ids'],
  },
  copy: {kind: 'user', code: 'file-copy'},
  limits: {
    kind: 'environment',
    code: 'sandbox-limits',
    hints: [
      'tsbuild doctor tells which limits can be set here, and nproc how many processors there are; an ordinary user can have a group of its own: systemd-run --user --scope -p Delegate=yes tsbuild …',
    ],
  },
  mounts: {kind: 'step', code: 'exec-mount'},
  cwd: {kind: 'step', code: 'exec-cwd'},
  namespaces: {
    kind: 'environment',
    code: 'sandbox-no-namespaces',
    hints: [
      'as an ordinary user tsbuild needs user namespaces: sysctl user.max_user_namespaces=28633 (and kernel.unprivileged_userns_clone=1 on older Debian); tsbuild doctor tells what is missing here',
    ],
  },
  'id-maps': {
    kind: 'environment',
    code: 'sandbox-no-id-maps',
    hints: ['install newuidmap (package uidmap) and give the user a range in /etc/subuid and /etc/subgid'],
  },
};

/** errno(3) */
const errnos = {badFormat: 8, refused: 13, noSpace: 28};

function explanationOf({phase, errno}: HelperError): Explanation | undefined {
  // Of namespaces it is their number that is used up.
  if (errno === errnos.noSpace && phase !== 'namespaces') {
    const hints = ['free some space, or choose another --root'];
    return {kind: 'environment', code: 'store-disk-full', hints};
  }
  if (phase === 'exec' && errno === errnos.badFormat) {
    const hints = ['it is for another kind of machine, or a script that does not begin with #!'];
    return {kind: 'step', code: 'exec-not-started', hints};
  }
  if (phase === 'exec' && errno === errnos.refused) {
    const hints = ['it is no program: a directory, or a file that this user may not execute (chmod +x)'];
    return {kind: 'step', code: 'exec-not-started', hints};
  }
  return explanations[phase];
}

/** What the helper reports, by its phase; of an op, with what it was about. */
export function explained(error: HelperError, op?: Op): BuildError {
  const fallback: Explanation = {kind: 'environment', code: `sandbox-${error.phase}`};
  const {kind, code, hints} = explanationOf(error) ?? fallback;
  const diagnostic: Diagnostic = {
    severity: 'error',
    code,
    message: messageOf(error, op),
    ...(hints === undefined ? {} : {hints}),
  };
  return new BuildError(kind, [diagnostic], {cause: error});
}

/** Phases in which it is the process of RUN that cannot begin. */
const ofTheProcess: ReadonlySet<string> = new Set(['exec', 'user', 'cwd', 'mounts']);

/** How docker begins what it says of a process that failed, and what scripts look for. */
export function notCompleted({args}: ExecOp, how: string): string {
  return `process ${quoted(args.join(' '))} did not complete successfully: ${how}`;
}

function messageOf(error: HelperError, op: Op | undefined): string {
  const message =
    withPlaces.has(error.phase) && error.errno !== errnos.noSpace ? withPlace(error) : error.message;
  if (op?.kind !== 'exec' || !ofTheProcess.has(error.phase)) return message;
  // Without an exit code, where docker's says 1: there was no process that could have had one.
  return notCompleted(op, message);
}

/** Phases whose messages are about the path that is told beside them. */
const withPlaces: ReadonlySet<string> = new Set(['copy', 'cwd', 'mounts']);

/** `cannot make the directory: not a directory` is of use with the path only. */
function withPlace({path, message}: HelperError): string {
  return path === '' || message.includes(path) ? message : `${path}: ${message}`;
}

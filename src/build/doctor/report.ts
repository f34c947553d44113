// What the doctor finds, as data.

export interface Finding {
  readonly name: string;
  /** `missing`: it is not there or does not work; `warning`: it works, but not as it could. */
  readonly state: 'ok' | 'warning' | 'missing';
  /** What was found, or why it does not work. */
  readonly detail: string;
  /** The command or step that mends it. */
  readonly fix?: string;
  /** No build with RUN steps works without it. */
  readonly needed: boolean;
}

export interface DoctorReport {
  /** Builds can run. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

export function reportOf(findings: readonly Finding[]): DoctorReport {
  return {ok: !findings.some(({needed, state}) => needed && state === 'missing'), findings};
}

export function finding(
  name: string,
  state: Finding['state'],
  detail: string,
  more: {readonly fix?: string | undefined; readonly needed?: boolean} = {},
): Finding {
  const {fix, needed = false} = more;
  return {name, state, detail, ...(fix === undefined ? {} : {fix}), needed};
}

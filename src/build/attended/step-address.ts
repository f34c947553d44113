// `--at`: which step of a Dockerfile is meant.
//   build      the stage `build`, when all of it is done (`stage-2` for one without a name, as in progress)
//   build:3    after the step that progress calls `[build 3/5]`; `:3` when there is one stage
//   12         after the instruction on line 12 of the Dockerfile

export type StepAddress =
  | {readonly by: 'stage'; readonly stage: string}
  | {readonly by: 'number'; readonly stage: string; readonly number: number}
  | {readonly by: 'line'; readonly line: number};

export function parseStepAddress(text: string): StepAddress | {readonly problem: string} {
  if (/^[1-9]\d*$/.test(text)) return {by: 'line', line: Number(text)};
  const [, stage = '', number] = /^([^:]*)(?::([1-9]\d*))?$/.exec(text) ?? [];
  if (number !== undefined) return {by: 'number', stage, number: Number(number)};
  if (stage !== '') return {by: 'stage', stage};
  return {problem: `--at expects STAGE, STAGE:STEP or a line number, got "${text}"`};
}

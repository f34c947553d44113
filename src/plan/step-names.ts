// How a step is called in progress: `[build 3/5] RUN make`, or `[linux/arm64 build 3/5] RUN make` in a build for
// several platforms. The numbers count FROM (unless it is scratch or a stage of the file) and the instructions that
// make layers; the stage's name stands only where there are several.

import {
  formatPlatform,
  formatPlatformVersion,
  normalisePlatform,
  type Platform,
  parsePlatform,
} from '../oci/platform.ts';
import {withoutCredentials} from '../util/url-credentials.ts';
import type {Environment} from './environment.ts';

export interface StepPlace {
  /** Of an ONBUILD trigger. */
  readonly fromTrigger?: boolean | undefined;
  /** As `platformLabel` has it; undefined: the build is for one platform. */
  readonly platform?: string | undefined;
}

export class StepNames {
  #index = 0;
  #total: number;
  readonly stageName: string;

  constructor(stageName: string, total: number) {
    this.stageName = stageName;
    this.#total = total;
  }

  /** ONBUILD triggers join the steps of the stage that runs them. */
  addSteps(count: number): void {
    this.#total += count;
  }

  /** Gives the next number to `text`. */
  next(text: string, place: StepPlace): string {
    this.#index += this.#total === 0 ? 0 : 1;
    return this.current(text, place);
  }

  /** The number given last, for the second vertex of one instruction (COPY --link). */
  current(text: string, {fromTrigger = false, platform}: StepPlace): string {
    const shown = withoutCredentials(text);
    if (this.#total === 0) return shown;
    const width = String(this.#total).length;
    const stage = this.stageName === '' ? '' : `${this.stageName} `;
    const trigger = fromTrigger ? 'ONBUILD ' : '';
    const label = platform === undefined ? '' : `${platform} `;
    return `[${label}${stage}${String(this.#index).padStart(width)}/${this.#total}] ${trigger}${shown}`;
  }
}

/** `linux/amd64`, and of a step that knows it compiles for another machine `linux/amd64->arm64`. */
export function platformLabel(platform: Platform, environment?: Environment): string {
  const own = normalisePlatform(platform);
  const label = formatPlatformVersion(own);
  const target = environment === undefined ? undefined : targetIn(environment, own);
  if (target === undefined || formatPlatformVersion(target) === label) return label;
  const {os, ...machine} = target;
  const name = formatPlatform({...machine, os}).slice(os.length + 1);
  return `${label}->${os === own.os ? name : `${os}/${name}`}`;
}

/** What the predefined arguments say that the stage asked for; what it did not ask for is as it is. */
function targetIn(environment: Environment, own: Platform): Platform | undefined {
  const whole = environment.get('TARGETPLATFORM');
  const parsed = whole === undefined ? undefined : parsePlatform(whole);
  if (parsed !== undefined && !('problem' in parsed)) return parsed;
  const [os, architecture, variant] = ['OS', 'ARCH', 'VARIANT'].map((part) =>
    environment.get(`TARGET${part}`),
  );
  if (os === undefined && architecture === undefined && variant === undefined) return undefined;
  return normalisePlatform({
    os: os || own.os,
    architecture: architecture || own.architecture,
    ...(variant ? {variant} : {}),
  });
}

/** An instruction as written, its keyword in capitals. */
export function withUpperKeyword(text: string): string {
  const blank = text.indexOf(' ');
  return blank < 0 ? text.toUpperCase() : text.slice(0, blank).toUpperCase() + text.slice(blank);
}

/** First line of a heredoc: `apt-get update...`. */
export function summaryOf(content: string): string {
  const lines = content.trim().split(/\r?\n/);
  return lines.length > 1 ? `${lines[0]}...` : (lines[0] ?? '');
}

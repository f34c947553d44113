// What the command knows of the terminal it talks to, and what it lets through to it.

import {StringDecoder} from 'node:string_decoder';
import {terminalText} from '../progress/terminal-text.ts';
import type {CliIo, CliOutput} from './io.ts';

const defaultColumns = 80;

export function columnsOf(output: Pick<CliOutput, 'columns'>): number {
  return output.columns !== undefined && output.columns > 0 ? output.columns : defaultColumns;
}

/** Colours only on a terminal that has them, and never with NO_COLOR (https://no-color.org: any non-empty value). */
export function wantsColor(output: Pick<CliOutput, 'isTTY'>, env: CliIo['env']): boolean {
  return output.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

/** What stands behind outputs that `safeIo` gave. */
const behind = new WeakMap<object, CliOutput>();

/**
 * The streams of `io` with this difference: of what is written to one that is a terminal, only text and colours
 * arrive. Names of files, stages and images, logs and what registries answer are other people's, and any command may
 * print them. Files and pipes get every byte. Streams are opened when they are asked for, as before.
 */
export function safeIo(io: CliIo): CliIo {
  const safe = new Map<CliOutput, CliOutput>();
  const of = (output: CliOutput): CliOutput => {
    if (output.isTTY !== true) return output;
    const known = safe.get(output) ?? safeOutput(output, wantsColor(output, io.env));
    safe.set(output, known);
    return known;
  };
  return Object.create(io, {
    stdout: {get: () => of(io.stdout)},
    stderr: {get: () => of(io.stderr)},
  }) as CliIo;
}

/** The stream itself, for who moves the cursor on purpose and makes its lines safe without help. */
export function rawOutput<T extends object>(output: T): T | CliOutput {
  return behind.get(output) ?? output;
}

function safeOutput(output: CliOutput, color: boolean): CliOutput {
  // A character may come in two pieces.
  const decoder = new StringDecoder();
  const write = (data: string | Uint8Array, ...more: unknown[]): boolean => {
    const text = typeof data === 'string' ? data : decoder.write(Buffer.from(data));
    return Reflect.apply(output.write, output, [terminalText(text, {color}), ...more]) as boolean;
  };
  const proxy = new Proxy(output, {
    get(target, key) {
      if (key === 'write') return write;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  behind.set(proxy, output);
  return proxy;
}

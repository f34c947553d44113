import {describe, expect, it} from 'vitest';
import {TerminalQuestions} from '../../../../src/cli/commands/login/terminal-questions.ts';
import {memoryIo} from '../../memory-io.ts';

/** A terminal at which these pieces are typed. */
function terminal(pieces: readonly string[], signal = new AbortController().signal) {
  const {stdout, out} = memoryIo();
  const modes: boolean[] = [];
  const stdin = Object.assign(
    (async function* () {
      for (const piece of pieces) yield Buffer.from(piece);
    })(),
    {isTTY: true, setRawMode: (on: boolean) => modes.push(on)},
  );
  return {questions: new TerminalQuestions({stdin, stdout}, signal), out, modes};
}

describe('questions at a terminal', () => {
  it('take a line, and a secret that is not shown', async () => {
    const {questions, out, modes} = terminal(['ann', 'a\r\ns3', 'crét\r', 'x']);
    expect(await questions.line('Username: ')).toBe('anna');
    expect(modes).toEqual([]);
    expect(await questions.secret('Password: ')).toBe('s3crét');
    expect(modes).toEqual([true, false]);
    expect(out()).toBe('Username: Password: \n');
  });

  it('let a secret be mended while it is typed', async () => {
    const {questions} = terminal(['\x7fab\x7f\x7fcd\b', 'e\n']);
    expect(await questions.secret('')).toBe('ce');
  });

  it('take what was typed before the end of input', async () => {
    expect(await terminal(['me']).questions.line('')).toBe('me');
    expect(await terminal(['pw\x04']).questions.secret('')).toBe('pw');
  });

  it('are given up with Ctrl-C, and the terminal is as it was', async () => {
    const {questions, modes} = terminal(['ab\x03']);
    await expect(questions.secret('')).rejects.toThrow('the login was given up');
    expect(modes).toEqual([true, false]);
  });

  it('that are given up with Ctrl-C interrupt the command, as the signal would', async () => {
    const stdin = (async function* () {
      yield '\x03';
    })();
    let interrupts = 0;
    const io = {stdin, stdout: memoryIo().stdout, interrupt: () => interrupts++};
    await expect(new TerminalQuestions(io, new AbortController().signal).secret('')).rejects.toThrow();
    expect(interrupts).toBe(1);
  });

  it('end with the command, also while nothing is typed', async () => {
    const interrupt = new AbortController();
    const stdin = {[Symbol.asyncIterator]: () => ({next: () => new Promise<never>(() => {})})};
    const questions = new TerminalQuestions({stdin, stdout: memoryIo().stdout}, interrupt.signal);
    const line = questions.line('');
    interrupt.abort(new Error('stopped'));
    await expect(line).rejects.toThrow('stopped');
    await expect(questions.secret('')).rejects.toThrow('stopped');
  });
});

// What must be true of every command, so that nobody has to remember it.

import {describe, expect, it} from 'vitest';
import {commandNames} from '../../../src/cli/command-names.ts';
import {commands} from '../../../src/cli/commands/index.ts';
import {flagGroups, withGlobalFlags} from '../../../src/cli/flags.ts';
import {helpText} from '../../../src/cli/help.ts';
import {BuildError} from '../../../src/diagnostics/build-error.ts';
import {parseCommandLine} from '../parse-command-line.ts';

describe.each(commands.map((command) => [command.name, command] as const))('%s', (name, command) => {
  it('is found by its name, and is in the list of --help', () => {
    expect(parseCommandLine([...name.split(' '), 'x']).command).toBe(name);
    expect(helpText('build', 100)).toContain(`tsbuild ${name}`);
  });

  it('has a page of its own that tells every flag', () => {
    const text = helpText(name, 100);
    for (const flag of command.flags) if (flag.help !== undefined) expect(text).toContain(`--${flag.name}`);
    for (const line of text.split('\n')) expect(line).toBe(line.trimEnd());
  });

  it('has each flag once, in a group that is printed', () => {
    const flags = [...withGlobalFlags(command.flags), ...(command.dockerFlags ?? [])];
    const spellings = flags.flatMap(({name: long, short}) => [`--${long}`, ...(short ? [`-${short}`] : [])]);
    expect(spellings.filter((one, index) => spellings.indexOf(one) !== index)).toEqual([]);
    for (const {group} of command.flags) expect(flagGroups).toContain(group);
  });

  it('is summed up in a line', () => {
    expect(command.summary).toMatch(/^[a-z].*[^.]$/);
    expect(command.summary.length).toBeLessThanOrEqual(100);
  });
});

it('the commands stand in the order of their names, which the parser has a list of', () => {
  const names = commands.map(({name}) => name);
  expect(names).toEqual([...names].sort());
  expect(commandNames).toEqual(names);
});

it('the first word of commands of two words alone is a mistake that names them', () => {
  const several = commands.filter(({name}) => name.includes(' '));
  for (const {name} of several) {
    const [first = ''] = name.split(' ');
    if (commands.some((command) => command.name === first)) continue;
    expect(() => parseCommandLine([first, 'nonsense'])).toThrow(BuildError);
  }
});

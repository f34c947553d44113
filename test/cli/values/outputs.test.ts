import {describe, expect, it} from 'vitest';
import {ValueReader} from '../../../src/cli/value-reader.ts';
import {parseAnnotation} from '../../../src/cli/values/annotation.ts';
import {outputsOf} from '../../../src/cli/values/outputs.ts';
import {parseCommandLine} from '../parse-command-line.ts';

function outputs(...argv: string[]): unknown {
  const {flags} = parseCommandLine(['build', ...argv, '.']);
  const reader = new ValueReader(flags);
  const found = outputsOf(reader);
  reader.throwProblems();
  return found.map(({type, options}) => [type, Object.fromEntries(options)]);
}

describe('outputs', () => {
  it('--annotation and --squash speak to outputs that are images', () => {
    expect(
      outputs('-o', 'type=oci,dest=x,annotation.a=own', '-o', 'out', '--annotation', 'a=b', '--squash'),
    ).toEqual([
      ['oci', {dest: 'x', 'annotation.a': 'own', squash: 'stage'}],
      ['local', {dest: 'out'}],
    ]);
  });

  it('without -o they are about the image in the local store', () => {
    expect(outputs('--annotation', 'index:a=b')).toEqual([['image', {'annotation-index.a': 'b'}]]);
    expect(outputs()).toEqual([]);
  });

  it('--load adds docker, unless it is asked for already', () => {
    expect(outputs('--load', '-o', 'out')).toEqual([
      ['local', {dest: 'out'}],
      ['docker', {}],
    ]);
    expect(outputs('--load', '-o', 'type=docker,context=x')).toEqual([['docker', {context: 'x'}]]);
    expect(outputs('--load', '-o', 'type=docker,dest=x')).toEqual([
      ['docker', {dest: 'x'}],
      ['docker', {}],
    ]);
  });
});

describe('where an output goes', () => {
  it.each([
    ['type=oci', {dest: '-'}],
    ['type=oci,dest=,tar=true', {dest: '-', tar: 'true'}],
    ['type=oci,tar=false', {tar: 'false'}],
    ['type=tar', {dest: '-'}],
    ['type=docker', {}],
    ['type=local', {}],
  ])('that is %s', (text, options) => {
    const [[, found]] = outputs('-o', text) as [[string, object]];
    expect(found).toEqual(options);
  });

  it('an empty one asks for nothing', () => {
    expect(outputs('-o', '', '--output=')).toEqual([]);
  });

  it('only one can be standard output', () => {
    expect(() => outputs('-o', '-', '-o', 'type=oci')).toThrow('only one output can be standard output');
  });
});

describe('--annotation', () => {
  it.each([
    ['k=v', [['annotation.k', 'v']]],
    ['org.x/y=a:b=c', [['annotation.org.x/y', 'a:b=c']]],
    [
      'index,manifest[linux/arm/v7]:k=',
      [
        ['annotation-index.k', ''],
        ['annotation-manifest[linux/arm/v7].k', ''],
      ],
    ],
    ['manifest-descriptor:k=v', [['annotation-manifest-descriptor.k', 'v']]],
  ])('%s', (text, expected) => {
    expect(parseAnnotation(text)).toEqual(expected);
  });

  it.each(['k', '=v', '', 'index:=v', 'idx:k=v'])('refuses %j', (text) => {
    expect(parseAnnotation(text)).toHaveProperty('problem');
  });
});

// With real files and an invented helper: what a step is given, and what the user is told.

import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, describe, expect, it} from 'vitest';
import type {DnsConfig} from '../../src/config/config.ts';
import type {Diagnostic} from '../../src/diagnostics/diagnostic.ts';
import {HelperError} from '../../src/helper/helper.ts';
import {type NetworkedStep, StepNetworks} from '../../src/network/step-networks.ts';
import {FakeLeaseHelper} from './fake-lease-helper.ts';

const lease = '7/10.1.0.0/1500/1';
const step: NetworkedStep = {
  network: 'default',
  hostname: 'h',
  extraHosts: [{host: 'me', address: 'host-gateway'}],
};
const noDns: DnsConfig = {nameservers: [], options: [], searchDomains: []};
const places: string[] = [];

afterEach(() => {
  for (const place of places.splice(0)) rmSync(place, {recursive: true, force: true});
});

function rig(error?: Error, dns = noDns) {
  const helper = new FakeLeaseHelper(error === undefined ? [`host=10.1.0.1\0lease=${lease}\0`] : [], error);
  const warnings: Diagnostic[] = [];
  const discarded: string[] = [];
  const networks = new StepNetworks({
    helper: async () => helper,
    makeDirectory: async () => {
      const place = mkdtempSync(join(tmpdir(), 'tsbuild-networks-'));
      places.push(place);
      return place;
    },
    discard: (directory) => discarded.push(directory),
    dns,
    warn: (diagnostic) => warnings.push(diagnostic),
  });
  const given = async (more: Partial<NetworkedStep> = {}) => {
    const args = await networks.argumentsFor({...step, ...more});
    const fields = new Map(args.map((arg) => arg.split('=') as [string, string]));
    return {
      network: fields.get('network'),
      hosts: fields.get('hosts') ?? '',
      resolv: fields.get('resolv') ?? '',
    };
  };
  return {helper, warnings, discarded, networks, given};
}

describe('the networks of the steps of a build', () => {
  it('come from one lease, taken for the first step that needs it', async () => {
    const {given, helper} = rig();
    await given({network: 'none'});
    await given({network: 'host'});
    expect(helper.asked).toEqual([]);
    const both = await Promise.all([given(), given({hostname: 'other'})]);
    expect(both.map(({network}) => network)).toEqual([lease, lease]);
    expect(helper.asked).toEqual(['network']);
  });

  it('give the host the address at which each kind of step reaches it', async () => {
    const {given} = rig();
    const meIn = async (network: NetworkedStep['network']) =>
      /^(.*)\tme$/m.exec(readFileSync((await given({network})).hosts, 'utf8'))?.[1];
    expect([await meIn('default'), await meIn('host'), await meIn('none')]).toEqual([
      '10.1.0.1',
      '127.0.0.1',
      '127.0.0.1',
    ]);
  });

  it('show steps with the same names the same files', async () => {
    const {given} = rig();
    const [one, same, other] = [await given(), await given(), await given({hostname: 'x'})];
    expect(same).toEqual(one);
    expect(other.hosts).not.toBe(one.hosts);
    expect(other.resolv).toBe(one.resolv);
  });

  it('ask the servers of the configuration, whatever the network', async () => {
    const {given} = rig(undefined, {...noDns, nameservers: ['192.0.2.53'], options: ['ndots:1']});
    for (const network of ['default', 'none', 'host'] as const)
      expect(readFileSync((await given({network})).resolv, 'utf8')).toMatch(/^nameserver 192\.0\.2\.53\n/);
  });

  it('are the network of the host where there is no other, and that is said once', async () => {
    const {given, warnings} = rig(new HelperError('network', 0, '', 'the moon is full'));
    const both = await Promise.all([given(), given()]);
    expect(both.map(({network}) => network)).toEqual(['host', 'host']);
    expect(warnings.map(({code}) => code)).toEqual(['network-shared']);
    expect(warnings[0]?.message).toMatch(
      /share the network of the host.*: the moon is full; tsbuild doctor tells .* --network=host/,
    );
  });

  it('are an error when the helper itself is gone', async () => {
    const {given, warnings} = rig(new Error('gone'));
    await expect(given()).rejects.toThrow('gone');
    expect(warnings).toEqual([]);
  });

  it('are an error for the steps after the lease was lost', async () => {
    const {given, helper} = rig();
    await given();
    helper.breakDown(new HelperError('network', 0, '', 'slirp4netns ended'));
    await new Promise(setImmediate);
    await expect(given()).rejects.toThrow("the network of this build's steps is gone: slirp4netns ended");
    await expect(given({network: 'none'})).resolves.toMatchObject({network: 'none'});
  });

  it('have the same files for steps that follow each other and ask for the same, and others for others', async () => {
    const {given} = rig();
    const first = await given({network: 'none', extraHosts: []});
    const other = await given({network: 'none', extraHosts: [], hostname: 'other'});
    const named = await given({network: 'none', hostname: 'other'});
    const again = await given({network: 'none', extraHosts: []});
    expect(readFileSync(other.hosts, 'utf8')).toContain('localhost other');
    expect(readFileSync(named.hosts, 'utf8')).toContain('me');
    expect(again).toEqual(first);
    expect(new Set([first, other, named].map(({hosts}) => hosts)).size).toBe(3);
    expect((await given({extraHosts: []})).network).not.toBe('none');
  });

  it('are given back in the end, with their files', async () => {
    const {given, helper, discarded, networks} = rig();
    await given();
    await networks.close();
    expect(helper.givenBack).toBe(true);
    expect(discarded).toEqual([places[0]]);
    const unused = rig();
    await unused.networks.close();
    expect(unused.helper.asked).toEqual([]);
    expect(unused.discarded).toEqual([]);
  });
});

import {describe, expect, test} from 'vitest';
import {configWith} from '../../../src/build/import/change-config.ts';
import type {Platform} from '../../../src/oci/platform.ts';

const arm: Platform = {os: 'linux', architecture: 'arm', variant: 'v6'};

describe('changes of a config', () => {
  test('are instructions of a Dockerfile, which come after each other', async () => {
    const changes = [
      'ENV LANG=C HOME=/data',
      'WORKDIR $HOME',
      'WORKDIR sub',
      'ENTRYPOINT ["/bin/tool"]',
      'CMD help me',
      'EXPOSE 53/udp',
      'LABEL a=1\nLABEL b="2 3"',
      'USER 7:8',
      'VOLUME /data',
      'STOPSIGNAL SIGINT',
      'HEALTHCHECK --retries=2 CMD tool check',
      'ONBUILD COPY . /src',
    ];
    const {config, os, architecture, variant} = await configWith(changes, arm);
    expect({os, architecture, variant}).toEqual(arm);
    expect(config).toEqual({
      Env: ['LANG=C', 'HOME=/data'],
      WorkingDir: '/data/sub',
      Entrypoint: ['/bin/tool'],
      Cmd: ['/bin/sh', '-c', 'help me'],
      ExposedPorts: {'53/udp': {}},
      Labels: {a: '1', b: '2 3'},
      User: '7:8',
      Volumes: {'/data': {}},
      StopSignal: 'SIGINT',
      Healthcheck: {Test: ['CMD-SHELL', 'tool check'], Retries: 2},
      OnBuild: ['COPY . /src'],
      ArgsEscaped: true,
    });
  });

  test('are none: then the config is empty, without the PATH of a stage from scratch', async () => {
    expect((await configWith([], arm)).config).not.toHaveProperty('Env');
    expect((await configWith(['ENV PATH=$PATH:/x'], arm)).config.Env).toEqual([
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/x',
    ]);
  });

  test.each(['RUN true', 'COPY a b', 'ADD a b', 'ARG a', 'SHELL ["sh"]', 'FROM busybox', 'MAINTAINER me'])(
    'are not %s',
    async (change) => {
      await expect(configWith(['USER 1', change], arm)).rejects.toThrow(
        `${change.split(' ')[0]} is no change of a config: expected CMD, ENTRYPOINT, ENV`,
      );
    },
  );

  test('with mistakes are refused as a Dockerfile is', async () => {
    await expect(configWith(['EXPOSE nowhere'], arm)).rejects.toThrow(/nowhere/);
    await expect(configWith(['CND sh'], arm)).rejects.toThrow('unknown instruction: CND');
  });
});

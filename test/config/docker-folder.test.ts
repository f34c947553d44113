import {expect, test} from 'vitest';
import {inDockerFolder} from '../../src/config/docker-folder.ts';

test("docker's folder is the one that is named, else in the home, else nowhere", () => {
  const both = {DOCKER_CONFIG: '/set', HOME: '/home/me'};
  expect(inDockerFolder(both, 'config.json')).toBe('/set/config.json');
  expect(inDockerFolder({...both, DOCKER_CONFIG: ''}, 'a', 'b')).toBe('/home/me/.docker/a/b');
  expect(inDockerFolder({HOME: ''}, 'config.json')).toBeUndefined();
});

// What the command says that is called again and again, with a note of what it said before (docs/adr/0025), against
// what a build of this process says, which has no notes: before and after each edit of random projects.

import {expect, it} from 'vitest';
import {argumentsOf} from './machine.ts';
import {dockerfileOf} from './random-project.ts';
import {roundOf} from './round.ts';
import {firstSeed, isSoak, Search, soakRounds, timeoutMs} from './search.ts';

const rounds = isSoak ? Math.ceil(soakRounds / 30) : 4;

/** A failed build has seconds before a step's lines, and its Dockerfile's place as seen from where it was called. */
function comparable(text: string): string {
  return text.replace(/^\d+\.\d+(?= )/gm, 'SECONDS').replace(/(--> )\S*(?=context\/)/g, '$1');
}

it(`in ${rounds} random projects the command says what a build says`, {timeout: timeoutMs}, async () => {
  await using search = await Search.open();
  const {space} = search;
  const machine = search.machine('command');
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    const root = await machine.copyRoot(search.pristine, 'warm');
    for (const [index, {project, what, disturbance}] of roundOf(seed, 'kept').edits.entries()) {
      machine.layOut(project, disturbance);
      const args = ['-q', ...argumentsOf(project, machine.context), machine.context];
      const env = project.epoch === undefined ? {} : {SOURCE_DATE_EPOCH: String(project.epoch)};
      if (index > 0) {
        const run = await space.run(['build', ...args], {root, env});
        const built = await machine.call('build', root, args, {...process.env, ...env});
        const said = comparable(`${run.code} ${run.stdout}${run.stderr}`);
        expect(said, `SEED=${seed}: ${what}\n${dockerfileOf(project)}`).toBe(
          comparable(`${built.code} ${built.out}${built.log}`),
        );
      }
      // The second one finds all as it was, and leaves a note.
      for (let turn = 0; turn < 2; turn++) await space.run(['build', ...args], {root, env});
    }
  }
});

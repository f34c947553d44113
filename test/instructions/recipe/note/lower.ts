// NOTE leaves its text in a file and in a label: both halves of what an instruction may do.

import {InputList} from '../../../../src/plan/graph-builder.ts';
import type {StageState} from '../../../../src/plan/stage-state.ts';
import type {NoteInstruction} from './read.ts';

export const noteLowering = {
  isStep: true,
  lower(instruction: NoteInstruction, stage: StageState): void {
    const [content, destination] = [stage.expand(instruction.text), stage.expand(instruction.to)];
    const inputs = new InputList();
    const base = inputs.indexOf(stage.vertex);
    const action = {type: 'make-file', destination, name: 'note', content} as const;
    const name = stage.stepName();
    stage.vertex = stage.add({kind: 'file', base, actions: [action]}, inputs.vertices, name, {
      mayIgnoreCache: true,
    });
    stage.image.labels.set('note', content);
    stage.commitLayer(`NOTE ${content}`);
  },
};

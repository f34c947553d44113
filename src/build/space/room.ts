// What a build that makes something needs of the room `space`; loaded then, since most builds make nothing.

export {isCollectionDue} from '../../space/collection-due.ts';
export {capOf} from '../../space/policies.ts';
export {Space} from '../../space/space.ts';
export {diskState, spaceMemoryIn, usedAtMost} from '../../space/space-memory.ts';

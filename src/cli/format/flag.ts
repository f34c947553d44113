// The flag --format of every command that prints rows.

import type {Flag} from '../flags.ts';

export const formatFlag: Flag = {
  name: 'format',
  value: 'FORMAT',
  group: 'Output',
  help: "table, json, 'table {{.Field}}\\t{{.Field}}' or a template of Go's kind (default: table)",
};

// `# NAME text` above `ARG NAME` or `FROM … AS NAME` describes it. Other comments may stand around that line.

/** What the comments above an instruction say about `name`; '' when they say nothing. */
export function descriptionOf(comments: readonly string[], name: string): string {
  if (name === '') return '';
  const line = comments.find((comment) => comment.startsWith(`${name} `));
  return line === undefined ? '' : line.slice(name.length + 1);
}

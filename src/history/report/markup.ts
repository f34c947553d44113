// Text as markup that shows it and does nothing else.

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escaped(text: string): string {
  // Control characters are no characters of HTML.
  const plain = text.replaceAll(/[\x00-\x08\x0b-\x1f\x7f]/g, '\ufffd');
  return plain.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}

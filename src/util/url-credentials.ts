// Users and passwords in the URLs of a text: nobody shall read them in a log, a history or an error. Of http everything
// before the @ counts, since tokens stand for users; of ssh, where a user is no secret, only the password. Variables
// that are still to be filled in are not.

const inHttp = /\b(https?:\/\/)([^\s/?#"'<>]*)@/gi;
// A scheme is short; without a bound, text without one would be looked at again from every letter.
const inOthers = /\b((?!http)[a-z][a-z0-9+.-]{0,15}:\/\/[^\s/?#:@]*:)([^\s/?#"'<>]*)@/gi;

const mask = 'xxxxx';

export function withoutCredentials(text: string): string {
  return replaced(text, () => mask);
}

/** The same for text in which columns count. */
export function maskedCredentials(text: string): string {
  return replaced(text, (secret) => 'x'.repeat(secret.length));
}

function replaced(text: string, shown: (secret: string) => string): string {
  if (!text.includes('@')) return text;
  const replace = (match: string, before: string, secret: string): string =>
    secret === '' || secret.includes('$') ? match : `${before}${shown(secret)}@`;
  return text.replace(inHttp, replace).replace(inOthers, replace);
}

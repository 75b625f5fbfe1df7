/**
 * Somebody else's text where people read it, on one line: control characters, terminal escapes and marks that reorder what is read become
 * U+FFFD.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '\uFFFD')
}

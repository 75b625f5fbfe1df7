import type { MacScheme, Scheme, SignedPart } from './scheme.ts'
import { TIME_WORDS } from './time.ts'
import { wordsOf } from './token.ts'

/** How deliveries of a scheme prove themselves, in a sentence. */
export function schemeWords(scheme: Scheme): string {
  switch (scheme.kind) {
    case 'standard-webhooks':
      return `Standard Webhooks v1, HMAC-SHA256 over id, time and body; the key is ${scheme.key === 'whsec' ? 'what the secret holds in base64 behind whsec_' : 'the text of the secret'}`
    case 'mac':
      return macWords(scheme)
    case 'token':
      return `no signature: a secret in ${wordsOf(scheme.places)}`
  }
}

function macWords({ header, algorithm, encoding, signed, timestamp }: MacScheme): string {
  const over = signed.map(partWords).filter((part) => part !== null)
  const time = timestamp
    ? `; the time (${timestamp.units.map((unit) => TIME_WORDS[unit]).join(' or ')}) may be ${timestamp.oldestMs / 60_000} minutes old`
    : '; no time is signed'
  return `HMAC-${algorithm.toUpperCase()} in ${encoding}, in the header ${header}, over ${over.join(', ')}${time}`
}

function partWords(part: SignedPart): string | null {
  if (part === 'timestamp') return 'time'
  if (part === 'url') return 'URL'
  if (typeof part === 'string') return part
  return 'header' in part ? `the header ${part.header}` : null
}

/** What it does not prove; null where body and time are signed. `keyIsUnsigned`: of the sender's preset. */
export function weakness(scheme: Scheme, keyIsUnsigned: boolean): string | null {
  if (scheme.kind === 'token') {
    return 'Whoever learns the secret can send any event, and send it again: it proves neither the body nor the time. In a URL it also stands in the logs of proxies. HTTPS only; change it from time to time.'
  }
  if (scheme.kind === 'mac' && scheme.timestamp === null) {
    return keyIsUnsigned
      ? 'No time is signed: an old delivery can be sent again. Its body is remembered as long as its id, so it is known, or kept without being planned where it comes under another topic.'
      : 'No time is signed: an old delivery can be sent again. Its id is in the signed body, so that it is known for as long as ids are remembered.'
  }
  return null
}

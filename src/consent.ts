const YES = ['yes', 'true', '1', 'opt_in', 'opted_in', 'subscribed', 'granted', 'given']
const NO = ['no', 'false', '0', 'opt_out', 'opted_out', 'unsubscribed', 'denied', 'withdrawn']

/** What a customer's field `consent` means; null where it is neither. */
export function consentOf(word: string | undefined): boolean | null {
  const said = word?.trim().toLowerCase() ?? ''
  if (YES.includes(said)) return true
  return NO.includes(said) ? false : null
}

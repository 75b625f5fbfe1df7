import { hkdfSync } from 'node:crypto'

/** Says what the derived bytes are for, so that nothing else that is derived from the key is the same. */
const PURPOSE = 'postrider notify'

/** What signs where `notify.secret` is not set: derived from the ledger's key (32 bytes), and the same for as long as that is. */
export function derivedSecret(key: Uint8Array): string {
  return `whsec_${Buffer.from(hkdfSync('sha256', key, '', PURPOSE, 32)).toString('base64')}`
}

import { isUtf8 } from 'node:buffer'
import { Webhook } from 'standardwebhooks'
import Stripe from 'stripe'
import type { Config } from '../../src/config/config.ts'
import { SENDERS, type Sent } from './senders.ts'

/**
 * Whether the library of the sender's maker takes the delivery too; true where there is none. They sign text: what is none, or begins with a byte order mark, they are not asked. Where else they
 * differ is told in test/receive/signature/oracles.
 */
export function agrees(sent: Sent, config: Config, now: number): boolean {
  const { source, body } = sent
  const secrets = config.sources.get(source)?.secrets ?? []
  if (!isUtf8(body) || body.subarray(0, 3).toString('hex') === 'efbbbf') return true
  if (source === 'stripe') return secrets.some((secret) => stripeAccepts(sent, secret, now))
  if (source !== 'crm' && source !== 'bigcommerce') return true
  const [sender, partOf] = [SENDERS[source], (part: string) => headerOf(sent, `webhook-${part}`)]
  if (sender?.kind !== 'signs' || partOf('id') === null) return true
  const at = new Date(Number(partOf('timestamp')) * 1000)
  return secrets.some((secret) => {
    const key = source === 'crm' ? secret : Buffer.from(secret).toString('base64')
    const signature = new Webhook(key).sign(partOf('id') ?? '', at, body.toString())
    return (partOf('signature') ?? '').split(' ').includes(signature)
  })
}

function stripeAccepts(sent: Sent, secret: string, now: number): boolean {
  const header = headerOf(sent, 'stripe-signature') ?? ''
  // It throws at an empty signature, or one beyond ASCII, on the way to the right one.
  if (/v1=(,|$)|[^\x20-\x7e]/.test(header)) return true
  try {
    return Stripe.webhooks.signature?.verifyHeader(sent.body, header, secret, 301, undefined, now) ?? false
  } catch {
    return false
  }
}

function headerOf({ headers }: Sent, name: string): string | null {
  return headers.find(([one]) => one.toLowerCase() === name)?.[1] ?? null
}

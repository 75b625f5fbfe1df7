import type { Block, WrittenRoute } from './written.ts'

/** Warns of policies that risk or promise more than they seem to. `sources`: all of the file. */
export function checkPolicies({ route, channels, warning }: WrittenRoute, sources: readonly Block[]): void {
  if (route.activeConversation === 'join' && channels.some((channel) => channel !== 'email')) {
    const message = "join: a bot in the conversation may take the text for the customer's own words"
    warning('activeConversation', message)
  }
  const others = channels.filter((channel) => channel !== 'webmessaging')
  if (route.onUnconfirmed === 'resend-if-absent' && others.length > 0) {
    const message = `resend-if-absent: absence can be known over webmessaging only; over ${others.join(', ')} the message is held`
    warning('onUnconfirmed', message)
  }
  if (route.onUndelivered !== 'next-channel') return
  if (channels.length === 1) {
    warning('onUndelivered', 'next-channel: there is no next channel, channels has one entry')
  }
  if (!sources.some(({ preset }) => preset === 'genesys-undelivered')) {
    const message =
      'next-channel: no source has the preset genesys-undelivered, and nothing else reports what a customer did not see'
    warning('onUndelivered', message)
  }
}

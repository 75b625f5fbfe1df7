import { IDENTIFIERS, type IdentifierName, identifiersFor } from '../message.ts'
import { presetIn } from './check-source.ts'
import { type Block, blockOf, type WrittenRoute, wordsOf } from './written.ts'

/** Whether a route can reach anybody: over channels that Genesys is told how to use, by identifiers that it names. `sources`: those it listens to. */
export function checkReach(written: WrittenRoute, genesys: Block, sources: ReadonlyMap<string, Block>): void {
  const { route, channels, problem, warning } = written
  const findBy = Array.isArray(route.findBy) ? wordsOf(route.findBy, IDENTIFIERS) : IDENTIFIERS
  const named = wordsOf(Object.keys(blockOf(route.customer)), IDENTIFIERS)
  // A block that names nobody at all has its own problem.
  const lacks = (needed: readonly IdentifierName[]) =>
    named.length > 0 && needed.length > 0 && !needed.some((identifier) => named.includes(identifier))
  const inCustomer = (needed: readonly IdentifierName[]) =>
    needed.map((identifier) => `customer.${identifier}`).join(' or ')

  const unreached = channels.filter((channel) => lacks(identifiersFor(channel, findBy)))
  for (const channel of channels) {
    if (genesys[channel] === undefined) problem('channels', `${channel} needs genesys.${channel}`)
    // One that can never be climbed to is worth a word; a route of such alone reaches nobody.
    const say = unreached.length === channels.length ? problem : warning
    if (unreached.includes(channel)) {
      say('channels', `${channel} needs ${inCustomer(identifiersFor(channel, findBy))}`)
    }
  }
  const needsSession = route.requireSession !== undefined
  if (needsSession && lacks(findBy)) {
    problem('requireSession', `needs ${inCustomer(findBy)}: sessions are those of a contact`)
  }

  for (const [name, source] of sources) checkNamed(name, source, written, findBy)

  // The sender's own ids are looked up in no space but the source's own; those that the route names are the operator's.
  const isNamed = blockOf(route.customer).externalId !== undefined
  const without = [...sources].filter(([, source]) => {
    const preset = presetIn(source)?.preset
    if (source.externalSource !== undefined || preset?.customer.names.length === 0) return false
    return genesys.externalSource === undefined || (preset?.ownIds === true && !isNamed)
  })
  if (
    (channels.includes('webmessaging') || needsSession) &&
    findBy.includes('externalId') &&
    without.length > 0
  ) {
    const names = without.map(([name]) => name).join(', ')
    const message = `externalId cannot be looked up for events of ${names}: the source has no externalSource of its own${genesys.externalSource === undefined ? ', and genesys has none' : ', and its ids are numbers of the sender, which elsewhere may be other people'}`
    warning('findBy', message)
  }
}

/** Senders whose events carry ids and no addresses: the message finds nobody unless something more is set. */
function checkNamed(
  name: string,
  source: Block,
  { route, channels, warning }: WrittenRoute,
  findBy: readonly IdentifierName[],
): void {
  const found = presetIn(source)
  if (found === null || route.customer !== undefined) return
  const { names, advice } = found.preset.customer
  if (found.preset.custom !== undefined && blockOf(source.custom).customer === undefined) {
    warning(
      'on',
      `events of ${name} name no customer: set sources.${name}.custom.customer, or the route's own customer`,
    )
  }
  if (advice === null) return
  const reached = channels.filter((channel) =>
    identifiersFor(channel, findBy).some((identifier) => names.includes(identifier)),
  )
  // Ids of the sender's own are found where its own number space is told; over channels with addresses they lead nowhere.
  const isTold = source.externalSource !== undefined && reached.length === channels.length
  if (!isTold) warning('on', `events of ${name} may name no customer that can be found. ${advice}`)
}

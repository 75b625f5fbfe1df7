import {
  type Channel,
  type Customer,
  type IdentifierName,
  identifiersFor,
  type Policies,
} from '../message.ts'

type Reach = Pick<Policies, 'channels' | 'findBy' | 'requireSessionMs'>

/** The first channel of which the customer has an identifier; whether it leads to them, Genesys says. */
export function firstChannel(
  customer: Customer,
  { channels, findBy }: Pick<Reach, 'channels' | 'findBy'>,
): Channel | undefined {
  return channels.find((channel) => names(customer, identifiersFor(channel, findBy)))
}

/** Why nothing that is named could lead to the customer; null where something could. A session is found by its contact, whatever the channel. */
export function whyNobody(customer: Customer, policies: Reach): string | null {
  const { channels, findBy, requireSessionMs } = policies
  const said = (whom: string, lookedFor: readonly IdentifierName[]) =>
    `The event names no customer ${whom} (looked for ${[...new Set(lookedFor)].join(', ')}).`
  if (firstChannel(customer, policies) === undefined) {
    const lookedFor = channels.flatMap((channel) => identifiersFor(channel, findBy))
    return said(`whom ${channels.join(' or ')} could reach`, lookedFor)
  }
  if (requireSessionMs !== null && !names(customer, findBy)) {
    return said('whose contact could be found, and requireSession needs one', findBy)
  }
  return null
}

function names(customer: Customer, identifiers: readonly IdentifierName[]): boolean {
  return identifiers.some((identifier) => customer[identifier] !== undefined)
}

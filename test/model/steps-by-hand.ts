import assert from 'node:assert/strict'
import { namesOf } from '../../src/names.ts'
import type { Driver } from './driver.ts'
import * as reference from './reference.ts'
import * as settling from './reference-settling.ts'
import * as wishes from './reference-wishes.ts'
import { SOURCES } from './rules.ts'
import type { Told } from './world.ts'

const MINUTE = 60_000

export async function retrySome(driver: Driver): Promise<string | null> {
  const id = anyMessage(driver)
  if (id === null) return null
  const request = { by: 'ann', force: true, reason: 'They asked for it' }
  const acted = await driver.ledger.retry(id, request)
  assert.equal(acted.kind === 'done', settling.retry(driver.ref, id))
  return `retry ${id} ${acted.kind}`
}

export async function cancelSome(driver: Driver): Promise<string | null> {
  const id = anyMessage(driver)
  if (id === null) return null
  const acted = await driver.ledger.cancel(id, { by: 'ann', reason: null })
  assert.equal(acted.kind === 'done', settling.cancel(driver.ref, id))
  return `cancel ${id} ${acted.kind}`
}

export async function settleSome(driver: Driver): Promise<string | null> {
  const { chance, ref } = driver
  const unconfirmed = ref.messages.filter(({ state }) => state === 'unconfirmed')
  if (unconfirmed.length === 0) return null
  const { id } = chance.pick(unconfirmed)
  const as = chance.pick(['sent', 'not-sent'] as const)
  const acted = await driver.ledger.settleByHand(id, { by: 'ann', as, reason: null })
  assert.equal(acted.kind === 'done', settling.settleByHand(ref, id, as))
  return `by hand ${id} ${as}`
}

function anyMessage({ chance, ref }: Driver): number | null {
  return ref.messages.length === 0 ? null : 1 + chance.below(ref.messages.length)
}

export async function suppressSome({ chance, ledger, ref }: Driver): Promise<string | null> {
  if (ref.events.length === 0) return null
  const told = chance.pick(ref.events)
  const channels = chance.pick([null, ['sms'], ['email', 'sms']] as const)
  const added = await ledger.suppress(namesIn(told), { channels, reason: 'They called.', by: 'ann' })
  assert.equal(added, wishes.refuse(ref, reference.namesOf(told), channels ?? ['all'], ref.now))
  return `suppress ${channels ?? 'all'} ${namesIn(told)}`
}

export async function allowSome({ chance, ledger, ref }: Driver): Promise<string | null> {
  if (ref.events.length === 0) return null
  const told = chance.pick(ref.events)
  const channel = chance.pick([null, 'sms'] as const)
  const lifted = await ledger.allow(namesIn(told), channel, 'ann')
  assert.equal(lifted, wishes.allow(ref, reference.namesOf(told), channel))
  return `allow ${channel ?? 'all'} ${namesIn(told)}`
}

/** As an operator names whom an event named. */
function namesIn({ source, customer }: Told): string[] {
  return namesOf(customer, { id: SOURCES[source], name: source }, null)
}

export async function pauseOrResume({ chance, ledger, ref }: Driver): Promise<string> {
  if (ref.pauses.length > 0 && chance.is(0.6)) {
    const { id, until } = chance.pick(ref.pauses)
    const isOver = until !== null && until <= ref.now
    assert.equal(await ledger.resume(id, 'ann'), !isOver)
    ref.pauses = ref.pauses.filter((one) => one.id !== id)
    return `resume ${id}`
  }
  const [scope, name] = chance.pick([
    ['route', 'thanks'],
    ['route', 'cart-left'],
    ['channel', 'sms'],
  ] as const)
  const forMs = chance.pick([null, 10 * MINUTE])
  const request = { scope, name, code: 'operator', reason: 'a look', forMs, probes: 0, by: 'ann' } as const
  const { id } = await ledger.pause(request)
  const until = forMs === null ? null : ref.now + forMs
  ref.pauses = [...ref.pauses.filter((one) => one.id !== id), { id, scope, name, until }]
  return `pause ${scope} ${name} ${forMs}`
}

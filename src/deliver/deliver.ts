import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { PostriderError } from '../errors.ts'
import { CLI_SOURCE, type Event } from '../event.ts'
import type { Answer, Genesys } from '../genesys/genesys.ts'
import type { Claim, Ledger } from '../ledger/ledger.ts'
import type { Log } from '../log.ts'
import type { Channel, Message, Pause, Rendered } from '../message.ts'
import type { Counts } from '../metrics.ts'
import { scopeOf } from '../scope.ts'
import { asked, askOf, paced } from './asking.ts'
import type { Random } from './backoff.ts'
import type { Breaker } from './breaker.ts'
import type { Budget } from './budget.ts'
import type { Contacts } from './contacts.ts'
import { find, type Reach, type Target } from './find.ts'
import type { Gate, Place } from './gate.ts'
import { giveBack } from './give-back.ts'
import { sayNotOpened } from './not-opened.ts'
import { mayReceive } from './only-to.ts'
import { outcomeOf } from './outcomes.ts'
import { putOffByQuiet } from './put-off.ts'
import { type Request, requestOf } from './request.ts'
import type { Sessions } from './sessions.ts'
import { idsOf, settle } from './settle.ts'

export type DeliverDeps = {
  config: Config
  ledger: Pick<Ledger, 'open' | 'withdraw' | 'settle' | 'conclude' | 'postpone'>
  genesys: Pick<Genesys, 'findContact' | 'findConversations' | 'sendMessage' | 'sendEmail' | 'probe'>
  budget: Budget
  contacts: Contacts
  sessions: Sessions
  breaker: Breaker
  gate: Gate
  clock: Clock
  random: Random
  log: Log
  counts?: Pick<Counts, 'attempted' | 'became'>
  /** The event's body as its source reads it: what was planned with is what is rendered with. */
  payloadOf: (event: Event) => Payload
  /** Aborted when the service stops: nothing more is opened, what is open is waited for. */
  stopping: AbortSignal
}

export type Payload = { kind: 'read'; payload: unknown } | { kind: 'unreadable'; reason: string }

type Claimed = Claim['messages'][number]

/**
 * Takes one claimed message as far as it goes: find the customer, render the text, wait for the budget, open, send, settle. What
 * ends it early gives the message back or ends it, each with its reason. `probe` is the pause that this message probes for.
 *
 * Rejects when the ledger cannot be written before the attempt is to be opened: the worker then gives the message back. And on a fault
 * of the program, which the worker makes the message's end.
 */
export async function deliver(claimed: Claimed, probe: Pause | null, deps: DeliverDeps): Promise<void> {
  const { message, event } = claimed

  // The ledger ends it as expired; calls are for those who can still be reached in time.
  if (message.expireAt < deps.clock.now()) {
    if (await stopBefore(claimed, deps)) deps.counts?.became('skipped', message.route, 'expired')
    return
  }
  const may = mayGo(message, deps.config)
  if (may.kind === 'ends') return end(claimed, may.state, may.code, may.reason, deps)
  const { mode } = may
  if (await putOffByQuiet(claimed, deps)) return

  const found = await find(message, reachOf(deps.config), askOf(message, probe, deps))
  if (found.kind === 'nobody')
    return end(claimed, found.state, found.code, `${before(message)}${found.reason}`, deps)
  if (found.kind === 'trouble') return notAnswered(claimed, found.question, found.answer, deps)
  const { target } = found

  const text = textOf(message, event, target.channel, deps)
  if (text.kind === 'ends') return end(claimed, text.state, text.code, text.reason, deps)
  const { rendered } = text
  const request = requestOf(target, rendered, message, deps.config.genesys)

  // A send of which nobody learns the outcome cannot be taken back; an empty one that is refused harms nobody.
  const probed = probe ? await paced(() => deps.genesys.probe(target.channel), message, probe, deps) : null
  if (probed && probed.kind !== 'ok') {
    return notAnswered(claimed, 'an empty request that asks whether sending works again', probed, deps)
  }

  const place = await deps.gate.enter()
  try {
    await send(claimed, { probe, probed, mode, target, rendered, request }, place, deps)
  } finally {
    place.leave()
  }
}

type Ready = {
  /** The pause that this message probes for, and how its empty request was answered. */
  probe: Pause | null
  probed: Answer<unknown> | null
  mode: 'live' | 'shadow'
  target: Target
  rendered: Rendered
  request: Request
}

/** The last part of the way: wait for the budget, open, send, settle. */
async function send(claimed: Claimed, ready: Ready, place: Place, deps: DeliverDeps): Promise<void> {
  const { lease, message } = claimed
  const { probe, probed, mode, target, rendered, request } = ready
  await deps.budget.take(deps.stopping)
  if (deps.stopping.aborted) return void (await stopBefore(claimed, deps))
  // The wait for the budget may have lasted into the night.
  if (await putOffByQuiet(claimed, deps)) return deps.budget.giveBack()

  const draft = {
    channel: target.channel,
    contactId: target.contact?.id ?? null,
    foundBy: target.contact?.foundBy ?? null,
    address: target.address,
    session: target.session,
    rendered,
    mode,
  }
  const opened = await deps.ledger.open(lease, draft).catch(unheard)
  if (opened instanceof PostriderError) {
    place.leave()
    return giveBack(claimed, opened, { mayBeOpen: true }, deps)
  }
  if (opened.kind !== 'open') {
    const isShadow = opened.kind === 'skipped' && opened.code === 'shadow'
    // Nothing leaves. A route in shadow shows how fast it would be.
    if (!isShadow) deps.budget.giveBack()
    // A message in shadow is never sent: that its empty request was answered is all the proof there will be.
    if (probed && isShadow) {
      await deps.breaker.after(probed, asked('question', message), probe)
    }
    if (opened.kind === 'skipped') deps.counts?.became('skipped', message.route, opened.code)
    return sayNotOpened(claimed, target.channel, opened, deps.log)
  }

  deps.breaker.leaves(message.id)
  const leftAt = performance.now()
  const answer =
    request.kind === 'email'
      ? await deps.genesys.sendEmail(request.email)
      : await deps.genesys.sendMessage(request.message)
  const tookMs = performance.now() - leftAt
  // It is in nobody's way while its outcome is written; what a bad answer means has to be known before the next leaves.
  if (answer.kind === 'ok') place.leave()
  await settle(claimed, target, { attempt: opened.attempt, answer, tookMs }, deps)
  await deps.breaker.after(answer, asked('send', message, target.channel), probe)
}

/** The ledger's own trouble: whether it opened the attempt is not known. Anything else is a fault of the program. */
function unheard(error: unknown): PostriderError {
  if (error instanceof PostriderError) return error
  throw error
}

/** How a message ends without an attempt. */
export type End = { kind: 'ends'; state: 'failed' | 'skipped'; code: string; reason: string }

/** Whether the configuration lets a message go, and in which mode. Pure. */
export function mayGo(
  message: Pick<Message, 'source' | 'route' | 'manualBy' | 'policies' | 'customer'>,
  config: Config,
): { kind: 'may'; mode: 'live' | 'shadow' } | End {
  const mode = presentMode(message, config)
  if (mode === 'gone')
    return { kind: 'ends', state: 'skipped', code: 'route-off', reason: goneReason(message.route) }
  const { onlyTo, defaultCountry } = config.genesys
  if (mayReceive(message.customer, onlyTo, defaultCountry)) return { kind: 'may', mode }
  return { kind: 'ends', state: 'skipped', code: 'only-to', reason: ONLY_TO_REASON }
}

export function reachOf({ genesys }: Config): Reach {
  return { defaultCountry: genesys.defaultCountry, has: (channel) => genesys[channel] !== null }
}

/** What a message says over a channel, with the template of now. */
export function textOf(
  { policies, customer }: Pick<Message, 'policies' | 'customer'>,
  event: Event,
  channel: Channel,
  { config, payloadOf }: Pick<DeliverDeps, 'config' | 'payloadOf'>,
): { kind: 'text'; rendered: Rendered } | End {
  const read = payloadOf(event)
  if (read.kind === 'unreadable')
    return { kind: 'ends', state: 'failed', code: 'unreadable', reason: read.reason }
  const result = config.templates.render(policies.template, channel, scopeOf(event, read.payload, customer))
  if (result.kind === 'rendered') return { kind: 'text', rendered: result.rendered }
  return { kind: 'ends', state: 'failed', code: result.code, reason: result.reason }
}

const ONLY_TO_REASON =
  'genesys.onlyTo lists who alone may receive, and this customer is not listed. Add an identifier of theirs, or empty the list.'

/** What became of the channels before the present one. */
function before({ code, reason }: Message): string {
  return (code === 'next-channel' || code === 'undelivered') && reason !== null ? `${reason} ` : ''
}

function goneReason(route: string): string {
  return `The route ${route} is off, or no longer in the configuration. Bring it back, then re-trigger.`
}

/**
 * The message's own mode or its route's present one, whichever is stricter: turning a route to shadow or off stops what is scheduled, and turning it
 * live sends nothing that was planned before, but what an operator re-triggers.
 */
function presentMode(
  message: Pick<Message, 'source' | 'route' | 'manualBy' | 'policies'>,
  config: Config,
): 'live' | 'shadow' | 'gone' {
  const planned = message.manualBy === null ? message.policies.mode : 'live'
  // What `postrider send` planned has no route in the configuration.
  if (message.source === CLI_SOURCE) return planned
  const route = config.routes.find((candidate) => candidate.name === message.route)
  if (!route || route.mode === 'off') return 'gone'
  if (route.mode === 'shadow') return 'shadow'
  return planned
}

async function end(
  claimed: Claimed,
  state: 'failed' | 'skipped',
  code: string,
  reason: string,
  deps: DeliverDeps,
): Promise<void> {
  if (!(await deps.ledger.conclude(claimed.lease, { state, code, reason }))) return
  deps.counts?.became(state, claimed.message.route, code)
  deps.log[state === 'failed' ? 'warn' : 'info'](`message ${state}`, { ...idsOf(claimed), state, code })
}

/**
 * Genesys did not answer a question on the way to the send, so nothing was sent: the message is given back, or ends where asking again would
 * be answered the same.
 */
async function notAnswered(
  claimed: Claimed,
  question: string,
  answer: Exclude<Answer<unknown>, { kind: 'ok' }>,
  deps: DeliverDeps,
): Promise<void> {
  const { lease, message } = claimed
  const { certainty, code, retry } = outcomeOf(answer)
  const what = `${'status' in answer && answer.status !== null ? `${answer.status} ` : ''}${answer.code ?? ''}: ${answer.message}`
  if (certainty === 'not-sent' && retry === null) {
    const reason = `Genesys Cloud refused ${question} (${what}); nothing was sent. Mend the cause, then re-trigger.`
    return end(claimed, 'failed', code, reason, deps)
  }
  const reason = `Genesys Cloud did not answer ${question} (${what}); nothing was sent. It is tried again.`
  const ageMs = deps.clock.now() - message.createdAt
  const inMs = Math.round(Math.min(LATEST_LOOK_MS, Math.max(FIRST_LOOK_MS, ageMs / 4)))
  await deps.ledger.postpone(lease, { inMs, code, reason })
  deps.log.warn('message waits: Genesys Cloud did not answer what had to be known first', {
    ...idsOf(claimed),
    code,
    reason,
    ...('status' in answer && answer.status !== null ? { status: answer.status } : {}),
    ...('correlationId' in answer && answer.correlationId ? { correlationId: answer.correlationId } : {}),
  })
}

/**
 * While Genesys is in trouble the pause decides when to try. This spreads a look-up that fails by itself, ever farther as its message grows older, so
 * that it is not always the next to probe for everybody.
 */
const FIRST_LOOK_MS = 2_000
const LATEST_LOOK_MS = 5 * 60_000

/** False: the lease is held no longer. */
async function stopBefore({ lease }: Claimed, deps: DeliverDeps): Promise<boolean> {
  return deps.ledger.postpone(lease, { inMs: 0, code: null, reason: null })
}

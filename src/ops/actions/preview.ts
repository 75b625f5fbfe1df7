import type { Config, Source } from '../../config/config.ts'
import type { Fixture } from '../../config/fixtures.ts'
import { CLI_SOURCE, type ReadEvent } from '../../event.ts'
import { goneReason } from '../../ledger/retention.ts'
import type { Channel } from '../../message.ts'
import { type Preview, previewRoute, readFixtureEvents } from '../../plan/check.ts'
import { readAgain, readDelivery } from '../../receive/sources/read.ts'
import { fixtureNamed } from './fixtures.ts'
import { type ActionDeps, type Missing, missing, type Refused, refused } from './outcome.ts'

/** For what a route is looked at: an event of the ledger, or a fixture by the name under which it is listed. */
export type Example = { event: number } | { fixture: string }

/** `fixtures`: the folder that they lie in; there need not be any. */
export type PreviewDeps = ActionDeps & { fixtures: string }

/** What a route would say for an example, and to whom. Sends nothing. `locale` and `channel`: instead of what the event and the route say. */
export async function previewExample(
  deps: PreviewDeps,
  wanted: { route: string; of: Example; locale?: string | undefined; channel?: Channel | undefined },
): Promise<Preview | Missing | Refused> {
  const { route, of, ...instead } = wanted
  const unknown = unknownRoute(route, deps.config)
  if (unknown) return unknown
  const found = await eventOf(of, route, deps)
  return found.kind === 'read' ? previewRoute(deps.config, route, found.event, instead) : found
}

export function unknownRoute(name: string, { routes }: Pick<Config, 'routes'>): Missing | null {
  if (routes.some((route) => route.name === name)) return null
  const names = routes.map((route) => route.name).join(', ')
  return missing(`There is no route ${name}. There are: ${names || 'none'}`)
}

type Found = { kind: 'read'; event: ReadEvent } | Missing | Refused

/** The event of an example, read as its source reads such events at present. */
export async function eventOf(of: Example, route: string, deps: PreviewDeps): Promise<Found> {
  if ('event' in of) return ledgerEvent(of.event, deps)
  const fixture = fixtureNamed(of.fixture, deps.fixtures)
  return fixture.kind === 'read'
    ? fixtureEvent(fixture.fixture, route, deps.config, new Date(deps.clock.now()))
    : fixture
}

export async function ledgerEvent(
  id: number,
  { ledger, config }: Pick<ActionDeps, 'ledger' | 'config'>,
): Promise<Found> {
  const event = await ledger.reads.event(id)
  if (!event) return missing(`There is no event ${id}.`)
  if (event.source === CLI_SOURCE) {
    return refused(
      `Event ${id} was planned by postrider send, and not by a route. postrider events show ${id} lists its message, and postrider messages show has the text.`,
    )
  }
  if (event.removed !== undefined) return refused(goneReason(`Event ${id}`, event.removed))
  return noSource(event.source, config) ?? readOr(readAgain(event, config))
}

/** Of a batch, the first that the route would say something about. */
export function fixtureEvent(fixture: Fixture, route: string, config: Config, now: Date): Found {
  const source = config.sources.get(fixture.source)
  if (!source) return noSource(fixture.source, config) ?? missing(fixture.file)
  const events = readFixtureEvents(fixture, source, readDelivery, now)
  const planned = events.find(
    (event) => !('reason' in event) && previewRoute(config, route, event, {}).kind === 'shown',
  )
  const event = planned ?? events[0]
  return event === undefined ? refused(`The fixture ${fixture.file} holds no event.`) : readOr(event)
}

function readOr(event: ReturnType<typeof readAgain>): Found {
  return 'reason' in event ? refused(`The event cannot be read: ${event.reason}`) : { kind: 'read', event }
}

function noSource(name: Source['name'], { sources }: Pick<Config, 'sources'>): Missing | null {
  return sources.has(name) ? null : missing(`The configuration has no source ${name}.`)
}

import { z } from 'zod'
import { CHANNELS } from '../../message.ts'
import { ROLES } from '../../operator.ts'
import { ACTIONS, type Action, allows } from '../access/allows.ts'
import { listFixtures } from '../actions/fixtures.ts'
import { missing } from '../actions/outcome.ts'
import { attentionOf } from '../attention.ts'
import { maskIdentifiers, maskReason, maskWords } from '../mask.ts'
import { instanceJson } from '../shapes/instance.ts'
import { attentionJson, OverviewShape, overviewJson } from '../shapes/overview.ts'
import { pauseJson } from '../shapes/pause.ts'
import { ChannelName } from '../shapes/rendered.ts'
import { RouteShape, routeJson } from '../shapes/route.ts'
import { SourceShape, sourceJson } from '../shapes/source.ts'
import { Count, isoTime, list, Time } from '../shapes/values.ts'
import { Text } from './asked.ts'
import { answer, operation } from './operation.ts'
import { listOf } from './page.ts'

const HOUR_MS = 3_600_000
const ByName = z.strictObject({ name: Text })

const SourceWhole = SourceShape.extend({
  lastEventAt: Time.nullable(),
  refused: list(z.strictObject({ reason: z.string(), count: Count, lastAt: Time })),
}).meta({
  id: 'SourceWhole',
  description: 'A source, when it was heard of last, and what was refused of it in 24 hours.',
})

const Problem = z
  .strictObject({ file: z.string(), line: z.int().nullable(), message: z.string() })
  .meta({ id: 'ConfigurationProblem' })

const Configuration = z
  .strictObject({
    version: z.string(),
    warnings: list(Problem),
    genesys: z.strictObject({
      channels: list(ChannelName).meta({ description: 'Those that it is told how to use.' }),
      defaultCountry: z.string().nullable(),
      rateLimitPerMinute: z.number(),
      deliveryShare: z.number(),
      onlyTo: list(z.string()),
    }),
    suppressOn: list(z.strictObject({ on: list(z.string()), channels: list(ChannelName).nullable() })),
  })
  .meta({
    id: 'Configuration',
    description: 'The configuration as loaded, without routes, sources and templates.',
  })

const Template = z
  .strictObject({ name: z.string(), files: list(z.string()), routes: list(z.string()) })
  .meta({ id: 'Template', description: 'A template, its files, and the routes that use it.' })

const Me = z
  .strictObject({
    name: z.string(),
    role: z.enum(ROLES),
    via: z.enum(['session', 'token']),
    may: list(z.string()).meta({ description: 'The actions that this role allows.' }),
  })
  .meta({ id: 'Me', description: 'Who asks, and what they may do.' })

/** What the service is and how it is, as far as no row of the ledger is looked at. */
export const house = [
  operation({
    id: 'getMe',
    method: 'GET',
    path: '/me',
    summary: 'Who asks, and what they may do',
    action: 'read',
    answer: Me,
    async run({ operator: { name, role, via } }) {
      const may = (Object.keys(ACTIONS) as Action[]).filter((action) => allows(role, action))
      return answer({ name, role, via, may })
    },
  }),
  operation({
    id: 'getOverview',
    method: 'GET',
    path: '/overview',
    summary: 'What needs a person, and what happens now',
    action: 'read',
    answer: OverviewShape,
    async run({ deps: { ledger, config, clock, about }, operator: { role } }) {
      const now = clock.now()
      const [trouble, pauses, instances, backlog, tallies] = await Promise.all([
        ledger.reads.trouble(),
        ledger.pauses(),
        ledger.reads.instances(),
        ledger.reads.backlog(),
        ledger.reads.tallies(now - HOUR_MS),
      ])
      const expected = [...config.sources.values()]
      const looked = { trouble, pauses, backlog, expected, instances }
      const attention = attentionOf({ ...looked, serviceRuns: true, now }).map((one) =>
        // Hosts and processes are nobody's, and may look like numbers.
        one.kind === 'instances'
          ? one
          : { ...one, what: maskWords(one.what, role), todo: maskWords(one.todo, role) },
      )
      return answer(
        overviewJson({
          sendsTo: about.sendsTo,
          host: about.host,
          configVersion: config.version,
          attention: attention.map(attentionJson),
          pauses: pauses.map((pause) => maskReason(pauseJson(pause), role)),
          instances: instances.map(instanceJson),
          trouble,
          tallies,
        }),
      )
    },
  }),
  operation({
    id: 'getConfiguration',
    method: 'GET',
    path: '/configuration',
    summary: 'The configuration as loaded',
    action: 'read',
    answer: Configuration,
    async run({ deps: { config }, operator: { role } }) {
      const { version, warnings, genesys, suppressOn } = config
      const { defaultCountry, rateLimitPerMinute, deliveryShare, onlyTo } = genesys
      return answer({
        version,
        warnings,
        genesys: {
          channels: CHANNELS.filter((channel) => genesys[channel] !== null),
          defaultCountry,
          rateLimitPerMinute,
          deliveryShare,
          onlyTo: maskIdentifiers(onlyTo, role),
        },
        suppressOn: suppressOn.map(({ on, channels }) => ({ on: on.map(({ text }) => text), channels })),
      })
    },
  }),
  operation({
    id: 'listSources',
    method: 'GET',
    path: '/sources',
    summary: 'The senders of webhooks, and how each is set up',
    action: 'read',
    answer: listOf(SourceShape).meta({ id: 'SourceList' }),
    async run({ deps: { config, baseUrl } }) {
      return answer({ items: [...config.sources.values()].map((source) => sourceJson(source, baseUrl())) })
    },
  }),
  operation({
    id: 'getSource',
    method: 'GET',
    path: '/sources/{name}',
    summary: 'One source, when it was heard of last, and what was refused of it',
    action: 'read',
    params: ByName,
    answer: SourceWhole,
    problems: [404],
    async run({ deps: { config, ledger, baseUrl } }, { params: { name } }) {
      const source = config.sources.get(name)
      if (!source) return missing('The configuration has no source of this name.')
      const { lastEventAt, refused } = await ledger.reads.trouble()
      return answer({
        ...sourceJson(source, baseUrl()),
        lastEventAt: isoTime(lastEventAt[name] ?? null),
        refused: refused
          .filter((one) => one.source === name)
          .map(({ reason, count, lastAt }) => ({ reason, count, lastAt: isoTime(lastAt) })),
      })
    },
  }),
  operation({
    id: 'listRoutes',
    method: 'GET',
    path: '/routes',
    summary: 'The routes as they are in effect, every default filled in',
    action: 'read',
    answer: listOf(RouteShape).meta({ id: 'RouteList' }),
    async run({ deps: { config } }) {
      return answer({ items: config.routes.map(routeJson) })
    },
  }),
  operation({
    id: 'listTemplates',
    method: 'GET',
    path: '/templates',
    summary: 'The templates, their files, and the routes that use each',
    action: 'read',
    answer: listOf(Template).meta({ id: 'TemplateList' }),
    async run({ deps: { config } }) {
      const { templates, routes } = config
      const using = (name: string) => routes.filter(({ template }) => template === name)
      return answer({
        items: templates.names.map((name) => ({
          name,
          files: templates.files(name),
          routes: using(name).map((route) => route.name),
        })),
      })
    },
  }),
  operation({
    id: 'listFixtures',
    method: 'GET',
    path: '/fixtures',
    summary: 'Example deliveries, by the names under which a preview takes them',
    action: 'read',
    answer: listOf(z.strictObject({ name: z.string(), source: z.string() }).meta({ id: 'Fixture' })).meta({
      id: 'FixtureList',
    }),
    async run({ deps }) {
      return answer({ items: listFixtures(deps) })
    },
  }),
]

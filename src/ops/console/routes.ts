import { randomUUID } from 'node:crypto'
import type { Response, Router } from 'express'
import { CHANNELS } from '../../message.ts'
import { listFixtures } from '../actions/fixtures.ts'
import { type Example, previewExample } from '../actions/preview.ts'
import { sendTest } from '../actions/test-message.ts'
import { routeJson } from '../shapes/route.ts'
import type { ConsoleDeps } from './console.ts'
import { form } from './lists.ts'
import { once } from './once.ts'
import {
  type Fields,
  formIn,
  may,
  mayOrRefuse,
  operatorIn,
  page,
  pathWith,
  queryIn,
  refusal,
} from './page.ts'

/** `/routes`: what is loaded; what a route would say; and to say it to oneself. */
export function routePages(router: Router, deps: ConsoleDeps): void {
  const { config, configNow } = deps

  router.get('/routes', async (_request, response) => {
    const { templates, version, file, warnings } = config
    const used = new Set(config.routes.map(({ template }) => template))
    await page(response, 200, 'routes', {
      title: 'Routes and templates',
      place: 'routes',
      version,
      file,
      filesNow: configNow(),
      warnings,
      routes: config.routes.map((route) => {
        const { name, mode, on, channels, template } = routeJson(route)
        return { name, mode, on: on.join(', '), channels: channels.join(', '), template }
      }),
      templates: templates.names.map((name) => ({
        name,
        files: templates.files(name),
        unused: !used.has(name),
      })),
    })
  })

  router.get('/routes/:name', (request, response) =>
    show(String(request.params.name), queryIn(request), response),
  )

  // On a page of its own within a frame: what a template holds runs nothing, loads nothing, and does not see the console.
  router.get('/routes/:name/html', async (request, response) => {
    if (!(await mayOrRefuse(response, 'read.unmasked'))) return
    const asked = exampleIn(queryIn(request))
    if (asked === null) return refusal(response, 404, 'Say for which event.')
    const preview = await previewExample(deps, { route: String(request.params.name), ...asked })
    if (preview.kind !== 'shown' || preview.html === null) return refusal(response, 404, 'There is no HTML.')
    response
      .set(
        'content-security-policy',
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'",
      )
      .set('x-frame-options', 'SAMEORIGIN')
      .type('html')
      .send(preview.html)
  })

  router.post('/routes/:name/test', form, async (request, response) => {
    if (!(await mayOrRefuse(response, 'message.test'))) return
    const fields = formIn(request)
    const asked = exampleIn(fields)
    if (asked === null) return refusal(response, 400, 'Nothing was planned: say for which event.')
    const { externalId, email, phone } = fields
    const to = Object.fromEntries(
      Object.entries({ externalId, email, phone }).filter(([, value]) => value !== undefined),
    )
    const by = operatorIn(response).name
    const route = String(request.params.name)
    const led = await once(deps.ledger, { what: `test ${route}`, by, fields }, async () => {
      const channels = asked.channel === undefined ? {} : { channels: [asked.channel] }
      const sent = await sendTest(
        deps,
        { by },
        { route, of: asked.of, to, locale: asked.locale, ...channels },
      )
      return sent.kind === 'planned' ? { kind: 'done', path: `/console/messages/${sent.message.id}` } : sent
    })
    if (led.kind !== 'done') return refusal(response, led.kind === 'missing' ? 404 : 409, led.reason)
    response.redirect(303, led.path)
  })

  async function show(name: string, fields: Fields, response: Response): Promise<void> {
    const route = config.routes.find((one) => one.name === name)
    if (!route) return refusal(response, 404, 'The configuration has no route of this name.')
    const sources = [...config.sources.keys()].filter((source) => mayCome(source))
    const fixtures = listFixtures(deps).filter(({ source }) => sources.includes(source))
    const asked = exampleIn(fields)
    if (asked !== null && !(await mayOrRefuse(response, 'read.unmasked'))) return
    const preview = asked === null ? null : await previewExample(deps, { route: name, ...asked })
    const { customer: fieldsOfRoute, cancelOn, on, ...others } = routeJson(route)
    await page(response, 200, 'route', {
      title: `Route ${name}`,
      place: 'routes',
      name,
      mode: route.mode,
      version: config.version,
      facts: [
        { name: 'on', value: on.join(', ') },
        { name: 'customer', value: pairs(fieldsOfRoute) ?? 'as the source names them' },
        {
          name: 'cancelOn',
          value:
            cancelOn
              .map((one) => `${one.on.join(', ')} · ${one.match} there is ${one.equals} here`)
              .join('; ') || 'none',
        },
        ...Object.entries(others)
          .filter(([key]) => key !== 'name' && key !== 'mode')
          .map(([key, value]) => ({
            name: key,
            value: Array.isArray(value) ? value.join(', ') : String(value ?? 'none'),
          })),
      ],
      files: config.templates.files(route.template),
      fixtures: fixtures.map((one) => ({ ...one, chosen: one.name === fields.fixture })),
      channels: CHANNELS.map((channel) => ({ channel, chosen: channel === fields.channel })),
      fields: {
        event: fields.event ?? '',
        locale: fields.locale ?? '',
        fixture: fields.fixture ?? '',
        channel: fields.channel ?? '',
      },
      preview: preview && shownPreview(preview),
      html: pathWith(`/console/routes/${encodeURIComponent(name)}/html`, {
        event: fields.event,
        fixture: fields.fixture,
        locale: fields.locale,
        channel: 'email',
      }),
      mayPreview: may(response, 'read.unmasked'),
      key: randomUUID(),
      mayTest: may(response, 'message.test') && preview?.kind === 'shown',
    })

    /** Whether the route could listen to this source. */
    function mayCome(source: string): boolean {
      return route?.on.some(({ text }) => matchesSource(text, source)) ?? false
    }
  }
}

/** Of `crm/ticket.*` the part before the slash, in which `*` matches anything. */
function matchesSource(pattern: string, source: string): boolean {
  const [part = ''] = pattern.split('/', 1)
  const escaped = part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
  return new RegExp(`^${escaped}$`).test(source)
}

function exampleIn({ event, fixture, locale, channel }: Fields) {
  const of: Example | null =
    event !== undefined && /^\d{1,15}$/.test(event)
      ? { event: Number(event) }
      : fixture === undefined
        ? null
        : { fixture }
  return of && { of, locale, channel: CHANNELS.find((one) => one === channel) }
}

type Shown = Awaited<ReturnType<typeof previewExample>>

/** What would become of it, which nobody has sent. */
const WOULD: Readonly<Record<string, string>> = { failed: 'would fail' }

function shownPreview(preview: Shown) {
  if (preview.kind !== 'shown') return { kind: preview.kind, reason: preview.reason }
  const { foreseen, customer, notes, subject, html, whatsapp, templateVersion } = preview
  const { channel, state, reason, text } = foreseen
  return {
    kind: 'shown',
    state,
    words: WOULD[state] ?? `would be ${state}`,
    notes,
    reason,
    channel,
    customer: Object.entries(customer).flatMap(([name, value]) =>
      value === undefined ? [] : { name, value },
    ),
    rendered: text === null ? null : { channel, text, templateVersion, subject, html, whatsapp },
    hasHtml: html !== null,
  }
}

function pairs(fields: Readonly<Record<string, string>> | null): string | null {
  return (
    fields &&
    Object.entries(fields)
      .map(([key, value]) => `${key} ${value}`)
      .join(' · ')
  )
}

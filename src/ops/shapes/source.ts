import { z } from 'zod'
import type { Source } from '../../config/config.ts'
import { formatDuration } from '../../config/duration.ts'
import { schemeWords, weakness } from '../../receive/signature/words.ts'
import { presetNamed } from '../../receive/sources/presets.ts'
import { schemeOf } from '../../receive/sources/scheme-of.ts'
import { Count, list } from './values.ts'

const Setup = z
  .strictObject({
    steps: list(z.string()),
    secret: z.string(),
    body: z.string().nullable(),
    test: z.string(),
    retries: z.string(),
    on503: z.string(),
    revive: z.string(),
    missed: z.string(),
  })
  .meta({ id: 'SourceSetup', description: 'How the sender’s side is set up.' })

/** A sender of webhooks as it is configured, without its secrets. */
export const SourceShape = z
  .strictObject({
    name: z.string(),
    preset: z.string(),
    title: z.string(),
    url: z.string(),
    secrets: Count.meta({ description: 'How many are set.' }),
    proof: z.string(),
    weakness: z.string().nullable(),
    setup: Setup,
    advice: z.string().nullable(),
    dedupeFor: z.string(),
    acceptTests: z.boolean(),
    expectEvery: z.string().nullable(),
    types: list(z.strictObject({ sender: z.string(), type: z.string(), when: z.string().nullable() })),
  })
  .meta({ id: 'Source', description: 'A sender of webhooks as it is configured, without its secrets.' })
export type SourceJson = z.infer<typeof SourceShape>

/** `base`: where the service is reached as this machine names it, `http://127.0.0.1:3000`; a source with a `publicUrl` is reached there. */
export function sourceJson(source: Source, base: string): SourceJson {
  const preset = presetNamed(source.preset)
  const scheme = schemeOf(source)
  const address = addressOf(source, base)
  return {
    name: source.name,
    preset: source.preset,
    title: preset.title,
    url: `${address}${tokenInUrl(source)}`,
    secrets: source.secrets.length,
    proof: schemeWords(scheme),
    weakness: weakness(scheme, preset.keyIsUnsigned),
    setup: { ...preset.setup, steps: preset.setup.steps.map((step) => withAddress(step, address)) },
    advice: preset.customer.advice,
    dedupeFor: formatDuration(source.dedupeForMs),
    acceptTests: source.acceptTests,
    expectEvery: source.expectEveryMs === null ? null : formatDuration(source.expectEveryMs),
    types: [
      ...preset.types.map((rule) => ({
        sender: rule.sender,
        type: rule.type,
        when: rule.when ?? null,
      })),
      ...Object.entries(source.custom?.reading.types ?? {}).map(([sender, type]) => ({
        sender,
        type,
        when: null,
      })),
    ],
  }
}

/** What the sender is to call. */
function addressOf({ name, publicUrl }: Source, base: string): string {
  const path = `/webhooks/${name}`
  const url = publicUrl ?? base
  return url.endsWith(path) ? url : `${url}${path}`
}

/** In the steps of a preset, `the URL` is the address and `URL?` begins what is entered with a token behind it. */
function withAddress(step: string, address: string): string {
  return step.replaceAll(/\bthe URL\b(?! is)|\bURL(?=\?)/g, address)
}

/** The place of a token that has to be entered with the URL; never the token. Some senders add it by themselves: then no step of the preset says so. */
function tokenInUrl(source: Source): string {
  const scheme = schemeOf(source)
  const [place] = scheme.kind === 'token' ? scheme.places : []
  if (place?.in !== 'query') return ''
  const isEntered =
    source.custom?.scheme != null ||
    presetNamed(source.preset).setup.steps.some((step) => step.includes('URL?'))
  return isEntered ? `?${place.name}=SECRET` : ''
}

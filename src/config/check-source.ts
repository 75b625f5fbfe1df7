import type { Scheme } from '../receive/signature/scheme.ts'
import { wordsOf as placesOf } from '../receive/signature/token.ts'
import type { Preset } from '../receive/sources/preset.ts'
import { ALIASES, PRESETS, type PresetName, presetNamed } from '../receive/sources/presets.ts'
import { CustomBlock, customOf } from './custom.ts'
import { secretWarning } from './secret.ts'
import type { Block } from './written.ts'

/** The preset that a source's block names; null where it names none that there is. */
export function presetIn({ preset }: Block): { name: PresetName; preset: Preset } | null {
  if (typeof preset !== 'string') return null
  const alias = Object.hasOwn(ALIASES, preset) ? ALIASES[preset] : undefined
  const name = alias ?? (Object.hasOwn(PRESETS, preset) ? (preset as PresetName) : null)
  return name === null ? null : { name, preset: presetNamed(name) }
}

/** What an operator should know of a source that is right as it stands. `warning`: at one of its keys. */
export function checkSource(source: Block, warning: (key: string, message: string) => void): void {
  const { secrets, publicUrl } = source
  const list: readonly unknown[] = Array.isArray(secrets) ? secrets : []
  if (Array.isArray(secrets) && list.length === 0) {
    warning('secrets', 'no secret yet; every delivery is refused until there is one')
  }
  const scheme = schemeIn(source)
  if (scheme === null) return
  const guessable = list.flatMap((secret) =>
    typeof secret === 'string' ? (secretWarning(scheme, secret) ?? []) : [],
  )
  for (const message of new Set(guessable)) warning('secrets', message)
  if (scheme.kind === 'mac' && scheme.signed.includes('url') && publicUrl === undefined) {
    warning(
      'preset',
      'this sender signs the URL that it calls: set publicUrl to what it is told to call, such as https://hooks.example.com; without it https and the Host header are taken',
    )
  }
  // Genesys Cloud itself can do no more, and its reports reach nobody.
  if (scheme.kind === 'token' && presetIn(source)?.name !== 'genesys-undelivered') {
    warning(
      'preset',
      `this sender signs nothing: whoever learns the secret in ${placesOf(scheme.places)} can send any event; let it come over HTTPS only, and change it from time to time`,
    )
  }
}

function schemeIn(source: Block): Scheme | null {
  const custom = CustomBlock.safeParse(source.custom)
  return (custom.success ? customOf(custom.data).scheme : null) ?? presetIn(source)?.preset.scheme ?? null
}

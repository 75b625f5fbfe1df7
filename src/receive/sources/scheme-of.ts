import type { Source } from '../../config/config.ts'
import type { Scheme } from '../signature/scheme.ts'
import { presetNamed } from './presets.ts'

/** How a source's deliveries prove themselves: as its configuration says, else as its preset does. */
export function schemeOf({ preset, custom }: Pick<Source, 'preset' | 'custom'>): Scheme {
  const scheme = custom?.scheme ?? presetNamed(preset).scheme
  if (scheme === null) throw new Error(`a source ${preset} whose configuration has no scheme`)
  return scheme
}

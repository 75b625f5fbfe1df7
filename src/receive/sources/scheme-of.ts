import type { Source } from '../../config/config.ts'
import type { Scheme } from '../signature/scheme.ts'
import { presetNamed } from './presets.ts'

/** How a source's deliveries prove themselves: as its configuration says, else as its preset does. */
export function schemeOf({ preset, custom }: Pick<Source, 'preset' | 'custom'>): Scheme {
  const scheme = custom?.scheme ?? presetNamed(preset).scheme
  if (scheme === null) throw new Error(`a source ${preset} whose configuration has no scheme`)
  return scheme
}

/** How long a body is remembered where the id of its event is not signed: as long as the id; where a time is signed, while the same signature could come again. Milliseconds. */
export function bodyMemoryOf(source: Pick<Source, 'preset' | 'custom' | 'dedupeForMs'>): number {
  const scheme = schemeOf(source)
  if (scheme.kind !== 'mac' || scheme.timestamp === null) return source.dedupeForMs
  const { oldestMs, aheadMs } = scheme.timestamp
  return Math.min(source.dedupeForMs, oldestMs + (aheadMs ?? source.dedupeForMs))
}

import type { Source } from '../../../src/config/config.ts'
import { presetNamed } from '../../../src/receive/sources/presets.ts'

/** A source of a preset, named like it, and what a test changes of it. */
export function sourceOf(preset: Source['preset'], change: Partial<Source> = {}): Source {
  return {
    name: preset,
    preset,
    secrets: [],
    dedupeForMs: presetNamed(preset).dedupe.forMs,
    externalSource: null,
    ownIds: presetNamed(preset).ownIds,
    publicUrl: null,
    acceptTests: false,
    expectEveryMs: null,
    custom: null,
    ...change,
  }
}

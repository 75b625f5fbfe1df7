import type { PresetName } from '../receive/sources/presets.ts'
import { presetIn } from './check-source.ts'
import { type Block, blockOf } from './written.ts'

/** Presets that read a yes from where the sender has it, and not from a type of its own. */
const READ_YES: readonly PresetName[] = ['standard-webhooks', 'stripe']

const GIVEN = 'customer.consent_given'

/** Whether events of a source can say that their customer agrees to marketing. */
export function canSayYes(source: Block): boolean {
  const found = presetIn(source)
  if (found === null) return false
  const { customer, types } = blockOf(source.custom)
  return (
    READ_YES.includes(found.name) ||
    found.preset.types.some(({ type }) => type === GIVEN) ||
    blockOf(customer).consent !== undefined ||
    Object.values(blockOf(types)).includes(GIVEN)
  )
}

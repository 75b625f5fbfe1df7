import { bigcommerce } from './bigcommerce.ts'
import { custom } from './custom.ts'
import { dynamics365 } from './dynamics365.ts'
import { freshdesk } from './freshdesk.ts'
import { genesysUndelivered } from './genesys-undelivered.ts'
import { githubStyle } from './github-style.ts'
import { hubspot } from './hubspot.ts'
import { intercom } from './intercom.ts'
import { klaviyo } from './klaviyo.ts'
import { pipedrive } from './pipedrive.ts'
import type { Preset } from './preset.ts'
import { salesforce } from './salesforce.ts'
import { segment } from './segment.ts'
import { shopify } from './shopify.ts'
import { standardWebhooks } from './standard-webhooks.ts'
import { stripe } from './stripe.ts'
import { woocommerce } from './woocommerce.ts'
import { zendesk } from './zendesk.ts'

/** Every sender that Postrider knows, under the name that `preset` has in the configuration. */
export const PRESETS = {
  'standard-webhooks': standardWebhooks,
  zendesk,
  intercom,
  freshdesk,
  shopify,
  woocommerce,
  bigcommerce,
  stripe,
  klaviyo,
  segment,
  hubspot,
  pipedrive,
  salesforce,
  dynamics365,
  'github-style': githubStyle,
  custom,
  'genesys-undelivered': genesysUndelivered,
} as const satisfies Readonly<Record<string, Preset>>

export type PresetName = keyof typeof PRESETS

export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[]

/** Other names for the same. */
export const ALIASES: Readonly<Record<string, PresetName>> = { svix: 'standard-webhooks' }

export function presetNamed(name: PresetName): Preset {
  return PRESETS[name]
}

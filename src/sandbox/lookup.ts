import { contactBody } from './contacts.ts'
import { ApiError, notFound } from './errors.ts'
import { allowFields, type Body, blockOf, requiredText } from './fields.ts'
import type { Org } from './org.ts'

const IDENTIFIER_TYPES: ReadonlySet<string> = new Set([
  'SocialLine',
  'SocialFacebook',
  'SocialTwitter',
  'SocialWhatsapp',
  'SocialInstagram',
  'SocialWhatsappBsuid',
  'AppleOpaqueId',
  'Email',
  'Phone',
  'Cookie',
  'ExternalId',
])
const LONGEST_VALUE = 255
export const E164 = /^\+[1-9]\d{6,14}$/

/**
 * `POST /api/v2/externalcontacts/identifierlookup/contacts`: exact match of one identifier. A body that is not of the schema is answered 400, a
 * value that cannot be an identifier 422. What an external source that does not exist is answered is not documented; 404 is assumed.
 */
export function lookUpContact(body: Body, org: Org) {
  allowFields(body, ['type', 'value', 'externalSource', 'division', 'dateCreated'])
  const type = requiredText(body, 'type')
  const value = requiredText(body, 'value').trim()
  const source = blockOf(body, 'externalSource')
  if (!IDENTIFIER_TYPES.has(type)) throw invalidValue('type', 'is not an identifier type.')
  if (value.length > LONGEST_VALUE) throw invalidValue('value', `has more than ${LONGEST_VALUE} characters.`)
  if (type === 'Phone' && !E164.test(value)) throw invalidValue('value', 'is not in E.164 format.')
  const externalSourceId = type === 'ExternalId' ? externalSourceOf(source, org) : null
  const contact = org.directory.find({ type, value, externalSourceId })
  if (!contact) throw notFound()
  return contactBody(contact, org.directory)
}

function externalSourceOf(source: Body | undefined, org: Org): string {
  if (!source) {
    throw new ApiError(
      422,
      'invalid.value',
      '{fieldName} is required for an identifier of type ExternalId.',
      {
        params: { fieldName: 'externalSource' },
        details: [{ errorCode: 'missing.value', fieldName: 'externalSource' }],
      },
    )
  }
  allowFields(source, ['id', 'name', 'active', 'linkConfiguration', 'selfUri'], 'externalSource.')
  const id = requiredText(source, 'id', 'externalSource.')
  requiredText(source, 'name', 'externalSource.')
  if (!org.externalSources.has(id)) throw notFound('external source')
  return id
}

function invalidValue(fieldName: string, rule: string): ApiError {
  return new ApiError(422, 'invalid.value', `{fieldName} ${rule}`, {
    params: { fieldName },
    details: [{ errorCode: 'invalid.value', fieldName }],
  })
}

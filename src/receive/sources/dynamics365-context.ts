import { isObject } from './problems.ts'

/** Reading the execution context of a Dataverse step: lists of `{ key, value }`, entities among the values. */

type Attributes = Record<string, unknown>

/**
 * The record's attributes by name: those of the post images, and over them those of Target, which holds what was changed. Values of choices and amounts, ids of references, times in ISO 8601.
 * Past 256 KB there is neither, and of a deleted record only its id.
 */
export function attributesIn(context: Attributes): Attributes {
  const images = pairsIn(context.PostEntityImages).map(([, image]) => image)
  return simple(...images, targetIn(context))
}

/** `now`: the state that was set, null where none was; `before`: by the pre image, null where the step has none. */
export function stateIn(context: Attributes): { now: unknown; before: unknown } {
  const before = pairsIn(context.PreEntityImages).map(([, image]) => simple(image).statecode)
  return {
    now: simple(targetIn(context)).statecode ?? null,
    before: before.find((state) => state !== undefined && state !== null) ?? null,
  }
}

/** Epoch milliseconds of `/Date(1506409448000-0700)/`, in UTC whatever the zone behind; null where it is none. */
export function dateIn(value: unknown): number | null {
  const [, ms] = (typeof value === 'string' && /^\/Date\((-?\d{1,15})([+-]\d{4})?\)\/$/.exec(value)) || []
  return ms === undefined ? null : Number(ms)
}

function targetIn(context: Attributes): unknown {
  return pairsIn(context.InputParameters).findLast(([key]) => key === 'Target')?.[1]
}

/** The attributes of entities in one, those of later ones over those of earlier. */
function simple(...entities: readonly unknown[]): Attributes {
  const attributes = entities.filter(isObject).flatMap((entity) => pairsIn(entity.Attributes))
  return Object.fromEntries(attributes.map(([name, value]) => [name, simpleValue(value)]))
}

/** OptionSetValue, Money and AliasedValue have a Value; EntityReference an Id. Anything else is as it is. */
function simpleValue(value: unknown): unknown {
  const at = dateIn(value)
  if (at !== null) return new Date(at).toISOString()
  if (!isObject(value)) return value
  if ('Value' in value) return simpleValue(value.Value)
  return 'Id' in value ? value.Id : value
}

function pairsIn(list: unknown): [string, unknown][] {
  const pairs = Array.isArray(list) ? list.filter(isObject) : []
  return pairs.flatMap(({ key, value }) => (typeof key === 'string' ? [[key, value]] : []))
}

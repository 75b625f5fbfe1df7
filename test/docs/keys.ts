import { Format } from '../../src/config/schema.ts'

type Schema = {
  def: {
    type: string
    innerType?: Schema
    in?: Schema
    shape?: Record<string, Schema>
    valueType?: Schema
    options?: Schema[]
    element?: Schema
  }
}

/** The keys of postrider.yaml as paths, `routes.NAME.once`: those that are honoured, and those that are refused as not supported yet. */
export function configurationKeys(): { honoured: ReadonlySet<string>; refused: ReadonlySet<string> } {
  const honoured = new Set<string>()
  const refused = new Set<string>()
  const walk = (schema: Schema, path: readonly string[]) => {
    const bare = unwrapped(schema)
    const { shape, valueType, options, element } = bare.def
    const parts = [...(options ?? []), ...(element ? [element] : [])]
    const inner = parts.map(unwrapped).filter(({ def }) => def.shape !== undefined)
    if (bare.def.type === 'undefined') refused.add(path.join('.'))
    else if (shape) for (const [key, value] of Object.entries(shape)) walk(value, [...path, key])
    else if (valueType) walk(valueType, [...path, 'NAME'])
    else honoured.add(path.join('.'))
    for (const one of inner) walk(one, path)
  }
  walk(Format as unknown as Schema, [])
  return { honoured, refused }
}

function unwrapped(schema: Schema): Schema {
  const inner = schema.def.innerType ?? schema.def.in
  return inner ? unwrapped(inner) : schema
}

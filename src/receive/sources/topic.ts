import type { Preset } from './preset.ts'
import { problemsOf } from './problems.ts'
import { typeName } from './standard-webhooks.ts'

/** A preset whose events say what they are in a header only: without it they cannot be read. `header`: in lower case. */
export function typedBy(header: string, preset: Preset): Preset {
  return {
    ...preset,
    read(part) {
      const topic = typeName.safeParse(part.header(header) ?? undefined)
      return topic.success
        ? preset.read(part)
        : { reason: problemsOf(topic.error).replace('the body', `the header ${header}`) }
    },
  }
}

import { z } from 'zod'
import type { Problem } from './config.ts'
import { describeIssues } from './issues.ts'
import { type CompiledText, compileText } from './liquid.ts'
import { type CompiledResponse, compileResponse, type WrittenResponse } from './response.ts'
import { text } from './values.ts'
import { readYaml } from './yaml.ts'

/** What stands between the lines `---` at the head of a template, compiled. */
export type FrontMatter = {
  subject: CompiledText | null
  /** What whatsapp takes instead of a text. */
  response: CompiledResponse | null
  /** The line of the file where a key stands. */
  lineOf(key: keyof z.output<typeof Format>): number
}

const parameterText = text('a text such as "{{ customer.name }}"')

const parameters = z
  .array(
    z.union(
      [
        parameterText,
        z.strictObject(
          { id: text('the name of a parameter'), value: parameterText },
          'expected { id, value }',
        ),
      ],
      'expected a text such as "{{ customer.name }}", or { id, value }',
    ),
    'expected a list of texts',
  )
  .default([])
  .transform((list) =>
    list.map((one, at) => (typeof one === 'string' ? { id: `${at + 1}`, value: one } : one)),
  )
  .refine(
    (list) => new Set(list.map(({ id }) => id)).size === list.length,
    'two parameters have one id; a text without an id has its place in the list as its id',
  )

const RESPONSE_ID = 'the id of a canned response in Genesys Cloud'

const Format = z.strictObject(
  {
    subject: text('the subject of an email').optional(),
    whatsapp: z
      .strictObject(
        {
          // The same for everybody: Genesys knows nothing of Liquid, and templates nothing of the environment.
          responseId: text(RESPONSE_ID).refine(
            (id) => !/[{}\s]/.test(id),
            `expected ${RESPONSE_ID}, as it stands there; neither Liquid nor \${NAME} is read here`,
          ),
          body: parameters,
          header: parameters,
        },
        'expected { responseId, body, header }',
      )
      .optional(),
  },
  'expected settings such as subject:',
)

export type ReadFrontMatter = { kind: 'read'; front: FrontMatter } | { kind: 'broken'; problems: Problem[] }

/** Reads a front matter, whose first line is the second of the file: the first is `---`. */
export function readFrontMatter(file: string, matter: string): ReadFrontMatter {
  const broken = (problems: readonly Problem[]): ReadFrontMatter => ({
    kind: 'broken',
    problems: problems.map((one) => ({ ...one, line: (one.line ?? 1) + 1 })),
  })
  const yaml = readYaml(file, matter, () => undefined)
  if (yaml.problems.length > 0) return broken(yaml.problems)
  const parsed = Format.safeParse(yaml.data ?? {})
  if (!parsed.success) return broken(describeIssues(parsed.error.issues, file, yaml, Format))

  const subject = subjectOf(parsed.data.subject)
  const response = responseOf(parsed.data.whatsapp)
  const faults = [...(subject?.faults ?? []), ...(response?.faults ?? [])]
  if (faults.length > 0) {
    return broken(
      faults.map(({ path, reason }) => ({
        file,
        line: yaml.lineOf(path),
        message: `${path.join('.')}: ${reason}`,
      })),
    )
  }
  return {
    kind: 'read',
    front: {
      subject: subject?.value ?? null,
      response: response?.value ?? null,
      lineOf: (key) => (yaml.lineOf([key]) ?? 1) + 1,
    },
  }
}

type Compiled<T> = { value: T | null; faults: { path: (string | number)[]; reason: string }[] }

function subjectOf(written: string | undefined): Compiled<CompiledText> | null {
  if (written === undefined) return null
  const result = compileText(written, { html: false })
  return result.kind === 'compiled'
    ? { value: result.value, faults: [] }
    : { value: null, faults: [{ path: ['subject'], reason: result.reason }] }
}

function responseOf(written: WrittenResponse | undefined): Compiled<CompiledResponse> | null {
  if (written === undefined) return null
  const result = compileResponse(written)
  if (result.kind === 'compiled') return { value: result.response, faults: [] }
  const faults = result.faults.map(({ part, at, reason }) => ({ path: ['whatsapp', part, at], reason }))
  return { value: null, faults }
}

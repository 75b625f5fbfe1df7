import { Output, type Template, Tokenizer, TypeGuards, Value } from 'liquidjs'

/**
 * What is wrong with an expression that liquidjs takes and reads as another: it stops where it understands no more, so that `a eq "b"` would
 * be `a`, which is true for all, and `a == "b` would be compared with a text that was never closed. Null: it says what it means.
 */
export function misreadIn(template: Template): string | null {
  for (const argument of template.arguments?.() ?? []) {
    const reason = argument instanceof Value ? misreadValue(argument) : null
    if (reason !== null) return reason
  }
  return template instanceof Output ? leftOver(template.token.input.slice(...contentOf(template))) : null
}

/** The same for what stands behind an expression: liquidjs stops at a comma or a closing bracket, and forgets the rest. */
export function leftOver(expression: string): string | null {
  const tokenizer = new Tokenizer(expression)
  tokenizer.readFilteredValue()
  tokenizer.skipBlank()
  return tokenizer.end() ? null : `cannot read ${expression.slice(tokenizer.p).trim()}`
}

function misreadValue({ initial, filters }: Value): string | null {
  let operands = 0
  for (const token of initial.postfix) {
    if (TypeGuards.isOperatorToken(token)) {
      const needed = token.operator === 'not' ? 1 : 2
      if (operands < needed) return `${token.getText()} has nothing to compare with`
      operands -= needed - 1
    } else {
      if (isUnclosed(token)) return `a quote is not closed: ${token.getText().trim()}`
      operands += 1
    }
  }
  if (operands > 1) {
    const words = initial.postfix
      .toSorted((a, b) => a.begin - b.begin)
      .map((token) => token.getText())
      .join(' ')
    return `there is no operator between two values (${words}); there are ==, !=, <, >, <=, >=, contains, and, or, not`
  }
  const unclosed = filters.flatMap(({ args }) => args.flat()).find(isUnclosed)
  return unclosed === undefined ? null : 'a quote is not closed'
}

function isUnclosed(token: unknown): boolean {
  if (!TypeGuards.isQuotedToken(token)) return false
  const text = token.getText()
  return text.length < 2 || text.at(-1) !== text[0]
}

function contentOf({ token }: Output): [number, number] {
  const [begin, end] = 'contentRange' in token ? (token.contentRange as [number, number]) : [0, 0]
  return [begin, end]
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileCondition } from '../../src/config/liquid.ts'
import type { Scope } from '../../src/scope.ts'

const COSTLY = 'data.text | split: "" | sort_natural | join: "" | split: "" | sort_natural | size'

test('what uses up its time of the processor is rendered once, and refused', () => {
  let rendered = 0
  const scope = {
    // Each render copies the scope.
    get data() {
      rendered += 1
      return { text: 'ba '.repeat(130_000) }
    },
  } as unknown as Scope
  const compiled = compileCondition(COSTLY)
  assert.ok(compiled.kind === 'compiled')
  assert.throws(() => compiled.value.holds(scope), /limit exceeded/)
  assert.equal(rendered, 1)
})
